"""Django admin: each administrator sees only their own pages, and experts are in none of them."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.enums import Duty
from accounts.models import RoleAssignment, User
from tests.accounts.admin_pages import USER, act, events
from tests.factories import make_expert, unit

pytestmark = pytest.mark.django_db
MODELS = [
    "accounts_user",
    "accounts_unit",
    "accounts_unitsetting",
    "core_holiday",
    "reports_documenttemplate",
    "accounts_roleassignment",
    "accounts_confirmation",
]
OPEN_TO = {
    "sysadmin": {
        "accounts_user",
        "accounts_unit",
        "accounts_unitsetting",
        "core_holiday",
        "reports_documenttemplate",
    },
    "secadmin": {"accounts_user", "accounts_roleassignment", "accounts_confirmation"},
}


def test_admin_holds_our_pages_and_no_other():
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert names == set(MODELS)


@pytest.mark.parametrize("name", OPEN_TO)
def test_index_shows_each_administrator_their_own(client_of, request, name):
    client = client_of(request.getfixturevalue(name))
    response = client.get("/admin/")
    shown = {
        f"{app['app_label']}_{model['object_name'].lower()}"
        for app in response.context["app_list"]
        for model in app["models"]
    }
    assert shown == OPEN_TO[name]
    statuses = {model: client.get(reverse(f"admin:{model}_changelist")).status_code for model in MODELS}
    assert statuses == {model: 200 if model in OPEN_TO[name] else 403 for model in MODELS}


@pytest.mark.parametrize("name", ["officer_haidian", "leader_city", "auditor", "no_role"])
def test_admin_is_closed_to_everyone_else(client_of, request, name):
    client = client_of(request.getfixturevalue(name))
    assert client.get("/admin/").status_code == 403
    assert client.get("/admin/login/").status_code == 403
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403


def test_administrator_whose_role_has_ended_is_shut_out(client_of, sysadmin):
    client = client_of(sysadmin)
    assert client.get("/admin/").status_code == 200
    RoleAssignment.objects.filter(user=sysadmin).update(until="2020-02-02")
    assert client.get("/admin/").status_code == 403


def test_anonymous_goes_to_our_sign_in(client):
    response = client.get("/admin/accounts/user/", follow=True)
    assert response.redirect_chain[-1] == ("/accounts/login/?next=/admin/accounts/user/", 302)
    assert response.status_code == 200


def test_password_and_sign_out_go_through_our_own_pages(client_of, sysadmin):
    client = client_of(sysadmin)
    assert client.get(reverse("admin:password_change"))["Location"] == "/accounts/password/"
    assert client.post(reverse("admin:logout"))["Location"] == "/accounts/login/"
    assert events(verb="sign_out") == [("sign_out", "user", "sysadmin", [], "ok")]
    assert client.get("/admin/").status_code == 302


def test_nobody_deletes_users_or_units(client_of, sysadmin, secadmin, officer_haidian):
    confirmed = {"post": "yes"}
    for user, model, row in [
        (sysadmin, "accounts_user", officer_haidian),
        (sysadmin, "accounts_unit", unit("D04")),
        (secadmin, "accounts_user", officer_haidian),
    ]:
        client = client_of(user)
        assert client.post(reverse(f"admin:{model}_delete", args=[row.pk]), confirmed).status_code == 403
        act(client, model, "delete_selected", row)
        assert type(row).objects.filter(pk=row.pk).exists()


def test_pickers_offer_what_the_administrator_needs(client_of, secadmin, sysadmin, officer_haidian):
    url = reverse("admin:autocomplete")
    asked = {
        "app_label": "accounts",
        "model_name": "roleassignment",
        "field_name": "unit",
        "term": "海淀区委",
    }
    found = client_of(secadmin).get(url, asked).json()["results"]
    assert [entry["text"] for entry in found] == ["海淀区委"]
    asked = {"app_label": "accounts", "model_name": "unit", "field_name": "leader_in_charge", "term": ""}
    offered = {entry["id"] for entry in client_of(sysadmin).get(url, asked).json()["results"]}
    assert offered == {str(pk) for pk in User.objects.filter(duty=Duty.WORK).values_list("pk", flat=True)}
    assert client_of(officer_haidian).get(url, asked).status_code == 403


def test_admin_shows_no_expert_and_its_log_holds_none(client_of, personas):
    make_expert(name="金丝雀明", unit_code="D04")
    clients = {name: client_of(personas[name]) for name in OPEN_TO}
    clients["sysadmin"].post(reverse("admin:accounts_user_add"), USER | {"unit": unit("D04").pk})
    for name, models in OPEN_TO.items():
        for model in models:
            assert "金丝雀" not in clients[name].get(reverse(f"admin:{model}_changelist")).content.decode()
    entries = LogEntry.objects.all()
    assert {entry.content_type.app_label for entry in entries} == {"accounts"}
