"""What tests of the need-to-know list share: people of every kind, and functions called by hand."""

from datetime import timedelta

from django.utils import timezone

from accounts.enums import Clearance
from accounts.roles import Role
from experts.models import EndedGrant, NeedToKnow
from tests.factories import assign, make_user, unit
from tests.roles import as_role

UNKNOWN = "没有这个档案号的限知悉记录。"


def worker(name, role=Role.LIAISON_OFFICER, at="D04", **facts):
    """Someone who works with experts."""
    user = make_user(username=name, display_name=name, unit=unit(at), clearance=Clearance.SENSITIVE, **facts)
    if role:
        assign(user, role, unit(at))
    return user


def head(name="审批人", at="BJ"):
    return worker(name, Role.DEPARTMENT_HEAD, at)


def in_days(days):
    return timezone.localdate() + timedelta(days=days)


def listed(expert):
    """Usernames on the list."""
    return sorted(NeedToKnow.objects.filter(content_object=expert).values_list("user__username", flat=True))


def ended():
    rows = EndedGrant.objects.order_by("id").values_list("user__username", "end_reason", "ended_by__username")
    return list(rows)


def word(sql, user, statement, *params):
    """What a function of the database answers a user who calls it by hand."""
    with as_role("liaison_app", user):
        return sql(statement, *params)[0][0]
