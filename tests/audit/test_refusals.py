"""A refusal to someone who has signed in is on the record; what is hidden is so no more than the missing."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from audit.verbs import Verb
from core.models import Holiday
from tests.experts.pages import at
from tests.factories import hold, make_expert, restrict

pytestmark = pytest.mark.django_db


def refusals():
    found = Event.objects.filter(verb=Verb.REFUSED).order_by("id")
    return list(found.values_list("username", "kind", "reference", "result", "channel", "address"))


@pytest.mark.parametrize(
    "route", ["experts:list", "experts:create", "exchange:list", "admin:accounts_user_add"]
)
def test_a_403_is_recorded_by_the_name_of_its_route(client_of, auditor, route):
    assert client_of(auditor).get(reverse(route), REMOTE_ADDR="10.1.2.3").status_code == 403
    assert refusals() == [("auditor", "route", route, "denied", "web", "10.1.2.3")]


def test_a_route_without_a_name_is_recorded_by_its_pattern(client_of, leader_city):
    assert client_of(leader_city).get("/admin/nowhere/").status_code == 403
    assert [row[2] for row in refusals()] == ["admin/(?P<url>.*)$"]


def test_a_read_only_record_refuses_on_the_record(client_of, officer_haidian):
    expert = make_expert(unit_code="D03")
    hold(expert, "D04")
    assert client_of(officer_haidian).post(at(expert, "confirm")).status_code == 403
    assert [row[2] for row in refusals()] == ["experts:confirm"]


def test_the_page_itself_is_still_the_refusal(client_of, leader_city):
    text = client_of(leader_city).get(reverse("exchange:list")).content.decode()
    assert ("没有权限" in text or "无权" in text, "工作台" in text) == (True, True)


def test_what_is_hidden_is_not_recorded_and_no_more_is_what_is_missing(
    client_of, officer_haidian, cleared_city
):
    hidden = restrict(make_expert("林中一"), cleared_city)
    client = client_of(officer_haidian)
    for uuid in (hidden.uuid, uuid4()):
        assert client.get(reverse("experts:detail", args=[uuid])).status_code == 404
    assert refusals() == []


def test_nobody_and_a_lost_token_are_not_recorded(db, officer_haidian, client_of):
    assert Client().get(reverse("experts:list")).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(officer_haidian, backend="accounts.backends.LockingBackend")
    assert strict.post(reverse("experts:bulk")).status_code == 403
    assert refusals() == []


def test_what_was_refused_leaves_the_event_only(client_of, leader_city):
    before = Holiday.objects.count()
    client_of(leader_city).post(reverse("admin:core_holiday_add"), {"day": "2031-05-01", "name": "测试"})
    assert (len(refusals()), Holiday.objects.count()) == (1, before)
