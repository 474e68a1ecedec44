from experts.models.catalogue import Discipline, Honour, RuleVersion
from experts.models.catalogue_change import CatalogueChange, ChangeStage
from experts.models.expert import Award, Expert, Holder, SavedFilter
from experts.models.need_to_know import NeedToKnow
from experts.models.search import SearchToken
from experts.models.sensitive import SensitiveValue

__all__ = [
    "Award",
    "CatalogueChange",
    "ChangeStage",
    "Discipline",
    "Expert",
    "Holder",
    "Honour",
    "NeedToKnow",
    "RuleVersion",
    "SavedFilter",
    "SearchToken",
    "SensitiveValue",
]
