from experts.models.catalogue import Discipline, Honour, RuleVersion
from experts.models.catalogue_change import CatalogueChange, ChangeStage
from experts.models.expert import Award, Expert, Holder, SavedFilter
from experts.models.need_to_know import EndedGrant, NeedToKnow
from experts.models.proposal import (
    Proposal,
    ProposalAct,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
)
from experts.models.restriction import RestrictionKind, RestrictionRequest, RestrictionState
from experts.models.roster import RosterEntry, RosterTally
from experts.models.search import SearchToken
from experts.models.sensitive import SensitiveValue

__all__ = [
    "Award",
    "CatalogueChange",
    "ChangeStage",
    "Discipline",
    "EndedGrant",
    "Expert",
    "Holder",
    "Honour",
    "NeedToKnow",
    "Proposal",
    "ProposalAct",
    "ProposalKind",
    "ProposalLine",
    "ProposalState",
    "ProposalStep",
    "RestrictionKind",
    "RestrictionRequest",
    "RestrictionState",
    "RosterEntry",
    "RosterTally",
    "RuleVersion",
    "SavedFilter",
    "SearchToken",
    "SensitiveValue",
]
