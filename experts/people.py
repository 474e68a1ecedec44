"""Colleagues who may be chosen: those who hold a role with a right today. Nothing of an expert."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import RoleAssignment, User
from accounts.roles import ROLES, Right, Role
from experts.enums import Label
from experts.models import Expert


def roles_with(right: Right) -> list[Role]:
    return [role for role, facts in ROLES.items() if right in facts.rights]


def people_with(right: Right) -> QuerySet[User]:
    """Active users who hold the right anywhere."""
    held = RoleAssignment.objects.in_force().filter(role__in=roles_with(right), user=OuterRef("pk"))
    return User.objects.filter(Exists(held), is_active=True).select_related("unit").order_by("username")


def matching(people: QuerySet[User], text: str) -> QuerySet[User]:
    """Those whose name, username, position or unit contains every word of the text."""
    words = Q()
    for word in text.split()[:5]:
        words &= (
            Q(display_name__icontains=word)
            | Q(username__istartswith=word)
            | Q(position__icontains=word)
            | Q(unit__short_name__icontains=word)
        )
    return people.filter(words)


def detail_of(person: User) -> str:
    """What tells two people of one name apart: unit and position."""
    unit = person.unit.short_name if person.unit else ""
    return " · ".join(part for part in (unit, person.position) if part)


def people_named(keys: list[int]) -> QuerySet[User]:
    """Users by number, whether or not they still work here."""
    return User.objects.filter(pk__in=keys).select_related("unit").order_by("username")


def deciders_of(expert: Expert) -> QuerySet[User]:
    """Active users who may approve about this expert: by the managing unit, or by the list of a restricted
    record."""
    held = RoleAssignment.objects.in_force().filter(
        role__in=roles_with("approve"),
        user=OuterRef("pk"),
        unit__order__lte=expert.unit_order,
        unit__order_end__gte=expert.unit_order,
    )
    if expert.label == Label.RESTRICTED:
        return people_with("approve").filter(pk__in=expert.need_to_know.on_list().values("user"))
    return people_with("approve").filter(Exists(held), clearance__gte=expert.label)
