"""Colleagues whom a form offers: who keeps in touch with an expert, and who may see to what was heard."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import RoleAssignment, Unit, User
from activities.enums import PairingKind
from activities.models import Pairing
from experts.enums import Label
from experts.models import Expert
from experts.people import people_with, roles_with

OFFERED = 12
OWNERS_OFFERED = 30


@dataclass(frozen=True)
class Offered:
    """Somebody whom a form offers as one who goes, and whether from the start."""

    username: str
    name: str
    capacity: str = ""
    chosen: bool = False


def offered(user: User, experts: Sequence[Expert], chosen: Collection[str] | None = None) -> list[Offered]:
    """Whom a form offers: the leaders and officers of these experts, the user, and whoever is chosen already.

    With nothing chosen yet (None) it is their leaders, who else their officers, who else the user.
    """
    pairs = Pairing.objects.visible_to(user).as_of(timezone.localdate()).filter(expert__in=experts)
    pairs = pairs.filter(person__is_active=True).select_related("person").order_by("kind", "place")
    found: dict[str, Offered] = {}
    for kind in (PairingKind.LEADER, PairingKind.OFFICER):
        for pair in pairs:
            if pair.kind == kind and len(found) < OFFERED:
                name = pair.person.username
                found.setdefault(name, Offered(name, str(pair.person), str(kind.label)))
    if chosen is None:
        leading = [name for name, each in found.items() if each.capacity == str(PairingKind.LEADER.label)]
        chosen = leading or list(found)[:1] or [user.username]
    found.setdefault(user.username, Offered(user.username, str(user), "本人"))
    for each in User.objects.filter(username__in=set(chosen) - found.keys()):
        found[each.username] = Offered(each.username, str(each))
    return [
        Offered(each.username, each.name, each.capacity, each.username in chosen) for each in found.values()
    ]


def owners(expert: Expert, place: int) -> QuerySet[User]:
    """Who may see to something heard by the unit with this number: they change its records and see the
    expert."""
    held = RoleAssignment.objects.in_force().filter(
        role__in=roles_with("change"), user=OuterRef("pk"), unit__order__lte=place, unit__order_end__gte=place
    )
    people = people_with("change").filter(Exists(held))
    if expert.label == Label.RESTRICTED:
        return people.filter(pk__in=expert.need_to_know.on_list().values("user"))
    return people.filter(clearance__gte=expert.label)


def offered_owners(user: User, expert: Expert, place: int) -> list[tuple[str, str]]:
    """Choices of who sees to it: the user first, then those nearest to the unit."""
    others = owners(expert, place).exclude(pk=user.pk).order_by("-unit__order", "username")
    return [
        (user.username, f"{user}（本人）"),
        *((each.username, str(each)) for each in others[:OWNERS_OFFERED]),
    ]


def staff_of(units: Iterable[Unit]) -> QuerySet[User]:
    """Active users who may change records by a role in these very units today: officers and heads."""
    held = RoleAssignment.objects.in_force().filter(
        role__in=roles_with("change"), unit__in=list(units), user=OuterRef("pk")
    )
    return User.objects.filter(Exists(held), is_active=True).order_by("username")
