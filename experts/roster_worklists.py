"""Where a roster differs from what it should be, as standing worklists of units (二（二）).

What should be is asked of `Expert.scope`, which is decided anew whenever an honour, its verification or the
catalogue changes, and of the unit's own priorities (experts/priorities.py); triggers keep the differences.
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from experts.models import GapKind, Priority, RosterEntry, RosterGap

if TYPE_CHECKING:
    from accounts.models import Unit, User

COUNT_LIMIT = 100  # past this many the number says only that there are more
TO_COUNT = COUNT_LIMIT + 1
GROUNDS = {"rule": Q(by_rule=True), "priority": ~Q(priorities=[])}  # why someone is key


def gaps(user: "User", unit: "Unit", kind: GapKind, *, own: bool) -> QuerySet[RosterGap]:
    """Those of the unit's roster, or (unless `own`) of the rosters of the units below it as well."""
    found = RosterGap.objects.visible_to(user).of_kind(kind).at(unit, own=own)
    return found.select_related("expert", "unit")


def own_gaps(user: "User", kind: GapKind) -> QuerySet[RosterGap]:
    """Those of the user's very own unit, COUNT_LIMIT + 1 at most, for counting."""
    seen = RosterGap.objects.visible_to(user)
    if user.unit is None or not user.may("change", user.unit.order):
        return seen.none()
    found = seen.of_kind(kind).at(user.unit, own=True).order_by()
    return seen.filter(pk__in=found.values("pk")[:TO_COUNT])


def name_priorities(rows: Iterable[RosterGap]) -> None:
    """Give each row `stated`, the priorities behind it."""
    chosen = list(rows)
    numbers = {number for row in chosen for number in row.priorities}
    stated = Priority.objects.select_related("unit").in_bulk(numbers)
    for row in chosen:
        row.stated = [stated[number] for number in row.priorities if number in stated]


def name_exits(user: "User", rows: Iterable[RosterGap]) -> None:
    """Give each row `left_on`: on which day the expert last left that roster by a decision, else None, so
    that nobody admits them again unknowingly; one statement."""
    chosen = list(rows)
    entries = RosterEntry.objects.visible_to(user).filter(expert__in=[row.expert_id for row in chosen])
    left = entries.filter(until__isnull=False, closed_by__kind="exit").order_by("until")
    last = {(expert, unit): day for expert, unit, day in left.values_list("expert_id", "unit_id", "until")}
    for row in chosen:
        row.left_on = last.get((row.expert_id, row.unit_id))


def own_query(user: "User") -> str:
    """The part of a worklist's address that means the user's very own unit."""
    return f"?own=yes&unit={user.unit.code}" if user.unit else ""


def note_waiting() -> int:
    """As the worker: bring the gaps up to the priorities that concern too many people for the moment of the
    act; returns how many priorities that were. One transaction each."""
    noted = 0
    while _called("experts_note_waiting_priority"):
        noted += 1
    return noted


def note_turned(*, since: date) -> int:
    """As the worker: let the priorities wait that began or ended since then; returns how many."""
    return int(_called("experts_note_turned_priorities", since))


def _called(function: str, *arguments: Any) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.callproc(function, arguments)
        return cursor.fetchone()[0]
