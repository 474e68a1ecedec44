"""What happened to the rosters of a unit with its subtree in a stretch of days (二（二））: how often
somebody came, left or was rescoped, and the list behind each number."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import Unit, User
from experts.models import Movement, RosterEntry, RosterMovement
from experts.models.roster import RosterEntryQuerySet
from experts.visibility import covers_everything, on_list, placed_in_reach

Days = tuple[date, date]  # first and last, both included


def counted(user: User, unit: Unit, *stretches: Days) -> list[Counter[str]]:
    """For each stretch how many entries were opened, closed for good and rescoped (人次), by kind; two
    statements."""
    first, last = min(low for low, _ in stretches), max(high for _, high in stretches)
    tally = RosterMovement.objects.visible_to(user).filter(unit=unit, day__range=(first, last))
    moved = list(tally.values_list("kind", "day").annotate(Sum("number")))
    moved += [(kind, day, 1) for kind, day in _restricted(user, unit)]
    found: list[Counter[str]] = [Counter() for _ in stretches]
    for (low, high), counter in zip(stretches, found, strict=True):
        for kind, day, number in moved:
            counter[kind] += number if low <= day <= high else 0
    return found


def _restricted(user: User, unit: Unit) -> Iterable[tuple[str, date]]:
    """Those that no tally holds, of restricted experts on whose list the user is: few, so read one by one."""
    entries = RosterEntry.objects.filter(on_list(user, key="expert_id"), placed_in_reach(user, "view"))
    rows = entries.within(unit).values_list("opened_by__kind", "since", "closed_by__kind", "until")
    for opened, since, closed, until in rows:
        yield (Movement.RESCOPED if opened == "rescope" else Movement.ENTERED), since
        if closed == "exit" and until:
            yield Movement.LEFT, until


def movements_url(unit: Unit, kind: Movement, days: Days) -> str:
    """The page of the list."""
    query = {"kind": kind.value, "since": days[0].isoformat(), "until": days[1].isoformat()}
    return f"{reverse('experts:movements', args=[unit.code])}?{urlencode(query)}"


@dataclass(frozen=True)
class Moved:
    """The list behind one of these numbers, as the user may see it."""

    user: User
    unit: Unit
    kind: Movement
    days: Days

    def entries(self) -> RosterEntryQuerySet:
        return RosterEntry.objects.visible_to(self.user).within(self.unit).moved(self.kind, *self.days)

    def unnamed(self, total: int) -> int:
        """How many of the `total` the list does not name: of experts whom other units keep by now."""
        return 0 if covers_everything(self.user) or not total else total - self.entries().count()
