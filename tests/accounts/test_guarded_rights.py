"""The database itself refuses rights that no administrator gives, whatever statement asks."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import RoleAssignment, User
from tests.factories import unit

GIVE_ROLE = (
    "INSERT INTO accounts_roleassignment (user_id, role, unit_id, since)"
    " VALUES (%s, 'department_head', %s, '2026-01-01')"
)
WIDEN = "UPDATE accounts_roleassignment SET unit_id = %s WHERE user_id = %s"
RAISE = "UPDATE accounts_user SET clearance = 1 WHERE id = %s"
OPEN = "UPDATE accounts_user SET is_active = true WHERE id = %s"
TURN = "UPDATE accounts_user SET duty = 'security' WHERE id = %s"
ADMIT = (
    "INSERT INTO accounts_user (username, password, display_name, position, phone, email, duty, clearance,"
    " is_active, is_demo, must_change_password, failed_sign_ins, date_joined)"
    " VALUES ('x', '', '', '', '', '', 'work', 0, true, false, false, 0, now())"
)


def attempt(statement, *params):
    """How many rows the statement changes; None when it is refused."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.rowcount
    except DatabaseError:
        return None


@pytest.mark.parametrize(
    "name", ["officer_chaoyang", "director_haidian", "leader_city", "sysadmin", "auditor", None]
)
def test_nobody_but_the_security_administrator_gives_a_role_or_clearance(personas, as_app, name):
    actor = personas[name] if name else None
    officer = personas["officer_chaoyang"]
    with as_app(actor):
        assert attempt(GIVE_ROLE, officer.pk, unit("BJ").pk) is None
        assert not attempt(WIDEN, unit("BJ").pk, officer.pk)
        assert attempt(RAISE, officer.pk) is None
    assert RoleAssignment.objects.get(user=officer).unit == unit("D03")
    assert User.objects.get(pk=officer.pk).clearance == 0


@pytest.mark.parametrize("name", ["officer_chaoyang", "director_haidian", "leader_city", "auditor", None])
def test_nobody_but_administrators_opens_an_account_or_changes_its_duty(personas, as_app, name):
    actor = personas[name] if name else None
    closed = personas["no_role"]
    User.objects.filter(pk=closed.pk).update(is_active=False)
    with as_app(actor):
        assert [attempt(OPEN, closed.pk), attempt(TURN, closed.pk), attempt(ADMIT)] == [None, None, None]


def test_the_security_administrator_gives_them(personas, as_app):
    officer = personas["officer_chaoyang"]
    with as_app(personas["secadmin"]):
        assert attempt(GIVE_ROLE, officer.pk, unit("BJ").pk) == 1
        assert attempt(RAISE, officer.pk) == 1


def test_lowering_needs_nobody_special_so_that_a_lock_never_keeps_a_right_alive(personas, as_app):
    with as_app(personas["sysadmin"]):
        assert attempt("UPDATE accounts_user SET clearance = 0 WHERE id = %s", personas["staff_city"].pk) == 1
