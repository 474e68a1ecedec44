"""Experts on a roster whom nobody keeps in touch with: never paired, or their leader or officer has left."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from activities.enums import PairingKind
from activities.models import Pairing
from experts.enums import Scope
from experts.models import RosterEntry
from experts.models.roster import RosterEntryQuerySet

if TYPE_CHECKING:
    from accounts.models import User

COUNT_LIMIT = 100  # past this many the number says only that there are more


def without(user: "User", kind: PairingKind | str, day: date) -> RosterEntryQuerySet:
    """Open entries that the user sees, of experts without a leader (an officer) in post for that unit."""
    there = Pairing.objects.in_post(day).filter(expert=OuterRef("expert"), unit=OuterRef("unit"), kind=kind)
    return RosterEntry.objects.visible_to(user).open().filter(~Exists(there))


def left_behind(user: "User", entries: Iterable[RosterEntry], kind: PairingKind | str) -> dict[int, Pairing]:
    """By key of the entry: the pairing whose person is no longer there for it."""
    chosen = {(entry.expert_id, entry.unit_id): entry.pk for entry in entries}
    open_ones = Pairing.objects.visible_to(user).open().filter(kind=kind, expert__in=[e for e, _ in chosen])
    return {
        chosen[each.expert_id, each.unit_id]: each
        for each in open_ones.select_related("person")
        if (each.expert_id, each.unit_id) in chosen
    }


def own_without_leader(user: "User") -> RosterEntryQuerySet:
    """Key experts of the user's very own unit without a leader, COUNT_LIMIT + 1 at most, for counting."""
    unit = user.unit
    keeps = unit is not None and user.may("change", unit.order)
    own = Q(unit=unit, scope=Scope.KEY) if keeps else Q(pk__in=[])
    lacking = without(user, PairingKind.LEADER, timezone.localdate()).filter(own)
    return RosterEntry.objects.filter(pk__in=lacking.order_by().values("pk")[: COUNT_LIMIT + 1])
