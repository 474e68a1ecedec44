"""The page of coverage: numbers, the units below, the list behind a number, the rules in force."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Unit, User
from accounts.unit_settings import effective_all
from activities import coverage
from activities.coverage import Numbers, Share
from activities.enums import CoverageList, CoverageState, GapCause, Way
from activities.models import Coverage
from activities.models.coverage import CoverageQuerySet
from activities.rules import KEYS
from core.paging import Order, page_by_key
from core.planning import by_indexes, walking_an_index
from experts.enums import Scope

PAGE_SIZE = 50
UNITS_SHOWN = 10
WALKED_FROM = 5_000_000  # people of the list, times those of the unit
BY_NAME = Order(("sort_key", "id"))
# Of the units below.
COLUMNS = [CoverageList.EXPECTED, CoverageList.COVERED, CoverageList.GAP, CoverageList.FRESH]
HINTS = {
    CoverageList.FRESH: "不满一个联系周期，单列，不计入覆盖率",
    CoverageList.UNLED: "名单上的重点专家，含新列入",
}


@dataclass(frozen=True)
class Asked:
    """Of which unit with its subtree, which day, and which list."""

    user: User
    unit: Unit
    day: date
    scope: Scope
    state: CoverageList
    cause: GapCause | None = None
    listed: bool = False

    def url(self, unit: Unit | None = None, **params: str) -> str:
        """The same page with other words in its address."""
        here = reverse("coverage:unit", args=[(unit or self.unit).code])
        return f"{here}?{urlencode({'day': self.day.isoformat(), 'scope': self.scope.value} | params)}"

    def context(self, params: QueryDict) -> dict[str, Any]:
        numbers, below, _ = coverage.with_children(self.user, self.unit, self.day)
        share = numbers.of(self.scope)
        return {
            "asked": self,
            "rate": percent(share),
            "rate_pieces": self._rate_pieces(share),
            "tiles": self._tiles(share),
            **self._below(below, whole=params.get("units") == "all"),
            "rules": rules_in_words(self.unit),
            "may_change": self.user.may("change", self.unit.order),
            "refreshing": coverage.is_refreshing(self.unit),
            **self._list(share, params),
        }

    def _rate_pieces(self, share: Share) -> list[dict[str, str]]:
        whole = {"text": f"应联系 {share.expected} 人", "url": self.url(state=CoverageList.EXPECTED.value)}
        return [whole, {"text": f"，其中 {share.unlisted} 人不在名单上"}]

    def _tiles(self, share: Share) -> list[dict[str, Any]]:
        shown = [CoverageList.COVERED, CoverageList.GAP, CoverageList.FRESH]
        shown += [CoverageList.UNLED] if self.scope == Scope.KEY else []
        return [
            {"label": which.label, "value": share.of(which), "hint": HINTS.get(which, ""),
             "tone": "bad" if which == CoverageList.GAP and share.gap else "",
             "url": self.url(state=which.value)}
            for which in shown
        ]  # fmt: skip

    def _below(self, below: list[tuple[Unit, Numbers]], *, whole: bool) -> dict[str, Any]:
        """Units below that have somebody to keep in touch with, the lowest rate first; a few, or all."""
        counted = [(each, found.of(self.scope)) for each, found in below]
        counted = [(each, share) for each, share in counted if share.expected or share.fresh]
        counted.sort(key=lambda pair: (2 if pair[1].rate is None else pair[1].rate, pair[0].order))
        shown = counted if whole else counted[:UNITS_SHOWN]
        lines = [self._line(each, share) for each, share in shown]
        more = {"label": f"看全部 {len(counted)} 个单位", "url": self.url(units="all")}
        return {"below": lines, "more_units": more if len(shown) < len(counted) else None}

    def _line(self, unit: Unit, share: Share) -> dict[str, Any]:
        url = self.url(unit)
        numbers = [(which.label, share.of(which), f"{url}&state={which.value}") for which in COLUMNS]
        return {"unit": unit, "share": share, "percent": percent(share), "url": url, "numbers": numbers}

    def _list(self, share: Share, params: QueryDict) -> dict[str, Any]:
        number = share.of(self.state, self.cause, listed=self.listed)
        # An order by name is walked where it soon meets one of the list; few people are gathered and sorted.
        walks = number * (share.expected + share.fresh) > WALKED_FROM
        with walking_an_index() if walks else by_indexes():
            page = page_by_key(
                self._rows() if number else Coverage.objects.none(), BY_NAME, params, PAGE_SIZE
            )
        last = coverage.last_contacts(page.rows, self.day)
        lines = [Line.of(row, self.state, last.get(row.pk)) for row in page.rows]
        return {"page": page, "lines": lines, **page.urls(params)}

    def _rows(self) -> CoverageQuerySet:
        asked = (self.user, self.unit, self.day, self.state, self.scope, self.cause)
        return coverage.behind(*asked, listed=self.listed)


@dataclass(frozen=True)
class Line:
    """One expert of the list."""

    row: Coverage
    last: str
    cause: str

    @classmethod
    def of(cls, row: Coverage, which: CoverageList, last: tuple[date, Way] | None) -> "Line":
        words = f"{last[0].isoformat()} {last[1].label}" if last else "没有联系过"
        return cls(row, words, GapCause(row.cause).label if which == CoverageList.GAP else "")

    @property
    def state(self) -> str:
        return str(CoverageState(self.row.state).label)


def percent(share: Share) -> str:
    """96.4%, or a dash where nobody was expected. Rounded down, so that 100% means everybody."""
    if not share.expected:
        return "—"
    tenths = share.covered * 1000 // share.expected
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"


def rules_in_words(unit: Unit) -> list[dict[str, str]]:
    """How often, and what counts: the values in force for the unit and where each comes from."""
    return [
        {"label": value.kind.label, "value": value.words, "origin": value.origin}
        for value in effective_all(unit)
        if value.kind.key in KEYS
    ]
