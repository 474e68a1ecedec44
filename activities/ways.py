"""What a contact counts as (四（一）): by its kind, and for a visit by who went.

A leader counts before a liaison officer. Whether somebody went as the one or the other follows from the roles
that they held that day over a unit of the expert, or from the pairing of that day; nobody chooses it, and a
person without an account only accompanies.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, Q

from accounts.enums import Duty
from accounts.models import RoleAssignment, User
from accounts.roles import Role
from activities.enums import Capacity, ContactKind, PairingKind, Way
from activities.models import Pairing
from experts.models import Expert

BY_ROLE = {
    Role.LEADER: Capacity.LEADER,
    Role.DEPARTMENT_HEAD: Capacity.OFFICER,
    Role.LIAISON_OFFICER: Capacity.OFFICER,
}
BY_PAIRING = {PairingKind.LEADER: Capacity.LEADER, PairingKind.OFFICER: Capacity.OFFICER}
RANK = (Capacity.LEADER, Capacity.OFFICER, Capacity.OTHER)
UNKNOWN = "请从名单中选择本系统的同事；没有账号的，填在“其他参加人”里。"


@dataclass(frozen=True)
class Went:
    """Who goes or went: colleagues by user name, others by name."""

    usernames: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.usernames or self.names)


@dataclass(frozen=True)
class Attendance:
    """One of them, and as what they count."""

    capacity: Capacity
    user: User | None = None
    name: str = ""


def way_of(kind: str, capacities: Iterable[str]) -> str:
    """What a contact that took place counts as; a visit on which neither a leader nor an officer went counts
    as nothing."""
    if kind == ContactKind.SYMPOSIUM:
        return Way.SYMPOSIUM
    if kind != ContactKind.VISIT:
        return Way.REMOTE
    present = set(capacities)
    if Capacity.LEADER in present:
        return Way.LEADER
    return Way.OFFICER if Capacity.OFFICER in present else ""


def attendances(went: Went, expert: Expert, day: date) -> list[Attendance]:
    """Those who went, with what they were to this expert on that day. ValidationError for unknown names."""
    found = _with_standing(went.usernames, expert, day) if went.usernames else []
    if len(found) < len(set(went.usernames)):
        raise ValidationError({"went": UNKNOWN})
    return [Attendance(_capacity(user), user=user) for user in found] + [
        Attendance(Capacity.OTHER, name=name) for name in dict.fromkeys(went.names)
    ]


def _with_standing(usernames: Sequence[str], expert: Expert, day: date) -> list[User]:
    """The users with their roles of that day over units of the expert, and how they were paired with them."""
    over = Q()
    for number in units_of(expert):
        over |= Q(unit__order__lte=number, unit__order_end__gte=number)
    roles = RoleAssignment.objects.filter(
        over, Q(until__isnull=True) | Q(until__gte=day), user=OuterRef("pk"), since__lte=day
    )
    pairings = Pairing.objects.as_of(day).filter(expert=expert, person=OuterRef("pk"))
    users = User.objects.filter(username__in=usernames, duty=Duty.WORK).annotate(
        roles_then=ArraySubquery(roles.values("role")), paired_as=ArraySubquery(pairings.values("kind"))
    )
    return list(users.order_by("username"))


def _capacity(user: User) -> Capacity:
    held = {BY_ROLE[Role(role)] for role in user.roles_then if role in BY_ROLE}  # type: ignore[attr-defined]
    held |= {BY_PAIRING[PairingKind(kind)] for kind in user.paired_as}  # type: ignore[attr-defined]
    return next((capacity for capacity in RANK if capacity in held), Capacity.OTHER)


def units_of(expert: Expert) -> list[int]:
    """Pre-order numbers of the unit that manages the expert and of those that also hold them."""
    return [expert.unit_order, *(int(number) for number in re.findall(r"\[(\d+),", str(expert.held or "")))]
