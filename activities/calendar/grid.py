"""Days of a page of the calendar: a month in weeks from Monday, a week, or a list of a month's busy days."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import TextChoices

from activities.calendar.entries import Entry

EARLIEST, LATEST = date(2014, 1, 1), date(2100, 12, 31)
SHOWN = 4  # entries of one day in a month


class View(TextChoices):
    MONTH = "month", "月"
    WEEK = "week", "周"
    LIST = "list", "列表"


@dataclass
class Day:
    day: date
    is_outside: bool = False  # of the month that is shown
    entries: list[Entry] = field(default_factory=list)

    @property
    def shown(self) -> list[Entry]:
        return self.entries if len(self.entries) <= SHOWN + 1 else self.entries[:SHOWN]

    @property
    def more(self) -> int:
        return len(self.entries) - len(self.shown)


def bounds(view: str, on: date) -> tuple[date, date]:
    """First and last day of the page that holds the day."""
    if view == View.WEEK:
        first = on - timedelta(days=on.weekday())
        return first, first + timedelta(days=6)
    start = on.replace(day=1)
    end = following(View.MONTH, on) - timedelta(days=1)
    if view == View.LIST:
        return start, end
    return start - timedelta(days=start.weekday()), end + timedelta(days=6 - end.weekday())


def following(view: str, on: date) -> date:
    """A day of the next page."""
    if view == View.WEEK:
        return on + timedelta(days=7)
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1)


def preceding(view: str, on: date) -> date:
    return on - timedelta(days=7) if view == View.WEEK else on.replace(day=1) - timedelta(days=1)


def days(view: str, on: date, entries: Iterable[Entry]) -> list[Day]:
    """Every day of the page; of a list only those that hold something. What lasts stands on all its days."""
    first, last = bounds(view, on)
    by_day: dict[date, list[Entry]] = defaultdict(list)
    for entry in entries:
        length = ((entry.last or entry.on) - entry.on).days
        for number in range(length + 1):
            by_day[entry.on + timedelta(days=number)].append(entry)
    whole = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [Day(day, view == View.MONTH and day.month != on.month, by_day[day]) for day in whole]
    return [day for day in found if day.entries] if view == View.LIST else found


def weeks(found: list[Day]) -> list[list[Day]]:
    return [found[start : start + 7] for start in range(0, len(found), 7)]
