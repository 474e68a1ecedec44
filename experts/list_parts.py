"""What apps above this one add to the list of experts: filters and a column of days. They fill these lists in
`AppConfig.ready`, as with experts/parts.py; whatever is given here has been read through the locks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from experts.models import Expert


@dataclass(frozen=True)
class ListFilter:
    """A filter: `rows` gives for a user and a choice one row, with `expert_id` and `sort_key`, for each
    visible expert whom it leaves. The list walks them in the order of names, so an index must serve it."""

    name: str
    label: str
    choices: Sequence[tuple[str, str]]
    rows: Callable[[User, str], QuerySet[Any]]


@dataclass(frozen=True)
class DayColumn:
    """A column that says by when something is due: `days` gives it by key of the expert, for those on a page
    at once. `empty` stands where there is none."""

    label: str
    empty: str
    days: Callable[[User, Sequence[Expert]], dict[int, date]]


FILTERS: list[ListFilter] = []
COLUMNS: list[DayColumn] = []


@dataclass(frozen=True)
class Cell:
    column: DayColumn
    day: date | None


def cells_of(user: User, experts: Sequence[Expert]) -> dict[int, list[Cell]]:
    """By key of the expert, one for each column; a column asks one statement."""
    found = [(column, column.days(user, experts) if experts else {}) for column in COLUMNS]
    return {each.pk: [Cell(column, days.get(each.pk)) for column, days in found] for each in experts}
