"""Meetings and training on the dashboard: what was held in a period beside the one before (二（一）,
四（一）)."""

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Unit, User
from activities.models import Gathering, Nomination, Resolution, TrainingClass
from activities.models.resolution import late_on
from experts.forms.roster import FIRST_DAY
from reports.dashboard.figures import Piece, Tile, difference
from reports.dashboard.periods import Period

Counted = dict[str, dict[str, int]]
BEGAN = "training__starts_on"


def tiles(user: User, unit: Unit, period: Period) -> list[Tile]:
    """Meetings held, resolutions overdue on the last day, classes begun, people who came to them; each leads
    to its list, and the change to that of the period before. One statement."""
    found, before = counted(user, unit, period), period.before()

    def change(what: str, noun: str) -> Piece:
        words = f"{period.compared} {difference(found[what]['now'], found[what]['then'], noun)}"
        return Piece(words, LISTS[what](unit, before) if before.first >= FIRST_DAY else "")

    def tile(label: str, what: str, noun: str, *said: Piece, tone: str = "") -> Tile:
        pieces = (*said, change(what, noun))
        return Tile(label, found[what]["now"], pieces, LISTS[what](unit, period), noun, tone)

    people = Piece(f"共 {found['trained']['people']} 人；")
    return [
        tile("召开例会", "meetings", "次"),
        tile("议定事项超期", "late", "项", tone="bad" if found["late"]["now"] else ""),
        tile("开办研修班次", "classes", "个"),
        tile("专家参训", "trained", "人次", people),
    ]


def _held(unit: Unit, period: Period) -> str:
    return _link("gatherings:list", kind="meeting", state="done", **_days(unit, period))


def _overdue(unit: Unit, period: Period) -> str:
    day = period.last.isoformat()
    return _link("gatherings:resolutions", state="overdue", unit=unit.code, day=day)


def _classes(unit: Unit, period: Period) -> str:
    return _link("training:list", state="held", **_days(unit, period))


def _trained(unit: Unit, period: Period) -> str:
    return _link("training:people", **_days(unit, period))


def _days(unit: Unit, period: Period) -> dict[str, str]:
    return {"unit": unit.code, "since": period.first.isoformat(), "until": period.last.isoformat()}


def _link(route: str, **params: str) -> str:
    return f"{reverse(route)}?{urlencode(params)}"


# The list behind each number.
LISTS = {"meetings": _held, "late": _overdue, "classes": _classes, "trained": _trained}


def counted(user: User, unit: Unit, period: Period) -> Counted:
    """By what: `now`, `then`, and of those trained how many `people`, as the user may know it."""
    now, then = period, period.before()
    meetings = Gathering.objects.visible_to(user).within(unit).meetings_held()
    resolutions = Resolution.objects.visible_to(user).within(unit)
    classes = TrainingClass.objects.visible_to(user).within(unit).held()
    trained = Nomination.objects.visible_to(user).within(unit).trained()
    first, *others = (
        _line("meetings", meetings, _in("on", now), _in("on", then)),
        _line("late", resolutions, late_on(now.last), late_on(then.last)),
        _line("classes", classes, _in("starts_on", now), _in("starts_on", then)),
        _line("trained", trained, _in(BEGAN, now), _in(BEGAN, then), people="expert"),
    )
    return {row.pop("what"): row for row in first.union(*others, all=True)}


def _in(field: str, period: Period) -> Q:
    days: tuple[date, date] = (period.first, period.last)
    return Q(**{f"{field}__range": days})


def _line(what: str, rows: QuerySet[Any], now: Q, then: Q, people: str = "pk") -> Any:
    """One row: what is counted, and how often in both periods."""
    counts = {
        "now": Count("pk", filter=now),
        "then": Count("pk", filter=then),
        "people": Count(people, filter=now, distinct=True),
    }
    return rows.filter(now | then).order_by().values(what=Value(what)).annotate(**counts)
