"""What a contact counts as: by kind, and by the roles and pairings of those who went."""

from datetime import date, timedelta

import pytest

from activities.ways import way_of
from tests.activities.steps import recorded, today
from tests.factories import assign, hold, make_expert, make_user, pair, unit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kind", "went", "way"), [
    ("visit", ["officer", "leader", "other"], "leader"),
    ("visit", ["other", "officer"], "officer"),
    ("visit", ["other"], ""),
    ("visit", [], ""),
    ("phone", ["leader"], "remote"),
    ("message", [], "remote"),
    ("symposium", ["leader"], "symposium"),
])  # fmt: skip
def test_the_way_follows_from_kind_and_who_went(kind, went, way):
    assert way_of(kind, went) == way


def capacities(contact):
    return {str(person.user or person.name): person.capacity for person in contact.people.all()}


@pytest.fixture
def expert():
    return make_expert("林中鸟")


def test_a_role_over_a_unit_of_the_expert_makes_leader_and_officer(officer_haidian, leader_city, expert):
    contact = recorded(officer_haidian, expert, officer_haidian, leader_city, names=["张秘书"])
    assert contact.way == "leader"
    assert capacities(contact) == {
        str(officer_haidian): "officer", str(leader_city): "leader", "张秘书": "other"
    }  # fmt: skip


def test_a_role_elsewhere_makes_neither(officer_haidian, expert):
    stranger = make_user()
    assign(stranger, "leader", unit("D03"))
    assert recorded(officer_haidian, expert, stranger).way == ""
    hold(expert, "D03")
    expert.refresh_from_db()
    assert recorded(officer_haidian, expert, stranger).way == "leader"


def test_the_roles_are_those_of_the_day(officer_haidian, expert):
    left, new = make_user(), make_user()
    assign(left, "leader", unit("D04"), until=today() - timedelta(days=10))
    assign(new, "leader", unit("D04"), since=today() - timedelta(days=5))
    long_ago = today() - timedelta(days=20)
    assert recorded(officer_haidian, expert, left).way == ""
    assert recorded(officer_haidian, expert, left, on=long_ago).way == "leader"
    assert recorded(officer_haidian, expert, new, on=long_ago).way == ""
    assert recorded(officer_haidian, expert, new).way == "leader"


def test_a_department_head_is_a_leader_by_pairing_only(officer_haidian, director_haidian, expert):
    assert recorded(officer_haidian, expert, director_haidian).way == "officer"
    pair(expert, director_haidian, since=date(2026, 1, 1))
    assert recorded(officer_haidian, expert, director_haidian).way == "leader"
    assert recorded(officer_haidian, expert, director_haidian, on=date(2025, 12, 31)).way == "officer"


def test_someone_paired_counts_without_a_role_over_the_unit(officer_haidian, expert):
    person = make_user()
    pair(expert, person, "officer")
    assert recorded(officer_haidian, expert, person).way == "officer"
