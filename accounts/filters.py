"""The filters of the unit list, all in the URL."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.enums import UnitKind
from accounts.models import Unit
from accounts.models.unit import UnitQuerySet
from core.paging import url_with


@dataclass(frozen=True)
class UnitFilter:
    """What the URL asks of the units in someone's reach; values that mean nothing are ignored."""

    text: str
    kind: str
    area: str
    under: Unit | None

    @classmethod
    def read(cls, params: QueryDict, reach: UnitQuerySet) -> "UnitFilter":
        kind, under = params.get("kind", ""), clean(params.get("under", ""))
        return cls(
            text=clean(params.get("q", ""))[:60],
            kind=kind if kind in UnitKind.values else "",
            area=clean(params.get("area", ""))[:40],
            under=reach.filter(code=under).first() if under else None,
        )

    def apply(self, units: UnitQuerySet) -> UnitQuerySet:
        if self.text:
            units = units.matching(self.text)
        if self.kind:
            units = units.filter(kind=self.kind)
        if self.area:
            units = units.filter(area=self.area)
        return units.below(self.under) if self.under else units

    def chips(self, params: QueryDict) -> list[dict[str, Any]]:
        """The filters in force, each with the URL that takes it off."""
        shown = {
            "q": self.text,
            "kind": UnitKind(self.kind).label if self.kind else "",
            "area": self.area,
            "under": f"{self.under}所属" if self.under else "",
        }
        return [
            {"label": label, "url": url_with(params, **{name: None})}
            for name, label in shown.items()
            if label
        ]


def clean(text: str) -> str:
    """Text from a URL without what PostgreSQL refuses."""
    return text.replace("\0", "").strip()


def areas(units: QuerySet[Unit]) -> list[str]:
    """The areas of the units, in tree order."""
    found = units.exclude(area="").order_by("order").values_list("area", flat=True)
    return list(dict.fromkeys(found))
