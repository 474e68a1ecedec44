from activities.models.briefing import Briefing, BriefingExpert, BriefingFile, Receipt
from activities.models.contact import Contact, ContactPerson, FollowUp, Photo
from activities.models.coverage import ContactTally, Coverage, CoverageRefresh, CoverageTally, KeyPeriod
from activities.models.feed import CalendarFeed
from activities.models.gathering import AgendaItem, Gathering, Invitation, Series
from activities.models.guest import Guest
from activities.models.pairing import Pairing
from activities.models.resolution import Resolution, ResolutionNote
from activities.models.training import Nomination, TrainingClass, TrainingFile, TrainingPlan, TrainingSession

__all__ = [
    "AgendaItem",
    "Briefing",
    "BriefingExpert",
    "BriefingFile",
    "CalendarFeed",
    "Contact",
    "ContactPerson",
    "ContactTally",
    "Coverage",
    "CoverageRefresh",
    "CoverageTally",
    "FollowUp",
    "Gathering",
    "Guest",
    "Invitation",
    "KeyPeriod",
    "Nomination",
    "Pairing",
    "Photo",
    "Receipt",
    "Resolution",
    "ResolutionNote",
    "Series",
    "TrainingClass",
    "TrainingFile",
    "TrainingPlan",
    "TrainingSession",
]
