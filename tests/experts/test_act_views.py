"""Acts on several records, saved filters, and showing a masked value."""

import pytest

from audit.models import Event
from experts.enums import SensitiveField
from experts.models import Expert, SavedFilter
from tests.experts.pages import BULK, LIST, at, body, said
from tests.factories import hold, make_expert, make_sensitive

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


# Several at once


def test_bulk_assigns_a_category_and_goes_back_to_the_filtered_list(client):
    experts = [make_expert("张三"), make_expert("李四"), make_expert("王五")]
    form = {
        "act": "category",
        "category": "entrepreneur",
        "expert": [each.uuid for each in experts[:2]],
        "query": "q=z",
    }
    response = client.post(BULK, form, follow=True)
    assert (said(response), response.redirect_chain) == (["已更新 2 人。"], [("/experts/?q=z", 302)])
    assert dict(Expert.objects.values_list("name", "category")) == {
        "张三": "entrepreneur",
        "李四": "entrepreneur",
        "王五": "",
    }


def test_bulk_counts_only_what_may_be_changed(client):
    mine, theirs = make_expert("张三"), make_expert("李四", unit_code="D03")
    hold(theirs, "D04")
    form = {"act": "confirm", "expert": [mine.uuid, mine.uuid, theirs.uuid]}
    assert said(client.post(BULK, form, follow=True)) == [
        "已更新 1 人。",
        "1 人未更新：您没有维护权限，或标签不能在这里调整。",
    ]


@pytest.mark.parametrize("form", [
    {"act": "category"},
    {"act": "unit", "unit": "D03"},
    {"act": "unit", "unit": "NOPE"},
    {"act": "unit", "unit": "\0"},
    {"act": "label", "label": "2"},
    {"act": "label", "label": "x"},
    {"act": "label"},
    {"act": "destroy"},
    {},
    {"act": "confirm", "expert": ["not a uuid"]},
    {"act": "confirm", "expert": ["\0"]},
    {"act": "category", "category": "nope"},
])  # fmt: skip
def test_a_bulk_act_that_cannot_be_done_says_so_and_changes_nothing(client, form):
    expert = make_expert()
    response = client.post(BULK, {"expert": [expert.uuid]} | form | {"query": "q=%00"}, follow=True)
    expert.refresh_from_db()
    assert (len(said(response)), expert.version) == (1, 1)


def test_bulk_is_for_those_who_may_change(client_of, leader_city):
    expert = make_expert()
    assert client_of(leader_city).post(BULK, {"act": "confirm", "expert": [expert.uuid]}).status_code == 403


def test_bulk_never_leads_away_from_the_list(client):
    response = client.post(BULK, {"act": "confirm", "query": "https://evil.example/?x=1"})
    assert response["Location"].startswith("/experts/?")


# Saved filters


def test_a_filter_is_kept_offered_and_removed(client, client_of, director_haidian):
    form = {"name": "重点院士", "query": "scope=key&honour=CAS&after=x"}
    assert said(client.post("/experts/filters/", form, follow=True)) == ["已存为常用筛选“重点院士”。"]
    saved = SavedFilter.objects.get()
    assert saved.query == "scope=key&honour=CAS"
    assert '/experts/?scope=key&amp;honour=CAS">重点院士' in body(client.get(LIST))
    assert said(client.post("/experts/filters/", form, follow=True)) == [
        "您已有同名的常用筛选，请换一个名称。"
    ]
    other = client_of(director_haidian)
    assert "重点院士" not in body(other.get(LIST))
    assert other.post(f"/experts/filters/{saved.uuid}/delete/").status_code == 404
    client.post(f"/experts/filters/{saved.uuid}/delete/")
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize("form", [
    {"name": "", "query": "scope=key"},
    {"name": "名" * 31, "query": "scope=key"},
    {"name": "\0", "query": "scope=key"},
    {"name": "长", "query": "q=" + "x" * 10_000},
])  # fmt: skip
def test_a_filter_that_cannot_be_kept_says_so(client, form):
    assert said(client.post("/experts/filters/", form, follow=True)) == [
        "请给常用筛选起一个 30 字以内的名称。"
    ]
    assert SavedFilter.objects.count() == 0


# Reveal


def test_a_sensitive_value_is_shown_for_a_reason_and_hidden_again(client):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    address = at(expert, "reveal", "phone")
    asked = client.post(address)
    assert ("查看事由" in body(asked), "13800138000" in body(asked)) == (True, False)
    refused = client.post(address, {"reason": " "})
    assert (refused.status_code, "请写明查看事由。" in body(refused)) == (422, True)
    assert Event.objects.filter(kind="expert").count() == 0
    shown = client.post(address, {"reason": "办理\0体检"})
    assert ("13800138000" in body(shown), shown["Cache-Control"]) == (True, "no-store")
    assert "13800138000" not in body(client.get(address))
    assert "事由：办理体检" in body(client.get(at(expert) + "?tab=log"))


def test_reveal_is_refused_without_the_right_and_for_unknown_fields(client, client_of, leader_city):
    expert = make_expert()
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    refused = client_of(leader_city).post(at(expert, "reveal", "phone"), {"reason": "看看"})
    assert (refused.status_code, "13800138000" in body(refused)) == (403, False)
    assert client.post(at(expert, "reveal", "password"), {"reason": "看看"}).status_code == 404
