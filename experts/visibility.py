"""Lock one: who may see and change which expert, as a condition. Lock two is the same rule in
experts/migrations/0002_locks.py; tests/access compares them row by row."""

from typing import TYPE_CHECKING

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q
from django.utils import timezone

from accounts.models.unit import ROOT_WIDTH
from accounts.roles import Right
from experts.enums import Label

if TYPE_CHECKING:
    from accounts.models import User

NOTHING = Q(pk__in=[])


def on_list(user: "User", *, key: str = "pk") -> Q:
    """Restricted records on whose need-to-know list the user is today."""
    from experts.models import NeedToKnow

    if not user.is_active or not user.may("view"):
        return NOTHING
    listed = NeedToKnow.objects.filter(user_id=user.pk, expires_on__gte=timezone.localdate())
    numbers = ArraySubquery(listed.values("content_object_id"))
    return Q(**{"label": Label.RESTRICTED, f"{key}__any_of": numbers})


def _within(user: "User", right: Right) -> Q:
    return _in_reach(user, right, "unit_order")


def placed_in_reach(user: "User", right: Right) -> Q:
    """Rows that a unit made, whose number is in `place`: those of units in reach of the right."""
    return _in_reach(user, right, "place")


def _in_reach(user: "User", right: Right, column: str) -> Q:
    intervals = Q()
    for interval in user.reach(right):
        intervals |= Q(**{f"{column}__range": interval})
    return intervals or NOTHING


def _cleared(user: "User") -> Q:
    return Q(label__lte=min(user.clearance, Label.SENSITIVE))


def visible(user: "User", *, key: str = "pk", right: Right = "view") -> Q:
    """Internal and sensitive records by reach (and clearance), restricted ones by the need-to-know list.

    `key` names the column that holds the expert (`expert_id` for a child, which carries copies of label,
    unit_order and held); `right` is another right than seeing.
    """
    if not user.is_active or not user.may(right):
        return NOTHING
    reach = Q()
    if not covers_everything(user, right):
        reach = _within(user, right) | Q(held__meets=user.reach(right))
    return _cleared(user) & reach | on_list(user, key=key)


def managed(user: "User", right: Right = "view") -> Q:
    """The part of `visible` that the units in reach manage; for a holder, the part that they hold."""
    return _cleared(user) & _within(user, right)


def covers_everything(user: "User", right: Right = "view") -> bool:
    """Whether the user's reach is the whole tree, so that no holder adds anything to it."""
    return user.reach(right) == [(0, ROOT_WIDTH - 1)]


def changeable(user: "User", *, key: str = "pk") -> Q:
    """Records managed in the reach of the right to change, and listed restricted ones."""
    if not user.is_active or not user.may("change"):
        return NOTHING
    return _cleared(user) & _within(user, "change") | on_list(user, key=key)
