"""Colleagues whom a form offers: who keeps in touch with an expert, and who may see to what was heard."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import RoleAssignment, Unit, User
from activities.models import Pairing
from experts.enums import Label
from experts.models import Expert
from experts.people import people_with, roles_with

OWNERS_OFFERED = 30


def paired(user: User, expert: Expert, day: date) -> list[Pairing]:
    """Leaders and officers of the expert on that day that the user may know of, leaders first."""
    found = Pairing.objects.visible_to(user).as_of(day).filter(expert=expert, person__is_active=True)
    return list(found.select_related("person").order_by("kind", "place"))


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
        (user.username, f"本人（{user}）"),
        *((each.username, str(each)) for each in others[:OWNERS_OFFERED]),
    ]


def staff_of(units: Iterable[Unit]) -> QuerySet[User]:
    """Active users who may change records by a role in these very units today: officers and heads."""
    held = RoleAssignment.objects.in_force().filter(
        role__in=roles_with("change"), unit__in=list(units), user=OuterRef("pk")
    )
    return User.objects.filter(Exists(held), is_active=True).order_by("username")
