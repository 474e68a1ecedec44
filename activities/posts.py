"""Who may be the leader or the officer of experts, how many each has, and how many one may have (五（一）).

A post is a role held in a unit. How many experts a leader may keep in touch with is the setting of that unit,
for its first leader 主要领导 the larger one; officers have no limit. What somebody has is counted as far as
the reader sees it, so that no number tells of a restricted expert.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import RoleAssignment, Unit, User
from accounts.roles import Role
from accounts.unit_settings import SETTINGS, set_below
from activities.enums import PairingKind
from activities.models import Pairing
from activities.models.pairing import ROLES_OF

LEADERS, FIRST_LEADERS = "leader_capacity", "first_leader_capacity"  # settings of a unit
PAIRED_ROLES = [Role.LEADER, Role.DEPARTMENT_HEAD, Role.LIAISON_OFFICER]
Loads = dict[tuple[int, str], int]


@dataclass(frozen=True)
class Post:
    """One person in one unit, as the leader or the officer of experts. `limit` None: as many as there are."""

    person: User
    unit: Unit
    load: int
    limit: int | None

    @property
    def room(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.load)

    @property
    def is_full(self) -> bool:
        return self.room == 0

    @property
    def load_text(self) -> str:
        """2 / 3, or where there is no limit 12."""
        return str(self.load) if self.limit is None else f"{self.load} / {self.limit}"


class Limits:
    """How many experts leaders may have, by unit; read once for a page."""

    def __init__(self) -> None:
        self.set_by_key = {key: set_below(key) for key in (LEADERS, FIRST_LEADERS)}

    def of(self, person: User, unit: Unit, kind: PairingKind | str) -> int | None:
        if kind != PairingKind.LEADER:
            return None
        key = FIRST_LEADERS if unit.first_leader_id == person.pk else LEADERS
        nearest = (value for low, high, value in self.set_by_key[key] if low <= unit.order <= high)
        return next(nearest, SETTINGS[key].default)


def loads_of(reader: User, people: Iterable[int]) -> Loads:
    """How many open pairings of each kind these people have, that the reader sees."""
    open_ones = Pairing.objects.visible_to(reader).open().filter(person__in=list(people))
    counted = open_ones.order_by().values_list("person", "kind").annotate(Count("pk"))
    return {(person, kind): number for person, kind, number in counted}


def assignments(kind: PairingKind | str = "") -> QuerySet[RoleAssignment]:
    """Roles in force that let their holder be paired so, or in any way; the account is in use."""
    roles = ROLES_OF[PairingKind(kind)] if kind else PAIRED_ROLES
    held = RoleAssignment.objects.in_force().filter(role__in=roles, user__is_active=True)
    return held.select_related("user", "unit")


def above(unit: Unit) -> Q:
    """Roles that reach the unit: held in it or above it."""
    return Q(unit__order__lte=unit.order, unit__order_end__gte=unit.order_end)


def around(unit: Unit) -> Q:
    """The same, and those held below it."""
    return above(unit) | Q(unit__order__range=(unit.order, unit.order_end))


def candidates(kind: PairingKind | str, unit: Unit) -> QuerySet[User]:
    """People who may be paired so with experts of the unit or of one below it."""
    held = assignments(kind).filter(around(unit), user=OuterRef("pk"))
    return User.objects.filter(Exists(held)).select_related("unit").order_by("username")


def posts_over(reader: User, people: Iterable[User], kind: PairingKind | str, unit: Unit) -> dict[int, Post]:
    """By key of the person: the post in which each is there for the unit, of several the nearest."""
    chosen = {person.pk: person for person in people}
    held = assignments(kind).filter(around(unit), user__in=chosen)
    nearest = {each.user_id: each.unit for each in sorted(held, key=lambda each: _nearness(each.unit, unit))}
    loads, limits = loads_of(reader, nearest), Limits()
    return {
        number: Post(chosen[number], at, loads.get((number, kind), 0), limits.of(chosen[number], at, kind))
        for number, at in nearest.items()
    }


def _nearness(held_in: Unit, unit: Unit) -> tuple[bool, int]:
    """Units below first, then those above from the root down to the unit itself."""
    is_above = held_in.contains(unit.order)
    return is_above, held_in.order if is_above else -held_in.order
