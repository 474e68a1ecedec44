"""Two approvals of one mandatory exit at the same moment: the second waits for the first."""

from threading import Thread

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import RoleAssignment, User
from experts.actions import exits as acts
from experts.models import ExitText, Expert, MandatoryExit, SearchToken
from tests.experts.grants import head, worker
from tests.factories import make_exit, make_expert
from tests.roles import as_role


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Rows that a second connection sees; taken away again by hand."""
    with django_db_blocker.unblock():
        expert = make_expert("同时应退")
        case = make_exit(
            worker("同时登记人"), expert, could_not_be_told=True, checked_by=worker("同时审核人")
        )
        yield case, head("同时负责人一", "D04"), head("同时负责人二", "D04")
        ExitText.objects.filter(case=case).delete()
        MandatoryExit.objects.filter(pk=case.pk).delete()
        SearchToken.objects.filter(expert=expert).delete()
        Expert.objects.filter(pk=expert.pk).delete()
        people = User.objects.filter(username__startswith="同时")
        RoleAssignment.objects.filter(user__in=people).delete()
        people.delete()
        connection.close()


def approve(case, head):
    with as_role("liaison_app", head):
        acts.approve_exit(by=head, case=case)
        return MandatoryExit.objects.get(pk=case.pk).state


def approve_aside(case, head, outcomes):
    """In a transaction of its own that waits for locks only briefly; nothing of it stays."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
            outcomes.append(approve(case, head))
            transaction.set_rollback(True)
    except OperationalError as error:
        outcomes.append("lock timeout" if "lock timeout" in str(error) else str(error))
    finally:
        connection.close()


def aside(case, head):
    outcomes = []
    thread = Thread(target=approve_aside, args=[case, head, outcomes])
    thread.start()
    thread.join()
    return outcomes


def test_the_second_approval_waits_for_the_first(committed):
    case, one, two = committed
    with transaction.atomic():
        assert approve(case, one) == "approved"
        assert aside(case, two) == ["lock timeout"]
        transaction.set_rollback(True)
    assert aside(case, two) == ["approved"]
