"""Symposia (四（一）): experts invited, their coming counted, corrected, hidden from who may not see."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from activities.actions import guests as actions
from activities.models import Contact, Coverage, Guest
from tests.activities.test_gathering_views import at, text_of
from tests.factories import enter, invited, make_expert, make_gathering, make_guest, make_user, restrict

pytestmark = pytest.mark.django_db


def today(days=0):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def symposium(officer_haidian):
    return make_gathering(officer_haidian, kind="symposium", title="专家座谈会")


def hold(by, symposium, attendance):
    symposium.refresh_from_db()
    actions.hold_symposium(
        by=by, gathering=symposium, version=symposium.version, minutes="座谈", attendance={},
        guests=attendance,
    )  # fmt: skip


def due(expert):
    return Coverage.objects.get(expert=expert).due_on


def test_coming_resets_the_clock_and_a_correction_sets_it_back(officer_haidian, symposium, as_app):
    expert = make_expert("王小明", awards=["CAE"])
    enter(expert)
    before = due(expert)
    guest = make_guest(symposium, expert)
    clocks = []
    for attendance in ("came", "absent", "came", ""):
        with as_app(officer_haidian):
            hold(officer_haidian, symposium, {guest.pk: attendance})
        clocks.append(due(expert))
    assert before < today()
    assert clocks[0] == clocks[2] > today(80)
    assert clocks[1] == clocks[3] == before
    contact = Contact.objects.get()
    assert (contact.kind, contact.state, contact.version) == ("symposium", "cancelled", 4)
    assert contact.people.get().user == officer_haidian


def test_noting_the_same_twice_writes_one_contact(officer_haidian, leader_city, symposium, as_app):
    guest = make_guest(symposium, make_expert())
    invited(symposium, leader_city, attendance="came")
    for _ in range(2):
        with as_app(officer_haidian):
            hold(officer_haidian, symposium, {guest.pk: "came"})
    contact = Contact.objects.get()
    assert (contact.way, contact.on, contact.version) == ("symposium", today(), 1)
    assert contact.people.get().user == leader_city


def test_experts_are_invited_once_and_only_to_symposia(officer_haidian, symposium, as_app):
    expert = make_expert()
    with as_app(officer_haidian):
        assert actions.add_guests(by=officer_haidian, gathering=symposium, experts=[expert]) == 1
        assert actions.add_guests(by=officer_haidian, gathering=symposium, experts=[expert]) == 0
        meeting = make_gathering(officer_haidian)
        with pytest.raises(ValidationError):
            actions.add_guests(by=officer_haidian, gathering=meeting, experts=[expert])


def test_the_dead_are_not_invited(officer_haidian, symposium):
    with pytest.raises(ValidationError):
        actions.add_guests(by=officer_haidian, gathering=symposium, experts=[make_expert(died_on=today(-1))])


def test_nobody_invites_to_a_gathering_of_others(officer_chaoyang, symposium):
    with pytest.raises(PermissionDenied):
        actions.add_guests(by=officer_chaoyang, gathering=symposium, experts=[make_expert()])


def test_a_restricted_expert_comes_only_where_the_invited_alone_see_it(cleared_city, as_app):
    expert = restrict(make_expert("金丝雀"), cleared_city, make_user())
    for closed in (False, True):
        symposium = make_gathering(cleared_city, kind="symposium", invited_only=closed)
        with as_app(cleared_city):
            if closed:
                actions.add_guests(by=cleared_city, gathering=symposium, experts=[expert])
            else:
                with pytest.raises(ValidationError):
                    actions.add_guests(by=cleared_city, gathering=symposium, experts=[expert])
    assert Guest.objects.get().gathering.invited_only


def test_whoever_came_is_not_taken_off_the_list(officer_haidian, symposium, as_app):
    guest, other = (make_guest(symposium, make_expert(name)) for name in ("甲", "乙"))
    with as_app(officer_haidian):
        hold(officer_haidian, symposium, {guest.pk: "came"})
        with pytest.raises(ValidationError):
            actions.remove_guest(by=officer_haidian, guest=guest)
        actions.remove_guest(by=officer_haidian, guest=other)
    assert list(Guest.objects.all()) == [guest]


def test_a_page_is_the_same_with_and_without_an_expert_whom_its_reader_does_not_see(
    client_of, officer_haidian, cleared_city
):
    symposium = make_gathering(officer_haidian, kind="symposium")
    make_guest(symposium, make_expert("王小明"))
    client = client_of(officer_haidian)
    pages = [text_of(client.get(each)) for each in (at(symposium), at(symposium, "record"), "/gatherings/")]
    hidden = make_guest(symposium, make_expert("金丝雀"))
    assert "金丝雀" in text_of(client.get(at(symposium)))
    restrict(hidden.expert, cleared_city, make_user())
    after = [text_of(client.get(each)) for each in (at(symposium), at(symposium, "record"), "/gatherings/")]
    assert after == pages


def test_guests_are_invited_and_recorded_in_the_page(client_of, officer_haidian):
    client, expert = client_of(officer_haidian), make_expert("王小明", employer="示范大学")
    symposium = make_gathering(officer_haidian, kind="symposium")
    assert client.post(at(symposium, "guests"), {}).status_code == 422
    assert client.post(at(symposium, "guests"), {"expert": [str(expert.uuid), "x"]}).status_code == 302
    guest = Guest.objects.get()
    page = text_of(client.get(at(symposium, "record")))
    assert "王小明 到会情况" in page
    sent = {"version": "1", "minutes": "座谈", f"{guest.uuid}-attendance": "came"}
    assert client.post(at(symposium, "record"), sent).status_code == 302
    assert "到会" in text_of(client.get(at(symposium)))
    assert Contact.objects.get().expert == expert
