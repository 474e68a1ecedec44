"""Lock one: who may see and change which expert, as a condition. Lock two is the same rule in
experts/migrations/0002_locks.py; tests/access compares them row by row."""

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.roles import Right
from experts.enums import Label

if TYPE_CHECKING:
    from accounts.models import User

NOTHING = Q(pk__in=[])


def _on_list(user: "User", key: str) -> Q:
    from experts.models import NeedToKnow

    listed = NeedToKnow.objects.filter(user_id=user.pk, expires_on__gte=timezone.localdate())
    return Q(**{"label": Label.RESTRICTED, f"{key}__in": listed.values("content_object_id")})


def _managed(user: "User", right: Right) -> Q:
    intervals = NOTHING
    for interval in user.reach(right):
        intervals |= Q(unit_order__range=interval)
    return intervals


def _cleared(user: "User") -> Q:
    return Q(label__lte=min(user.clearance, Label.SENSITIVE))


def visible(user: "User", *, key: str = "pk", right: Right = "view") -> Q:
    """Internal and sensitive records by reach (and clearance), restricted ones by the need-to-know list.

    `key` names the column that holds the expert (`expert_id` for a child, which carries copies of label and
    unit_order); `right` is another right than seeing.
    """
    from experts.models import Holder

    if not user.is_active or not user.may(right):
        return NOTHING
    held = Holder.objects.filter(_managed(user, right)).values("expert_id")
    reach = _managed(user, right) | Q(**{f"{key}__in": held})
    return _cleared(user) & reach | _on_list(user, key)


def changeable(user: "User", *, key: str = "pk") -> Q:
    """Records managed in the reach of the right to change, and listed restricted ones."""
    if not user.is_active or not user.may("change"):
        return NOTHING
    return _cleared(user) & _managed(user, "change") | _on_list(user, key)
