"""Django admin: accounts."""

import pytest
from django.urls import reverse

from accounts.enums import Clearance
from accounts.models import User
from tests.accounts.admin_pages import PASSWORD, USER, act, errors, events, lock
from tests.factories import make_user, unit

pytestmark = pytest.mark.django_db


def test_user_form_knows_no_superuser_groups_or_permissions(client_of, sysadmin, officer_haidian):
    page = client_of(sysadmin).get(reverse("admin:accounts_user_change", args=[officer_haidian.pk]))
    names = set(page.context["adminform"].form.fields)
    assert names == {"display_name", "position", "phone", "email", "unit", "is_active"}
    text = page.content.decode()
    assert "superuser" not in text
    assert "groups" not in text
    assert "user_permissions" not in text


def test_sysadmin_opens_an_account_that_must_change_its_password(client_of, sysadmin):
    response = client_of(sysadmin).post(reverse("admin:accounts_user_add"), USER | {"unit": unit("D04").pk})
    assert response.status_code == 302
    user = User.objects.get(username="new_officer")
    assert (user.display_name, user.unit.code, user.duty, user.must_change_password) == (
        "新联络员",
        "D04",
        "work",
        True,
    )
    assert user.check_password(PASSWORD)
    assert events(username="sysadmin") == [("create", "user", "new_officer", [], "ok")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password1": "new_officer-2026A", "password2": "new_officer-2026A"}, "password1"),
        ({"password2": "Wenming-2026-xxxx"}, "password2"),
        ({"username": "sysadmin"}, "username"),
    ],
)
def test_opening_an_account_refuses(client_of, sysadmin, change, field):
    response = client_of(sysadmin).post(reverse("admin:accounts_user_add"), USER | change)
    assert list(errors(response)) == [field]
    assert not User.objects.filter(username="new_officer").exists()


def test_passwords_stay_out_of_error_reports(client_of, sysadmin, no_role):
    client = client_of(sysadmin)
    for url in [
        reverse("admin:accounts_user_add"),
        reverse("admin:accounts_user_password", args=[no_role.pk]),
    ]:
        request = client.post(url, {"password1": "x", "password2": "y"}).wsgi_request
        assert request.sensitive_post_parameters == ("password1", "password2")


def test_user_page_leads_to_the_password_page_for_the_sysadmin_only(
    client_of, sysadmin, secadmin, officer_haidian
):
    page = reverse("admin:accounts_user_change", args=[officer_haidian.pk])
    password = reverse("admin:accounts_user_password", args=[officer_haidian.pk])
    assert password in client_of(sysadmin).get(page).content.decode()
    assert password not in client_of(secadmin).get(page).content.decode()


def test_sysadmin_changes_facts_and_the_trail_names_the_fields(client_of, sysadmin, officer_haidian):
    url = reverse("admin:accounts_user_change", args=[officer_haidian.pk])
    data = {
        "display_name": officer_haidian.display_name,
        "position": "副科长",
        "phone": "",
        "email": "",
        "unit": unit("D04").pk,
        "is_active": "",
        "clearance": "1",
        "duty": "system",
        "username": "x",
    }
    assert client_of(sysadmin).post(url, data).status_code == 302
    officer_haidian.refresh_from_db()
    assert (officer_haidian.position, officer_haidian.is_active) == ("副科长", False)
    assert (officer_haidian.username, officer_haidian.duty) == ("officer_haidian", "work")
    assert events(username="sysadmin") == [
        ("change", "user", "officer_haidian", ["position", "is_active"], "ok")
    ]


def test_sysadmin_cannot_switch_off_their_own_account(client_of, sysadmin):
    url = reverse("admin:accounts_user_change", args=[sysadmin.pk])
    response = client_of(sysadmin).post(url, {"display_name": "系统", "unit": unit("BJ").pk})
    assert errors(response) == {"is_active": ["不能停用自己正在使用的账号。"]}


def test_sysadmin_cannot_set_a_clearance(client_of, sysadmin, officer_chaoyang):
    url = reverse("admin:accounts_user_change", args=[officer_chaoyang.pk])
    client_of(sysadmin).post(
        url, {"display_name": "x", "unit": unit("D03").pk, "is_active": "on", "clearance": 1}
    )
    officer_chaoyang.refresh_from_db()
    assert (officer_chaoyang.display_name, officer_chaoyang.clearance) == ("x", Clearance.INTERNAL)


def test_security_admin_sees_no_more_of_users_than_needed(client_of, secadmin):
    make_user(username="someone", phone="010-87654321", email="someone@example.org", position="处长")
    text = client_of(secadmin).get(reverse("admin:accounts_user_changelist")).content.decode()
    assert "someone" in text
    assert "010-87654321" not in text
    assert "someone@example.org" not in text
    assert client_of(secadmin).get(reverse("admin:accounts_user_add")).status_code == 403


def test_password_page_is_the_system_admins(client_of, secadmin, officer_haidian):
    url = reverse("admin:accounts_user_password", args=[officer_haidian.pk])
    assert client_of(secadmin).get(url).status_code == 403


def test_unlock_lets_the_account_in_again(client_of, sysadmin, officer_haidian):
    lock(officer_haidian)
    response = act(client_of(sysadmin), "accounts_user", "unlock", officer_haidian)
    assert "已解除 1 个账号的锁定" in response.content.decode()
    officer_haidian.refresh_from_db()
    assert not officer_haidian.is_locked
    assert events(username="sysadmin") == [("change", "user", "officer_haidian", ["locked_until"], "ok")]


def test_security_admin_cannot_unlock(client_of, secadmin, officer_haidian):
    lock(officer_haidian)
    act(client_of(secadmin), "accounts_user", "unlock", officer_haidian)
    officer_haidian.refresh_from_db()
    assert officer_haidian.is_locked


@pytest.mark.parametrize("count", [1, 3])
def test_user_list_query_count(client_of, sysadmin, count, django_assert_num_queries):
    for _ in range(count):
        make_user(unit=unit("D04"))
    client = client_of(sysadmin)
    url = reverse("admin:accounts_user_changelist")
    client.get(url)
    with django_assert_num_queries(10):
        client.get(url)
