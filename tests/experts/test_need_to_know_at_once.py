"""Two ends of grants on one record at the same moment: the second waits for the first, then counts again."""

import time
from contextlib import closing

import pytest
from django.db import OperationalError, connection

from accounts.enums import Duty
from accounts.models import RoleAssignment, User
from accounts.roles import Role
from core.rls import _sign
from experts.models import Expert, NeedToKnow, SearchToken
from tests.experts.grants import head, worker
from tests.factories import assign, make_expert, make_user, restrict, unit

NAMES = ["同时甲", "同时乙", "同时丙"]


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Rows that a second connection sees; taken away again by hand."""
    with django_db_blocker.unblock():
        keeper = make_user(username="同时安全管理员", duty=Duty.SECURITY)
        assign(keeper, Role.SECURITY_ADMIN, unit("BJ"))
        approver = head("同时审批人")
        expert = restrict(make_expert("同时"), *map(worker, NAMES), approver=approver)
        grants = list(NeedToKnow.objects.filter(content_object=expert).order_by("id"))
        yield keeper, grants
        NeedToKnow.objects.filter(content_object=expert).delete()
        SearchToken.objects.filter(expert=expert).delete()
        Expert.objects.filter(pk=expert.pk).delete()
        people = User.objects.filter(username__startswith="同时")
        RoleAssignment.objects.filter(user__in=people).delete()
        people.delete()
        connection.close()


def begin(cursor, keeper):
    """A transaction of liaison_app with the keeper as actor, which waits for locks only briefly."""
    cursor.execute("BEGIN; SET LOCAL lock_timeout = '200ms'; SELECT pg_backend_pid()")
    message = f"{keeper.pk}|{int(time.time())}|{cursor.fetchone()[0]}"
    cursor.execute("SELECT set_config('app.actor', %s, true)", [f"{message}|{_sign(message)}"])
    cursor.execute("SET LOCAL ROLE liaison_app")


def end(cursor, grant):
    cursor.execute("SELECT experts_end_grant(%s, '离开')", [grant.uuid])
    return cursor.fetchone()[0]


def test_the_second_end_waits_for_the_first(committed):
    keeper, grants = committed
    with closing(connection.copy()) as first, closing(connection.copy()) as second:
        one, two = first.cursor(), second.cursor()
        begin(one, keeper)
        begin(two, keeper)
        assert end(one, grants[0]) == "done"
        with pytest.raises(OperationalError, match="lock timeout"):
            end(two, grants[1])
        one.execute("ROLLBACK")
        two.execute("ROLLBACK")
        begin(two, keeper)
        assert end(two, grants[1]) == "done"
        two.execute("ROLLBACK")
