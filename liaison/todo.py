"""The workbench puts together what all apps ask of a person: what has a day first, in the order of days, then
what waits in numbers; and what is arranged for the days ahead."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import User
from activities import todo as contacts
from activities.calendar.entries import Asked, Entry
from activities.calendar.sources import CALL, MEETING, SYMPOSIUM, VISIT, entries
from core.moments import WEEKDAYS, due_state, due_text
from experts.worklists import WorkItem

AHEAD, AHEAD_SHOWN = timedelta(days=14), 8
ARRANGED = {VISIT, CALL, SYMPOSIUM, MEETING}


@dataclass(frozen=True)
class Line:
    """One line of the list, whichever app it comes from."""

    title: str
    detail: str
    url: str
    icon: str
    tone: str
    due_text: str
    due_state: str
    act: str
    act_url: str


@dataclass(frozen=True)
class Appointment:
    """Something that is arranged for a day ahead."""

    when: str
    title: str
    detail: str
    url: str


def lines(user: User, counted: list[WorkItem], today: date) -> list[Line]:
    """Dated items by their day, then the counted ones in the order of their app."""
    dated = sorted(contacts.dated_items(user, today), key=lambda item: item.due_on)
    return [
        Line(
            item.title,
            item.detail,
            item.url,
            item.icon,
            item.tone,
            due_text(item.due_on, today=today),
            due_state(item.due_on, today=today),
            item.act,
            item.act_url,
        )
        for item in dated
    ] + [
        Line(item.title, item.detail, item.url, item.icon, item.tone, item.count_text, "", item.act, item.url)
        for item in counted
    ]


def summary(shown: list[Line]) -> str:
    """9 项，2 项已超期."""
    late = sum(line.due_state == "late" for line in shown)
    return f"{len(shown)} 项，{late} 项已超期" if late else f"{len(shown)} 项" if shown else ""


def agenda(user: User, today: date) -> list[Appointment]:
    """What is arranged for the user in the next two weeks, the nearest first; two statements."""
    if not user.may("view"):
        return []
    found, _ = entries(user, Asked(today, today + AHEAD, mine=True), ARRANGED)
    return [
        Appointment(_when(each), each.title, each.detail, each.url)
        for each in found
        if not (each.is_dropped or each.is_done)
    ][:AHEAD_SHOWN]


def _when(entry: Entry) -> str:
    """11-25 周三 10:00."""
    at = f"{entry.starts:%H:%M}" if entry.starts else ""
    return f"{entry.on:%m-%d} 周{WEEKDAYS[entry.on.weekday()]} {at}".strip()
