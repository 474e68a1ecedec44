from activities.models.contact import Contact, ContactPerson, FollowUp, Photo
from activities.models.coverage import ContactTally, Coverage, CoverageRefresh, CoverageTally, KeyPeriod
from activities.models.pairing import Pairing

__all__ = [
    "Contact",
    "ContactPerson",
    "ContactTally",
    "Coverage",
    "CoverageRefresh",
    "CoverageTally",
    "FollowUp",
    "KeyPeriod",
    "Pairing",
    "Photo",
]
