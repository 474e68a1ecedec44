"""The calendar: whose things stand in it, in which view, at what cost; conflicts hint at nothing hidden."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from activities.calendar.entries import Asked, Entry
from activities.calendar.grid import bounds, days, following, preceding, weeks
from activities.calendar.sources import entries, kinds
from activities.conflicts import Plan, conflicts, moving
from activities.models import ContactPerson, TrainingPlan
from tests.activities.test_gathering_views import text_of
from tests.experts.pages import queries
from tests.factories import (
    invited,
    make_class,
    make_contact,
    make_expert,
    make_follow_up,
    make_gathering,
    make_guest,
    make_nomination,
    make_plan,
    make_resolution,
    make_user,
    restrict,
    unit,
)

pytestmark = pytest.mark.django_db
PAGE = "/calendar/"
PLANNED = {"state": "planned", "way": "", "recorded_by": None, "recorded_at": None}


def soon(number=1):
    return timezone.localdate() + timedelta(days=number)


def plan(by, expert, on=None, people=(), **facts):
    contact = make_contact(by, expert, on or soon(), **(PLANNED | {"planned_by": by} | facts))
    for each in people:
        ContactPerson.objects.create(contact=contact, user=each, capacity="leader")
    return contact


def titles(user, **asked):
    found, _ = entries(user, Asked(soon(-40), soon(40), **asked))
    return [entry.title for entry in found]


def at(kind, on, **facts):
    more = {"key": f"{kind}-{on}", "title": "甲", "outside": "乙", "url": "/", "version": 1}
    more["changed_at"] = timezone.now()
    return Entry(kind=kind, on=on, **(more | facts))


def test_a_month_is_whole_weeks_from_monday():
    on = date(2026, 11, 23)
    assert bounds("month", on) == (date(2026, 10, 26), date(2026, 12, 6))
    assert bounds("week", on) == (date(2026, 11, 23), date(2026, 11, 29))
    assert bounds("list", on) == (date(2026, 11, 1), date(2026, 11, 30))
    found = days("month", on, [at("visit", date(2026, 11, 3)), at("training", on, last=date(2026, 11, 25))])
    assert [len(week) for week in weeks(found)] == [7] * 6
    assert [day.day.day for day in found if day.entries] == [3, 23, 24, 25]
    assert [day.day for day in days("list", on, [at("visit", on)])] == [on]


@pytest.mark.parametrize("on", [date(2024, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2026, 5, 31)])
def test_pages_follow_each_other_without_a_gap(on):
    for view in ("month", "week", "list"):
        after, before = following(view, on), preceding(view, on)
        if view != "month":
            assert bounds(view, after)[0] == bounds(view, on)[1] + timedelta(days=1)
            assert bounds(view, before)[1] == bounds(view, on)[0] - timedelta(days=1)
        assert (after.year, after.month, before < on < after)[2]


def test_a_busy_day_shows_four_and_says_how_many_more():
    on = date(2026, 11, 23)
    (day,) = [
        day for day in days("month", on, [at("visit", on, key=str(n)) for n in range(7)]) if day.entries
    ]
    assert (len(day.shown), day.more) == (4, 3)


def test_mine_is_what_i_take_part_in_and_the_units_is_all_of_it(officer_haidian, leader_city, staff_city):
    expert, other = make_expert("王小明"), make_expert("李大同")
    plan(officer_haidian, expert, people=[leader_city])
    plan(staff_city, other, unit_code="BJ")
    make_contact(officer_haidian, other, soon(-3), next_step="送资料", next_on=soon(5))
    make_follow_up(make_contact(staff_city, other, soon(-4), "BJ"), owner=officer_haidian, due_on=soon(6))
    meeting = make_gathering(staff_city, "BJ", title="市里例会", on=soon(2))
    invited(meeting, unit("D04"))
    make_resolution(meeting, "拟定方案", owner=leader_city)
    mine = titles(officer_haidian)
    assert mine == [
        "走访慰问 李大同", "走访慰问 王小明", "市里例会", "兑现：送资料",
        "诉求：子女入学咨询",
    ]  # fmt: skip
    assert titles(leader_city) == ["走访慰问 王小明", "拟定方案"]
    everything = titles(officer_haidian, mine=False)
    assert everything.count("走访慰问 李大同") == 3
    assert titles(staff_city, mine=False, unit=unit("D03")) == []


def test_kinds_narrow(officer_haidian):
    plan(officer_haidian, make_expert("王小明"))
    make_gathering(officer_haidian, title="例会", on=soon())
    asked = Asked(soon(), soon())
    for kind, shown in (("visit", ["走访慰问 王小明"]), ("meeting", ["例会"]), ("promise", [])):
        assert [entry.title for entry in entries(officer_haidian, asked, {kind})[0]] == shown
    assert len(kinds()) == 7


def test_classes_of_ones_own_unit_or_with_its_experts(officer_haidian, officer_chaoyang, staff_city):
    own = make_class(make_plan(officer_haidian, approver=staff_city), title="区里班", starts_in=2)
    city = make_class(
        make_plan(staff_city, "BJ", approver=officer_haidian), title="市里班", starts_in=-1, days=3
    )
    make_class(make_plan(staff_city, "BJ", year=2027), title="未批准", starts_in=1)
    assert titles(officer_haidian) == ["区里班"]
    make_nomination(officer_haidian, city, make_expert("王小明"))
    assert titles(officer_haidian) == ["市里班", "区里班"]
    assert titles(officer_haidian, mine=False) == ["市里班", "区里班"]
    assert titles(staff_city, mine=False) == ["市里班", "未批准", "区里班"]
    assert titles(officer_chaoyang, mine=False) == ["市里班"]
    assert titles(staff_city, mine=False, unit=unit("D04")) == [own.title]


def test_a_class_stands_on_all_its_days(client_of, officer_haidian, staff_city):
    make_class(make_plan(officer_haidian, approver=staff_city), 0, days=3, title="国情研修班")
    page = text_of(client_of(officer_haidian).get(f"{PAGE}?view=list&on={soon():%Y-%m-%d}&kind=training"))
    assert page.count("国情研修班") >= 2


def test_a_symposium_stands_once(officer_haidian):
    expert = make_expert("王小明")
    symposium = make_gathering(officer_haidian, kind="symposium", title="座谈会", on=soon(-1))
    contact = make_contact(officer_haidian, expert, soon(-1), kind="symposium", way="symposium")
    make_guest(symposium, expert, attendance="came", contact=contact)
    assert titles(officer_haidian) == ["座谈会"]


def test_the_page_in_every_view(client_of, officer_haidian):
    client = client_of(officer_haidian)
    plan(officer_haidian, make_expert("王小明"), timezone.localdate(), starts=time(10))
    for query in ("", "?view=week", "?view=list", "?scope=unit&unit=D04", "?kind=visit&kind=meeting"):
        page = text_of(client.get(PAGE + query))
        assert "走访慰问 王小明" in page, query
    assert "走访慰问 王小明" not in text_of(client.get(f"{PAGE}?kind=meeting"))
    assert "没有事项" in text_of(client.get(f"{PAGE}?view=list&on=2014-03-01"))


@pytest.mark.parametrize("query", [
    "?view=x", "?on=9999-12-31", "?on=0001-01-01", "?on=x", "?scope=unit&unit=%00", "?kind=x",
    "?on=2100-12-31",
    "?view=week&on=2014-01-01",
])  # fmt: skip
def test_no_address_breaks_the_calendar(client_of, officer_haidian, query):
    assert client_of(officer_haidian).get(PAGE + query).status_code == 200


def test_what_the_calendar_costs(client_of, officer_haidian):
    client = client_of(officer_haidian)
    client.get(PAGE)

    def add():
        expert = make_expert()
        plan(officer_haidian, expert, timezone.localdate())
        contact = make_contact(officer_haidian, expert, next_step="送资料", next_on=timezone.localdate())
        make_follow_up(contact, owner=officer_haidian, due_on=timezone.localdate())
        meeting = make_gathering(officer_haidian)
        make_resolution(meeting, owner=officer_haidian, due_on=timezone.localdate())
        make_class(make_plan(officer_haidian, year=2026 + TrainingPlan.objects.count()), 0)

    counts = []
    for more in (1, 2):
        for _ in range(more):
            add()
        counts.append([len(queries(client, PAGE + query)) for query in ("", "?view=week", "?scope=unit")])
    assert counts == [[10, 10, 10], [10, 10, 10]]


# Conflicts


def clashes(user, **facts):
    return [(each.who, each.what) for each in conflicts(user, Plan(**({"on": soon()} | facts)))]


def test_a_leader_an_expert_and_a_room_that_are_taken(officer_haidian, leader_city):
    expert = make_expert("王小明")
    plan(officer_haidian, expert, people=[leader_city], starts=time(14), ends=time(15))
    meeting = make_gathering(
        officer_haidian, title="例会", on=soon(), room="三层 会议室", room_key="三层会议室"
    )
    invited(meeting, leader_city)
    person, hours = (leader_city,), {"starts": time(14, 30), "ends": time(15)}
    assert clashes(officer_haidian, people=person, **hours) == [
        (str(leader_city), "走访慰问（王小明）"),
        (str(leader_city), "例会"),
    ]
    assert clashes(officer_haidian, experts=(expert,), **hours) == [("王小明", "走访慰问（王小明）")]
    assert clashes(officer_haidian, room="三层会议室 ", **hours) == [("三层 会议室", "例会")]
    for free in ({"starts": time(16), "ends": time(17)}, {"on": soon(2)}):
        assert clashes(officer_haidian, people=person, experts=(expert,), room="三层会议室", **free) == []
    assert clashes(officer_haidian, people=person, but=meeting.uuid, starts=time(15, 30)) == []


@pytest.mark.parametrize(("starts", "ends", "meets"), [
    ((10, 0), None, True), ((10, 59), None, True), ((11, 0), None, False), ((9, 1), None, True),
    ((9, 0), None, False), ((8, 0), (10, 0), False), ((8, 0), (10, 1), True), (None, None, True),
])  # fmt: skip
def test_what_has_no_end_takes_an_hour(starts, ends, meets):
    at = [time(*each) if each else None for each in (starts, ends)]
    assert Plan(soon(), time(10)).meets(*at) == meets
    assert Plan(soon(), time(23, 30)).meets(time(23, 50), None) is True


def test_whoever_has_declined_is_free_and_their_delegate_is_not(officer_haidian, leader_city):
    meeting = make_gathering(officer_haidian, title="例会", on=soon())
    answered = {"replied_by": leader_city, "replied_at": timezone.now()}
    invitation = invited(meeting, leader_city, reply="no", **answered)
    assert clashes(officer_haidian, people=(leader_city,)) == []
    other = make_user()
    type(invitation).objects.update(reply="delegate", delegate=other)
    assert clashes(officer_haidian, people=(leader_city, other)) == [(str(other), "例会")]


def test_a_visit_to_a_hidden_expert_makes_nobody_busy(client_of, officer_haidian, leader_city, cleared_city):
    client, address = client_of(officer_haidian), "/calendar/conflicts/"
    asked = {"on": soon().isoformat(), "people": "leader_city", "starts": "10:00", "ends": "11:00"}
    nothing = client.get(address, asked).content
    hidden = restrict(make_expert("金丝雀"), cleared_city, make_user())
    plan(cleared_city, hidden, unit_code="BJ", people=[leader_city], starts=time(10), venue="金丝雀研究所")
    closed = make_gathering(
        cleared_city, "BJ", kind="symposium", on=soon(), invited_only=True, title="金丝雀会"
    )
    invited(closed, leader_city)
    make_guest(closed, hidden)
    assert client.get(address, asked).content == nothing
    assert clashes(cleared_city, people=(leader_city,)) != []
    query = {"scope": "unit", "on": soon().isoformat()}
    assert "金丝雀" not in text_of(client.get(PAGE, query))
    assert "金丝雀" in text_of(client_of(cleared_city).get(PAGE, query))


def test_moving_a_gathering_asks_about_whoever_is_invited_already(
    client_of, officer_haidian, leader_city, cleared_city
):
    meeting = make_gathering(officer_haidian, kind="symposium", title="座谈", on=soon(2))
    guest, hidden = make_expert("王小明"), make_expert("金丝雀")
    invited(meeting, leader_city)
    for each in (guest, hidden):
        make_guest(meeting, each)
        plan(officer_haidian, each, starts=time(14), ends=time(15))
    plan(officer_haidian, make_expert("别人"), people=[leader_city], starts=time(14), ends=time(15))
    asked = {"on": soon().isoformat(), "starts": "14:00", "ends": "15:00", "moves": str(meeting.uuid)}
    client = client_of(officer_haidian)
    page = text_of(client.get("/calendar/conflicts/", asked))
    assert ("王小明" in page, "金丝雀" in page, str(leader_city) in page) == (True, True, True)
    restrict(hidden, cleared_city, make_user())
    page = text_of(client.get("/calendar/conflicts/", asked))
    assert ("王小明" in page, "金丝雀" in page) == (True, False)
    assert text_of(client.get("/calendar/conflicts/", asked | {"moves": str(uuid4())})).strip() == ""


def test_who_sends_somebody_or_stays_away_does_not_move_along(officer_haidian, leader_city):
    meeting = make_gathering(officer_haidian)
    answered = {"replied_by": leader_city, "replied_at": timezone.now()}
    invitation, other = invited(meeting, leader_city, reply="no", **answered), make_user()
    assert moving(officer_haidian, Plan(soon()), meeting).people == ()
    type(invitation).objects.update(reply="delegate", delegate=other)
    assert moving(officer_haidian, Plan(soon()), meeting).people == (other,)


@pytest.mark.parametrize("asked", [
    {}, {"on": "x"}, {"on": "2026-01-01", "moves": "x"}, {"on": "2026-01-01", "starts": "99", "but": "x"},
    {"on": "2026-01-01", "people": "\0", "expert": "x", "room": "\0"},
])  # fmt: skip
def test_no_question_breaks_the_check(client_of, officer_haidian, asked):
    answer = client_of(officer_haidian).get("/calendar/conflicts/", asked)
    assert (answer.status_code, text_of(answer).strip()) == (200, "")
