"""The dashboard of the experts with whom somebody is paired: for a leader's phone as for the big screen
(四（一）)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from activities import coverage
from activities.coverage import Numbers
from activities.enums import CoverageState, Way
from activities.models import Coverage
from experts.enums import Scope
from experts.forms.roster import FIRST_DAY
from reports.dashboard import figures
from reports.dashboard.periods import Period, Span

TONES = {CoverageState.COVERED: "ok", CoverageState.GAP: "bad", CoverageState.FRESH: "info"}


class Shown(models.TextChoices):
    """Which of one's experts are listed: those of a number of the page."""

    ALL = "", "全部"
    EXPECTED = "expected", "重点：应联系"
    COVERED = "covered", "重点：已联系"
    GAP = "gap", "重点：未联系"
    LATE = "late", "重点：逾期未联系"
    GENERAL = "general", "普遍：未联系"
    FRESH = "fresh", "新列入"

    def holds(self, row: Coverage) -> bool:
        """Whether the list has a row with this `state`."""
        is_gap, is_key = row.state == CoverageState.GAP, row.scope == Scope.KEY
        return {
            Shown.ALL: True,
            Shown.EXPECTED: is_key and row.state != CoverageState.FRESH,
            Shown.COVERED: is_key and row.state == CoverageState.COVERED,
            Shown.GAP: is_key and is_gap,
            Shown.LATE: is_key and is_gap and row.is_listed,
            Shown.GENERAL: is_gap and not is_key,
            Shown.FRESH: row.state == CoverageState.FRESH,
        }[self]


@dataclass(frozen=True)
class Line:
    """One of the experts, as it stood on the last day of the period."""

    row: Coverage
    last: tuple[date, Way] | None

    @property
    def state(self) -> str:
        return str(CoverageState(self.row.state).label)

    @property
    def tone(self) -> str:
        return TONES[CoverageState(self.row.state)]


def own(user: User, period: Period, shown: Shown) -> dict[str, Any]:
    """Numbers of the user's own experts, and the list behind one of them; at most five statements."""
    rows, then = (coverage.portfolio(user, user, each.last) for each in (period, period.before()))
    last = coverage.last_contacts(rows, period.last)
    listed = sorted((row for row in rows if shown.holds(row)), key=_most_urgent)
    return {
        "tiles": _tiles(rows, then, period),
        "experts": [Line(row, last.get(row.pk)) for row in listed],
        "experts_title": shown.label if shown else "专家名单",
        "all_url": _links(period)["all"] if shown else "",
        "by_today": period.last == timezone.localdate(),
    }


def _most_urgent(row: Coverage) -> tuple[bool, date]:
    return row.state != CoverageState.GAP, row.due_on or date.max


def _tiles(rows: list[Coverage], rows_then: list[Coverage], period: Period) -> list[figures.Tile]:
    now, then = Numbers.of_rows(rows), Numbers.of_rows(rows_then)
    links, before, words = _links(period), _links(period.before()), period.compared
    fresh = figures.Piece(f"其中新列入 {now.key.fresh + now.general.fresh} 人", links["fresh"])
    return [
        figures.Tile("我联系的专家", len(rows), (fresh,), links["all"], "人"),
        figures.coverage_tile(now.key, then.key, links, before, words),
        figures.overdue_tile(now, then, links, before, words),
    ]


def _links(period: Period) -> figures.Links:
    """The same page with the list behind each number; none of days before the opinion."""
    if period.first < FIRST_DAY:
        return {}
    asked = {"of": "mine", "span": period.span.value}
    if period.span == Span.CHOSEN or period.last != timezone.localdate():
        days = {"first": period.first.isoformat(), "last": period.last.isoformat()}
        asked |= {"span": Span.CHOSEN.value} | days
    urls = {shown: asked | ({"show": shown.value} if shown else {}) for shown in Shown}
    return {
        shown.value or "all": f"{reverse('dashboard:home')}?{urlencode(query)}"
        for shown, query in urls.items()
    }
