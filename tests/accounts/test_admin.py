"""Django admin: each administrator sees only their own pages, and experts are in none of them."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.admin.trail import KINDS, RESULTS
from accounts.enums import Duty
from accounts.models import RoleAssignment, User
from audit.models import Event
from tests.accounts.admin_pages import USER, act, events
from tests.factories import make_expert, unit

pytestmark = pytest.mark.django_db
MODELS = [
    "accounts_user",
    "accounts_unit",
    "accounts_unitsetting",
    "core_holiday",
    "accounts_roleassignment",
    "accounts_confirmation",
    "audit_event",
]
OPEN_TO = {
    "sysadmin": {"accounts_user", "accounts_unit", "accounts_unitsetting", "core_holiday"},
    "secadmin": {"accounts_user", "accounts_roleassignment", "accounts_confirmation"},
    "auditor": {"audit_event"},
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


@pytest.mark.parametrize("name", ["officer_haidian", "leader_city", "no_role"])
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


def test_nobody_deletes_users_units_or_events(client_of, sysadmin, secadmin, auditor, officer_haidian):
    event = Event.objects.create(channel="web", verb="view", kind="expert")
    confirmed = {"post": "yes"}
    for user, model, row in [
        (sysadmin, "accounts_user", officer_haidian),
        (sysadmin, "accounts_unit", unit("D04")),
        (secadmin, "accounts_user", officer_haidian),
        (auditor, "audit_event", event),
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


def test_auditor_reads_and_filters_the_trail_and_changes_nothing(client_of, auditor):
    Event.objects.create(channel="web", verb="view", kind="expert", reference="ZJ-AAAA1111", username="one")
    other = Event.objects.create(
        channel="job", verb="export", kind="roster", reference="ZJ-BBBB2222", username="two", result="failed"
    )
    client = client_of(auditor)
    url = reverse("admin:audit_event_changelist")
    for asked in [
        {"q": "ZJ-BBBB2222"},
        {"q": "two"},
        {"verb__exact": "export"},
        {"kind": "roster"},
        {"result": "failed"},
        {"channel": "job"},
    ]:
        response = client.get(url, asked)
        assert [row.pk for row in response.context["cl"].result_list] == [other.pk]
    page = reverse("admin:audit_event_change", args=[other.pk])
    text = client.get(page).content.decode()
    assert [word in text for word in ["ZJ-BBBB2222", "名册", "失败", "后台作业"]] == [True] * 4
    assert client.post(page, {"reference": "x"}).status_code == 403
    assert client.get(reverse("admin:audit_event_add")).status_code == 403


def test_every_kind_and_result_of_the_trail_reads_in_chinese(settings):
    source = "".join(
        path.read_text(encoding="utf-8")
        for app in ("accounts", "experts", "exchange", "liaison", "reminders")
        for path in (settings.BASE_DIR / app).rglob("*.py")
    )
    calls = re.findall(r"record\((?:[^()]|\([^()]*\))*\)", source)
    kinds = {kind for call in calls for kind in re.findall(r'kind="(\w+)"', call)}
    results = {result for call in calls for result in re.findall(r'result="(\w+)"', call)}
    assert {"user", "unit", "expert"} <= kinds <= KINDS.keys()
    assert results <= RESULTS.keys()


def test_admin_shows_no_expert_and_its_log_holds_none(client_of, personas):
    make_expert(name="金丝雀明", unit_code="D04")
    clients = {name: client_of(personas[name]) for name in OPEN_TO}
    clients["sysadmin"].post(reverse("admin:accounts_user_add"), USER | {"unit": unit("D04").pk})
    for name, models in OPEN_TO.items():
        for model in models:
            assert "金丝雀" not in clients[name].get(reverse(f"admin:{model}_changelist")).content.decode()
    entries = LogEntry.objects.all()
    assert {entry.content_type.app_label for entry in entries} == {"accounts"}
