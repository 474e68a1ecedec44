"""What contacts put on the workbench: what is to be done by when, and what is arranged."""

from datetime import timedelta

import pytest

from accounts.models import UnitSetting
from activities.models import Contact
from experts.models import Expert, RosterEntry
from tests.activities.steps import planned, recorded, today
from tests.experts.pages import body, queries
from tests.factories import (
    enter,
    invited,
    make_contact,
    make_expert,
    make_follow_up,
    make_gathering,
    make_resolution,
    make_user,
    pair,
    restrict,
    unit,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


@pytest.fixture
def client(client_of, by):
    return client_of(by)


def lines(client):
    """Titles, words of when, and acts; without what is counted."""
    found = client.get("/").context["lines"]
    return [(line.title, line.due_text, line.act) for line in found if "人" not in line.due_text]


def paired(by, name, last=None, kind="officer"):
    """On the roster for long, last called on so many days ago."""
    expert = make_expert(name, awards=["CAS"], category="other")
    enter(expert)
    pair(expert, by, kind)
    if last is not None:
        make_contact(by, expert, today() - last * DAY)
    return expert


def test_items_of_all_sorts_stand_in_the_order_of_their_days(client, by):
    paired(by, "王按期", 1)
    paired(by, "林逾期", 120)
    other = make_expert("张三", category="other")
    old = make_contact(by, other, today() - 30 * DAY, next_step="送材料", next_on=today())
    make_follow_up(old, "子女入学", owner=by, due_on=today() + 3 * DAY)
    make_contact(None, other, today() - 2 * DAY, state="planned", way="", planned_by=by, recorded_at=None)
    found = lines(client)
    assert [title for title, _, _ in found] == [
        "走访 林逾期", "兑现承诺：送材料", "办理诉求：子女入学", "补记走访慰问 张三"
    ]  # fmt: skip
    assert found[0][1].startswith("超期")
    assert [act for _, _, act in found] == ["安排走访", "查看", "办结", "记录"]
    assert found[1][1] == "今天到期"
    page = body(client.get("/"))
    assert ("每 3 个月至少一次" in page, "1 项已超期" in page) == (True, True)


@pytest.mark.parametrize("gone", ["died", "left"])
def test_nothing_is_asked_about_who_has_died_or_left(client, by, gone):
    expert = make_expert("林故人", category="other")
    enter(expert)
    old = make_contact(by, expert, today() - 30 * DAY, next_step="送材料", next_on=today())
    make_follow_up(old, "子女入学", owner=by, due_on=today() + 3 * DAY)
    assert [title for title, _, _ in lines(client)] == ["兑现承诺：送材料", "办理诉求：子女入学"]
    if gone == "died":
        Expert.objects.filter(pk=expert.pk).update(died_on=today())
    else:
        entry = expert.entries.get()
        RosterEntry.objects.filter(pk=entry.pk).update(until=today(), closed_by=entry.opened_by)
    assert lines(client) == []


def test_who_is_arranged_for_is_not_asked_for_again(client, by):
    expert = paired(by, "林逾期", 120)
    planned(by, expert, on=today() + 2 * DAY, went=[by])
    assert [title for title, _, _ in lines(client)] == []
    assert [each.title for each in client.get("/").context["agenda"]] == ["走访慰问 林逾期"]


def test_an_invitation_waits_until_it_is_answered(client, by, director_haidian):
    meeting = make_gathering(director_haidian, title="第四季度例会", on=today() + 5 * DAY, room="一会议室")
    asked = invited(meeting, by)
    invited(make_gathering(director_haidian, title="开过的", on=today() - DAY), by)
    invited(make_gathering(director_haidian, title="本单位受邀", on=today() + 9 * DAY), unit("D04"))
    invited(make_gathering(director_haidian, title="请别人的", on=today() + DAY), director_haidian)
    assert [(title, act) for title, _, act in lines(client)] == [
        ("回复邀请：第四季度例会", "回复"), ("回复邀请：本单位受邀", "回复")
    ]  # fmt: skip
    url = f"/gatherings/{meeting.uuid}/"
    assert (url in body(client.get("/")), 'id="reply"' in body(client.get(url))) == (True, True)
    client.post(f"{url}invitations/{asked.uuid}/reply/", {"reply": "yes"})
    assert [title for title, _, _ in lines(client)] == ["回复邀请：本单位受邀"]


def test_a_resolution_waits_for_who_carries_it_out(client, by, director_haidian):
    meeting = make_gathering(director_haidian)
    make_resolution(meeting, "建专班", owner=by, due_on=today() - DAY)
    make_resolution(meeting, "别人的", owner=director_haidian, due_on=today())
    make_resolution(meeting, "本单位的", unit=unit("D04"), due_on=today() + DAY)
    assert [title for title, _, _ in lines(client)] == ["落实议定事项：建专班", "落实议定事项：本单位的"]


def test_a_visit_clears_the_line(client, by):
    expert = paired(by, "林逾期", 120)
    assert len(lines(client)) == 1
    recorded(by, expert)
    assert lines(client) == []


def test_only_the_users_own_are_asked_for(client, by, director_haidian):
    paired(director_haidian, "别人的", 120)
    contact = make_contact(
        director_haidian, make_expert("张三", category="other"), next_step="送", next_on=today()
    )
    make_follow_up(contact, owner=director_haidian)
    assert lines(client) == []


def test_a_leader_sees_whom_to_call_on_and_plans_nothing(client_of, leader_city):
    paired(leader_city, "林逾期", 120, "leader")
    assert [(title, act) for title, _, act in lines(client_of(leader_city))] == [("走访 林逾期", "查看")]


def test_the_days_for_writing_down_are_the_units(client, by):
    expert = make_expert("张三", category="other")
    make_contact(None, expert, today() - 5 * DAY, state="planned", way="", planned_by=by, recorded_at=None)
    assert lines(client)[0][1] == f"{today() + 2 * DAY:%m-%d}"
    UnitSetting.objects.create(unit=unit("D04"), key="contact_record_days", value=3)
    assert lines(client)[0][1] == "超期 2 天"


def test_nothing_of_restricted_experts_is_asked_of_who_left_the_list(client, by, cleared_city):
    expert = paired(by, "金丝雀", 120)
    contact = make_contact(by, expert, today() - 100 * DAY, next_step="金丝雀承诺", next_on=today())
    make_follow_up(contact, "金丝雀诉求", owner=by)
    planned(by, expert, on=today() + DAY, went=[by])
    assert "金丝雀" in body(client.get("/"))
    restrict(expert, cleared_city, make_user())
    assert "金丝雀" not in body(client.get("/"))


def test_days_ahead_are_two_weeks(client, by):
    expert = make_expert("张三", category="other")
    for days in (0, 3, 14, 15):
        planned(by, expert, on=today() + days * DAY, starts="10:00", venue="办公室")
    found = client.get("/").context["agenda"]
    days = [today(), today() + 3 * DAY, today() + 14 * DAY]
    assert [each.when[:5] for each in found] == [f"{day:%m-%d}" for day in days]
    assert found[0].when.endswith("10:00")


def test_the_workbench_asks_the_same_at_one_of_each_and_at_three(client, by, director_haidian):
    def one_of_each():
        paired(by, "林逾期", 120)
        contact = make_contact(by, make_expert("张三"), next_step="送材料", next_on=today())
        make_follow_up(contact, owner=by)
        planned(by, make_expert("李四"), on=today() + DAY, went=[by])
        make_contact(None, make_expert("王五"), today() - DAY, state="planned", way="", planned_by=by,
                     recorded_at=None)  # fmt: skip
        invited(make_gathering(director_haidian, on=today() + 20 * DAY), by)
        make_resolution(make_gathering(director_haidian), owner=by)

    client.get("/")
    one_of_each()
    first = queries(client, "/")
    one_of_each()
    one_of_each()
    second = queries(client, "/")
    assert Contact.objects.count() == 12
    assert (len(first), len(second)) == (21, 21), "\n".join(second)
