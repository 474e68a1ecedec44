"""Django admin: roles, clearance, and acts that wait for a second pair of eyes."""

import pytest
from django.urls import reverse

from accounts.actions import reset_password
from accounts.enums import Clearance, ConfirmationState
from accounts.models import Confirmation, RoleAssignment, User
from accounts.roles import Role
from tests.accounts.admin_pages import PASSWORD, act, errors, events, role_data
from tests.factories import assign, make_user, unit

pytestmark = pytest.mark.django_db


def test_security_admin_sets_the_clearance_and_nothing_else(client_of, secadmin, officer_chaoyang):
    client = client_of(secadmin)
    url = reverse("admin:accounts_user_change", args=[officer_chaoyang.pk])
    assert set(client.get(url).context["adminform"].form.fields) == {"clearance"}
    client.post(url, {"clearance": 1, "display_name": "改名", "is_active": ""})
    name = officer_chaoyang.display_name
    officer_chaoyang.refresh_from_db()
    assert (officer_chaoyang.clearance, officer_chaoyang.display_name) == (Clearance.SENSITIVE, name)
    assert officer_chaoyang.is_active
    assert events(username="secadmin") == [("change", "user", "officer_chaoyang", ["clearance"], "ok")]


def test_reset_of_an_account_without_role_takes_effect_at_once(client_of, sysadmin, no_role):
    url = reverse("admin:accounts_user_password", args=[no_role.pk])
    response = client_of(sysadmin).post(url, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "密码已重置" in response.content.decode()
    no_role.refresh_from_db()
    assert no_role.check_password(PASSWORD)
    assert no_role.must_change_password
    assert not Confirmation.objects.exists()


def test_reset_of_a_role_holder_waits_for_the_security_admin(client_of, sysadmin, secadmin, officer_haidian):
    url = reverse("admin:accounts_user_password", args=[officer_haidian.pk])
    client = client_of(sysadmin)
    response = client.post(url, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "待安全管理员确认" in response.content.decode()
    officer_haidian.refresh_from_db()
    assert not officer_haidian.check_password(PASSWORD)
    again = client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    assert "已有一项重置密码" in again.content.decode()
    response = act(client_of(secadmin), "accounts_confirmation", "accept", Confirmation.objects.get())
    assert "已确认 1 项" in response.content.decode()
    officer_haidian.refresh_from_db()
    assert officer_haidian.check_password(PASSWORD)
    assert officer_haidian.must_change_password
    assert Confirmation.objects.get().payload == {}
    assert events(reference="officer_haidian") == [
        ("request", "user", "officer_haidian", ["password"], "ok"),
        ("confirm", "password_reset", "officer_haidian", [], "ok"),
    ]


def test_confirmation_pages_never_show_the_password_hash(client_of, sysadmin, secadmin, officer_haidian):
    waiting = reset_password(by=sysadmin, user=officer_haidian, password=PASSWORD)
    hashed = waiting.payload["password"]
    client = client_of(secadmin)
    for url in [
        reverse("admin:accounts_confirmation_changelist"),
        reverse("admin:accounts_confirmation_change", args=[waiting.pk]),
    ]:
        text = client.get(url).content.decode()
        assert "officer_haidian" in text or officer_haidian.display_name in text
        assert hashed not in text
        assert "md5$" not in text


def test_refused_reset_leaves_the_old_password(client_of, sysadmin, secadmin, officer_haidian):
    waiting = reset_password(by=sysadmin, user=officer_haidian, password=PASSWORD)
    act(client_of(secadmin), "accounts_confirmation", "refuse", waiting)
    waiting.refresh_from_db()
    officer_haidian.refresh_from_db()
    assert waiting.state == ConfirmationState.REFUSED
    assert not officer_haidian.check_password(PASSWORD)
    again = act(client_of(secadmin), "accounts_confirmation", "accept", waiting)
    assert "已经处理过" in again.content.decode()
    officer_haidian.refresh_from_db()
    assert not officer_haidian.check_password(PASSWORD)


def test_the_one_who_asked_does_not_decide(client_of, secadmin, officer_haidian):
    waiting = reset_password(by=secadmin, user=officer_haidian, password=PASSWORD)
    response = act(client_of(secadmin), "accounts_confirmation", "accept", waiting)
    assert "申请人不能确认自己的申请" in response.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == ConfirmationState.PENDING


def test_security_admin_gives_and_ends_a_role(client_of, secadmin, no_role):
    client = client_of(secadmin)
    url = reverse("admin:accounts_roleassignment_add")
    assert client.post(url, role_data(no_role, Role.LEADER, "D04")).status_code == 302
    given = RoleAssignment.objects.get(user=no_role)
    assert (given.role, given.unit.code, given.granted_by) == ("leader", "D04", secadmin)
    assert no_role.may("view", unit("D04").order)
    act(client, "accounts_roleassignment", "end", given)
    assert not User.objects.get(pk=no_role.pk).may("view")
    assert events(username="secadmin") == [
        ("grant", "role", "no_role", ["leader", "D04"], "ok"),
        ("revoke", "role", "no_role", ["leader"], "ok"),
    ]


def test_role_of_another_duty_is_refused_with_a_clear_error(client_of, secadmin, sysadmin):
    response = client_of(secadmin).post(
        reverse("admin:accounts_roleassignment_add"), role_data(sysadmin, Role.LIAISON_OFFICER, "BJ")
    )
    [message] = errors(response)["__all__"]
    assert "是系统管理账号，不能担任联络员" in message
    assert RoleAssignment.objects.filter(user=sysadmin).count() == 1


@pytest.mark.parametrize("until", ["", "2026-12-31"])
def test_same_role_in_the_same_period_is_refused(client_of, secadmin, officer_haidian, until):
    response = client_of(secadmin).post(
        reverse("admin:accounts_roleassignment_add"),
        role_data(officer_haidian, Role.LIAISON_OFFICER, "D04", until=until),
    )
    assert any("已经担任联络员" in message for message in errors(response)["__all__"])
    assert RoleAssignment.objects.filter(user=officer_haidian).count() == 1


def test_assignments_are_never_edited(client_of, secadmin, officer_haidian):
    given = RoleAssignment.objects.get(user=officer_haidian)
    url = reverse("admin:accounts_roleassignment_change", args=[given.pk])
    client = client_of(secadmin)
    assert client.get(url).status_code == 200
    assert client.post(url, role_data(officer_haidian, Role.LEADER, "BJ")).status_code == 403


def test_reset_waits_for_anyone_whose_role_has_not_ended(sysadmin):
    """Not by way of a switched-off account or a role that starts later either."""
    off = make_user(is_active=False)
    assign(off, Role.LIAISON_OFFICER, unit("D04"))
    later = make_user()
    assign(later, Role.LIAISON_OFFICER, unit("D04"), since="2099-01-01")
    past = make_user()
    assign(past, Role.LIAISON_OFFICER, unit("D04"), until="2021-01-01")
    waits = [
        reset_password(by=sysadmin, user=user, password=PASSWORD) is not None for user in (off, later, past)
    ]
    assert waits == [True, True, False]
