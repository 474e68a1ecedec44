"""Who reaches which units: roles of one duty, periods, and Python and PostgreSQL of one mind."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions import end_role, grant_role
from accounts.enums import Clearance, Duty
from accounts.models import RoleAssignment, User
from accounts.roles import ROLES, Role
from tests.factories import assign, make_unit, make_user, unit

pytestmark = pytest.mark.django_db
RIGHTS = ["view", "change", "sensitive", "approve", "catalogue"]


def fresh(user):
    return User.objects.get(pk=user.pk)


def in_days(count):
    return timezone.localdate() + timedelta(days=count)


def test_rights_of_roles_are_the_same_table_in_postgresql(sql):
    stored = {role: set(sql("SELECT accounts_role_rights(%s)", role.value)[0][0]) for role in Role}
    assert stored == {role: set(facts.rights) for role, facts in ROLES.items()}


def test_unknown_role_has_no_rights_in_postgresql(sql):
    assert sql("SELECT accounts_role_rights('director')") == [([],)]


def test_generated_duty_is_the_roles_duty():
    for role, facts in ROLES.items():
        user = make_user(duty=facts.duty)
        given = assign(user, role, unit("BJ"))
        given.refresh_from_db()
        assert given.duty == facts.duty


@pytest.mark.parametrize("duty", list(Duty))
@pytest.mark.parametrize("role", list(Role))
def test_duties_exclude_each_other_by_constraint(sql, duty, role):
    """三员分立: not even a raw insert gives an account a role of another duty."""
    user = make_user(duty=duty)
    insert = "INSERT INTO accounts_roleassignment (user_id, role, unit_id, since) VALUES (%s, %s, %s, %s)"
    row = (user.pk, role.value, unit("BJ").pk, date(2020, 1, 1))
    if ROLES[role].duty == duty:
        sql(insert, *row)
        assert RoleAssignment.objects.get(user=user).duty == duty
    else:
        with pytest.raises(IntegrityError, match="assignment_within_duty"), transaction.atomic():
            sql(insert, *row)


def test_duty_of_an_account_with_a_role_cannot_change(officer_haidian):
    with pytest.raises(IntegrityError, match="assignment_within_duty"), transaction.atomic():
        User.objects.filter(pk=officer_haidian.pk).update(duty=Duty.SYSTEM)


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"role": "director"}, "assignment_role_known"),
        ({"role": "leader", "until": date(2019, 1, 1)}, "assignment_period_in_order"),
    ],
)
def test_assignments_are_held_to_their_constraints(facts, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        RoleAssignment.objects.create(user=make_user(), unit=unit("BJ"), since=date(2020, 1, 1), **facts)


def test_role_is_open_only_once(officer_haidian):
    with pytest.raises(IntegrityError, match="assignment_open_once"), transaction.atomic():
        assign(officer_haidian, Role.LIAISON_OFFICER, unit("D04"))


def test_grant_refuses_another_duty_and_overlaps(secadmin, sysadmin, officer_haidian):
    with pytest.raises(ValidationError, match="不能担任联络员"):
        grant_role(by=secadmin, user=sysadmin, role=Role.LIAISON_OFFICER, unit=unit("BJ"))
    with pytest.raises(ValidationError, match="时间重叠"):
        grant_role(
            by=secadmin, user=officer_haidian, role=Role.LIAISON_OFFICER, unit=unit("D04"), until=in_days(9)
        )
    with pytest.raises(ValidationError, match="不能早于"):
        grant_role(by=secadmin, user=officer_haidian, role=Role.LEADER, unit=unit("D04"), until=in_days(-1))
    grant_role(by=secadmin, user=officer_haidian, role=Role.LIAISON_OFFICER, unit=unit("D03"))
    assert fresh(officer_haidian).may("change", unit("D03").order)


def test_role_that_ended_can_be_given_again(secadmin, officer_haidian):
    end_role(by=secadmin, assignment=officer_haidian.assignments.get())
    assert not fresh(officer_haidian).may("view")
    grant_role(by=secadmin, user=officer_haidian, role=Role.LIAISON_OFFICER, unit=unit("D04"))
    assert fresh(officer_haidian).may("view")


def test_role_given_today_and_ended_today_leaves_no_row(secadmin, no_role):
    given = grant_role(by=secadmin, user=no_role, role=Role.LEADER, unit=unit("BJ"))
    end_role(by=secadmin, assignment=given)
    assert not RoleAssignment.objects.filter(user=no_role).exists()


def covered(intervals):
    """The codes of the units in the intervals."""
    from accounts.models import Unit

    return {
        code
        for code, order in Unit.objects.values_list("code", "order")
        if any(low <= order <= high for low, high in intervals)
    }


def python_reach(user):
    user = fresh(user)
    return {right: covered(user.reach(right)) for right in RIGHTS}


def database_reach(user, as_app, sql):
    found = {}
    with as_app(user):
        for right in RIGHTS:
            rows = sql("SELECT lower(r), upper(r) - 1 FROM unnest(accounts_reach(%s)) AS r", right)
            found[right] = covered(rows)
    return found


def odd_people():
    """Accounts whose assignments lie in every corner."""
    child = make_unit("D04")
    grandchild = make_unit(child.code)
    people = {}

    def person(name, *held, **facts):
        people[name] = make_user(**facts)
        for role, at, since, until in held:
            assign(people[name], role, at, since=since, until=until)

    officer, head, leader = Role.LIAISON_OFFICER, Role.DEPARTMENT_HEAD, Role.LEADER
    always = date(2020, 1, 1)
    person("none")
    person("expired", (officer, unit("D04"), always, in_days(-1)))
    person("last day", (officer, unit("D04"), always, in_days(0)))
    person("first day", (officer, unit("D04"), in_days(0), None))
    person("future", (officer, unit("D04"), in_days(1), None))
    person("disabled", (officer, unit("D04"), always, None), is_active=False)
    person("several", (officer, unit("D04"), always, None), (leader, unit("D03"), always, None))
    person("nested", (leader, unit("D04"), always, None), (head, grandchild, always, None))
    person("nested same right", (officer, unit("BJ"), always, None), (officer, child, always, None))
    person("neighbours", (officer, unit("D03"), always, None), (officer, unit("D04"), always, None))
    person("expired beside current", (head, unit("BJ"), always, in_days(-1)), (leader, child, always, None))
    person("administrator", (Role.SYSTEM_ADMIN, unit("BJ"), always, None), duty=Duty.SYSTEM)
    return people


def test_python_and_postgresql_reach_the_same_units(as_app, sql):
    people = odd_people()
    here = {name: python_reach(user) for name, user in people.items()}
    there = {name: database_reach(user, as_app, sql) for name, user in people.items()}
    assert there == here
    assert {name for name, reach in here.items() if not reach["view"]} == {
        "none",
        "expired",
        "future",
        "disabled",
        "administrator",
    }
    assert here["nested"]["approve"] < here["nested"]["view"]
    assert here["neighbours"]["change"] >= {"D03", "D04"}


def test_reach_is_in_ascending_disjoint_intervals():
    user = odd_people()["nested same right"]
    root = unit("BJ")
    assert fresh(user).reach("change") == [(root.order, root.order_end)]


def test_clearance_and_role_functions_follow_the_signed_actor(as_app, sql, officer_haidian, secadmin):
    statement = (
        "SELECT accounts_clearance(), accounts_actor_as('security_admin'), accounts_actor_with('change')"
    )
    with as_app(officer_haidian):
        assert sql(statement) == [(Clearance.SENSITIVE, None, officer_haidian.pk)]
    with as_app(secadmin):
        assert sql(statement) == [(Clearance.INTERNAL, secadmin.pk, None)]
    with as_app():
        assert sql(statement) == [(-1, None, None)]
    User.objects.filter(pk=officer_haidian.pk).update(is_active=False)
    with as_app(officer_haidian):
        assert sql(statement) == [(-1, None, None)]


def test_administrators_reach_nothing(personas):
    rights = {
        name: [right for right in RIGHTS if personas[name].may(right)]
        for name in ("sysadmin", "secadmin", "auditor")
    }
    assert rights == {"sysadmin": [], "secadmin": [], "auditor": []}
