"""The tables of the dashboard as a workbook: figures, units, months, what needs attention. Numbers only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from core.crypto import sm3
from experts.enums import Label
from experts.models import Expert
from reports.columns import Column
from reports.dashboard.board import board
from reports.dashboard.forms import DashboardForm
from reports.dashboard.periods import Period, Span
from reports.models import Export
from reports.sources.base import UnitSource


@dataclass(frozen=True)
class Line:
    """One number of the page."""

    pk: int
    table: str
    item: str
    value: str | int
    note: str


COLUMNS = [
    Column("栏目", 24, lambda line: line.table),
    Column("项目", 28, lambda line: line.item),
    Column("数值", 12, lambda line: line.value),
    Column("说明", 48, lambda line: line.note),
]


def overview_query(user: User, form: DashboardForm) -> dict[str, str]:
    """What a valid form asks for, with its days written out. `listed` stands for the restricted experts whom
    the numbers count: those on whose lists the user is."""
    period = form.period()
    query = {"unit": form.chosen_unit().code, "span": period.span.value, "listed": _listed(user)}
    query |= {"first": period.first.isoformat(), "last": period.last.isoformat()}
    return query | ({"of": "mine"} if form.is_mine() else {})


def _listed(user: User) -> str:
    keys = Expert.objects.visible_to(user).filter(label=Label.RESTRICTED).order_by("pk")
    found = ",".join(str(key) for key in keys.values_list("pk", flat=True))
    return sm3(found.encode())[:16] if found else ""


class OverviewSource(UnitSource):
    """The query has `unit`, `span`, `first`, `last`, `listed`, and `of` for one's own experts."""

    columns = COLUMNS

    @classmethod
    def asked(cls, posted: QueryDict, **named: str) -> str:
        return urlencode(named)

    @property
    def is_mine(self) -> bool:
        return "of" in self.params

    @property
    def period(self) -> Period:
        first, last = (date.fromisoformat(str(self.params[name])) for name in ("first", "last"))
        return Period(Span(str(self.params["span"])), first, last)

    def words(self) -> str:
        whose = "我联系的专家" if self.is_mine else f"{self.unit}（含所属单位）"
        return f"{whose}；{self.period.words}"

    def visible(self) -> QuerySet[Any]:
        raise NotImplementedError("The dashboard has numbers, no records; see rows.")

    chosen = visible

    @cached_property
    def lines(self) -> list[Line]:
        if self.unit is None:
            return []
        shown = board(self.user, self.unit, self.period, mine=self.is_mine)
        return [Line(number, *cells) for number, cells in enumerate(_tables(shown))]

    def keys(self, most: int) -> list[int]:
        return [line.pk for line in self.lines]

    def rows(self, keys: list[int]) -> list[Any]:
        return [self.lines[key] for key in keys if key < len(self.lines)]

    def is_whole(self, export: Export) -> bool:
        """Whether the unit and all restricted experts that are counted are still the user's to see."""
        return self.unit is not None and self.params["listed"] == _listed(self.user)


def _tables(shown: dict[str, Any]) -> Iterator[tuple[str, str, str | int, str]]:
    """Title, row, number and note of everything that the page shows in numbers."""
    for tile in [*shown["tiles"], *shown.get("more_tiles", [])]:
        yield "指标", tile.label, tile.value, f"单位：{tile.unit}；{tile.hint}" if tile.unit else tile.hint
    if "shares" not in shown:
        return
    for name, share, note in shown["shares"]["all"]:
        yield "各单位重点联系覆盖率", name, share, note
    data = shown["months"]["data"]
    for label, value in zip(data["labels"], data["values"], strict=True):
        yield "每月联系人次", label, value, ""
    for line in shown["attention"]:
        yield "需要关注", f"{line.unit}：{line.matter}", line.number, f"最早一件：{line.earliest}"
