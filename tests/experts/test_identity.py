"""Possible duplicates: found by ID number, name, reading; told to those who see both records."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from experts import identity
from experts.actions import merging, register
from experts.models import DuplicatePair, Expert, PairReason
from experts.sensitive import check_id_number
from reminders.models import Message
from tests.experts.grants import worker
from tests.experts.pages import NEW, at, body, posted
from tests.factories import hold, make_expert, make_sensitive, restrict
from tests.roles import as_role

pytestmark = pytest.mark.django_db
LIST = "/experts/duplicates/"
MAY = date(1966, 5, 1)
NUMBER = "110105198510104635"


def twins(first="D04", second="D04", **facts):
    """Two records of one name and birth month, compared."""
    facts = {"birth": MAY, "employer": "示范大学"} | facts
    one = make_expert("林双", unit_code=first, **facts)
    two = make_expert("林双", unit_code=second, **facts)
    identity.note_pairs(one, two)
    return one, two


def pairs():
    return list(DuplicatePair.objects.order_by("id").values_list("expert__name", "other__name"))


def test_reasons_and_score(officer_haidian):
    make_expert("林双", birth=MAY, employer="示范大学")
    same_sound = make_expert("林霜", birth=MAY, employer="示范大学")
    make_expert("林双", birth=date(1966, 6, 1), employer="示范大学")
    facts = {"name": "林双", "birth": date(1966, 5, 18), "employer": "示范大学"}
    found = identity.candidates(officer_haidian, facts)
    assert [(row.expert.name, row.score, row.reasons) for row in found] == [
        ("林双", 79, [PairReason.NAME_BIRTH, PairReason.READING_BIRTH_EMPLOYER]),
        ("林霜", 60, [PairReason.READING_BIRTH_EMPLOYER]),
    ]
    assert found[1].expert == same_sound
    assert found[1].why == "姓名读音、出生年月和工作单位相同"


def test_the_id_number_finds_only_for_those_who_may_read_it(officer_haidian, leader_city):
    expert = make_expert("另名", birth=date(1950, 1, 1))
    make_sensitive(expert, text=NUMBER)
    secrets = [check_id_number(NUMBER)]
    asked = {"name": "林双", "birth": None, "employer": ""}
    assert [row.expert for row in identity.candidates(officer_haidian, asked, secrets)] == [expert]
    assert identity.candidates(leader_city, asked, secrets) == []


def test_a_hidden_record_is_no_candidate(officer_haidian):
    restrict(make_expert("林双", birth=MAY), worker("甲"), worker("乙"))
    make_expert("林双", birth=MAY, unit_code="D03")
    assert identity.candidates(officer_haidian, {"name": "林双", "birth": MAY, "employer": ""}) == []


def test_entering_keeps_a_pair_and_other_id_numbers_part_it(officer_haidian):
    one, two = twins()
    assert pairs() == [("林双", "林双")]
    assert DuplicatePair.objects.get().reasons == ["name_birth", "reading"]
    make_sensitive(one, text=NUMBER)
    make_sensitive(two, text="11010519491231002X")
    identity.note_pairs(one)
    assert pairs() == []


def test_what_was_imported_is_found_by_the_worker():
    make_expert("林双", birth=MAY)
    make_expert("林双", birth=MAY)
    with as_role("liaison_worker"):
        assert identity.note_recent_pairs(since=timezone.now() - timedelta(days=1)) == 2
    assert pairs() == [("林双", "林双")]


def test_a_dismissed_pair_stays_so_until_what_was_compared_changes(officer_haidian, as_app):
    one, two = twins()
    pair = DuplicatePair.objects.get()
    with as_app(officer_haidian):
        merging.dismiss_pair(by=officer_haidian, pair=pair)
        identity.note_pairs(one, two)
    pair.refresh_from_db()
    assert (pair.dismissed_by, DuplicatePair.objects.open().count()) == (officer_haidian, 0)
    with as_app(officer_haidian):
        register.update_expert(by=officer_haidian, expert=two, version=1, facts={"post": "院长"})
    assert DuplicatePair.objects.open().count() == 0
    with as_app(officer_haidian):
        register.update_expert(by=officer_haidian, expert=two, version=2, facts={"birth": date(1966, 5, 9)})
    assert DuplicatePair.objects.open().count() == 1


def test_both_locks_show_a_pair_only_to_those_who_see_both(personas, as_app):
    twins()
    twins("D04", "D03", birth=date(1970, 1, 1))
    _, two = twins(birth=date(1971, 1, 1))
    restrict(two, personas["cleared_city"], personas["officer_chaoyang"])
    make_sensitive(make_expert("甲名"), text=NUMBER)
    by_number = make_expert("乙名")
    make_sensitive(by_number, text=NUMBER)
    identity.note_pairs(by_number)
    seen = {}
    for name, user in personas.items():
        expected = set(DuplicatePair.objects.visible_to(user).values_list("pk", flat=True))
        with as_app(user):
            assert set(DuplicatePair.objects.values_list("pk", flat=True)) == expected, name
        seen[name] = len(expected)
    counts = {"cleared_city": 4, "staff_city": 3, "leader_city": 2, "officer_haidian": 2,
              "director_haidian": 2}  # fmt: skip
    assert seen == dict.fromkeys(personas, 0) | counts


def test_entry_warns_and_goes_on_when_confirmed(client_of, officer_haidian):
    known = make_expert("林双", birth=MAY, employer="示范大学")
    client = client_of(officer_haidian)
    form = posted(name="林双", birth="1966-05")
    page = body(client.post(NEW, form))
    assert known.record_number in page
    assert "还没有保存" in page
    assert Expert.objects.filter(name="林双").count() == 1
    client.post(NEW, form | {"confirmed": known.record_number})
    assert Expert.objects.filter(name="林双").count() == 2
    assert pairs() == [("林双", "林双")]


def test_entering_a_hidden_person_looks_like_success_and_waits_for_the_persons_on_the_list(
    client_of, personas
):
    hidden = make_expert("林双", birth=MAY, employer="示范大学")
    restrict(hidden, personas["cleared_city"], worker("乙"))
    client = client_of(personas["officer_haidian"])
    answer = client.post(NEW, posted(name="林双", birth="1966-05"))
    assert answer.status_code == 302
    assert Message.objects.count() == 0
    page = body(client.get(LIST))
    assert "没有可能重复的专家" in page
    assert hidden.record_number not in body(client.get(answer.url))
    listed = client_of(personas["cleared_city"])
    assert "核对可能重复的专家" in body(listed.get("/"))
    assert hidden.record_number in body(listed.get(LIST))
    assert list(Message.objects.values_list("recipient__username", "text")) == [
        (personas["cleared_city"].username, identity.NEUTRAL)
    ]


def test_the_list_narrows_and_pages(client_of, officer_haidian, monkeypatch):
    monkeypatch.setattr("experts.views.identity.PAGE_SIZE", 1)
    one, _ = twins()
    other, _ = twins(birth=date(1970, 1, 1))
    client = client_of(officer_haidian)
    first = client.get(LIST)
    assert [row["pair"].expert for row in first.context["rows"]] == [other]
    second = client.get(LIST + first.context["next_url"])
    assert [row["pair"].expert for row in second.context["rows"]] == [one]
    assert client.get(LIST + "?state=dismissed").context["rows"] == []
    assert client.get(LIST + "?reason=id_number").context["rows"] == []
    assert len(client.get(LIST + "?unit=D04&reason=reading").context["rows"]) == 1


def test_the_card_stands_where_there_is_something(client_of, officer_haidian):
    one, two = twins()
    client = client_of(officer_haidian)
    assert two.record_number in body(client.get(at(one)))
    assert "核对合并" not in body(client.get(at(make_expert("独一"))))


def test_dismissing_needs_the_right_to_change_one(client_of, leader_city, officer_haidian):
    twins()
    pair = DuplicatePair.objects.get()
    assert client_of(leader_city).post(f"{LIST}{pair.uuid}/dismiss/").status_code == 403
    client_of(officer_haidian).post(f"{LIST}{pair.uuid}/dismiss/")
    pair.refresh_from_db()
    assert pair.dismissed_by == officer_haidian


def test_a_pair_follows_the_holders_of_its_records(officer_haidian, as_app):
    one, two = twins("D03", "D03")
    for expert, expected in ((one, 0), (two, 1)):
        hold(expert, "D04")
        assert DuplicatePair.objects.visible_to(officer_haidian).count() == expected
        with as_app(officer_haidian):
            assert DuplicatePair.objects.count() == expected
