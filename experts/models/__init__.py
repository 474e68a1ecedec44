from experts.models.catalogue import Discipline, Honour, RuleVersion
from experts.models.catalogue_change import CatalogueChange, ChangeStage
from experts.models.change import Across, ChangeReport, ChangeState
from experts.models.death import Death
from experts.models.evidence import Evidence, EvidencePurpose, ExitPaper
from experts.models.exit import ExitState, ExitText, ExitTextKind, MandatoryExit, ReviewState
from experts.models.expert import Award, Expert, Holder, SavedFilter
from experts.models.history import HistoryAct, HistoryEvent, Origin, Subject
from experts.models.identity import DuplicatePair, Merge, PairReason
from experts.models.need_to_know import EndedGrant, NeedToKnow
from experts.models.priority import Priority, PriorityState
from experts.models.proposal import (
    Proposal,
    ProposalAct,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
)
from experts.models.proposal_file import ProposalFile
from experts.models.proposal_job import JobAct, ProposalJob
from experts.models.restriction import RestrictionKind, RestrictionRequest, RestrictionState
from experts.models.review import ReviewRound, RoundState
from experts.models.roster import GapKind, Movement, RosterEntry, RosterGap, RosterMovement, RosterTally
from experts.models.search import SearchToken
from experts.models.sensitive import SensitiveValue
from experts.models.takeover import TakeOver, TakeOverState

__all__ = [
    "Across",
    "Award",
    "CatalogueChange",
    "ChangeReport",
    "ChangeStage",
    "ChangeState",
    "Death",
    "Discipline",
    "DuplicatePair",
    "EndedGrant",
    "Evidence",
    "EvidencePurpose",
    "ExitPaper",
    "ExitState",
    "ExitText",
    "ExitTextKind",
    "Expert",
    "GapKind",
    "HistoryAct",
    "HistoryEvent",
    "Holder",
    "Honour",
    "JobAct",
    "MandatoryExit",
    "Merge",
    "Movement",
    "NeedToKnow",
    "Origin",
    "PairReason",
    "Priority",
    "PriorityState",
    "Proposal",
    "ProposalAct",
    "ProposalFile",
    "ProposalJob",
    "ProposalKind",
    "ProposalLine",
    "ProposalState",
    "ProposalStep",
    "RestrictionKind",
    "RestrictionRequest",
    "RestrictionState",
    "ReviewRound",
    "ReviewState",
    "RosterEntry",
    "RosterGap",
    "RosterMovement",
    "RosterTally",
    "RoundState",
    "RuleVersion",
    "SavedFilter",
    "SearchToken",
    "SensitiveValue",
    "Subject",
    "TakeOver",
    "TakeOverState",
]
