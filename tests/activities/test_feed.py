"""Subscribing to the calendar: a private address, neutral words, rights of the moment, no token logged."""

import io
import logging
import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject
from django.test import Client
from django.utils import timezone

from activities.actions.training import cancel_class
from activities.models import CalendarFeed, Contact, Gathering, TrainingPlan
from audit.models import Event
from core.logs import ReticentFormatter
from tests.activities.test_calendar import plan, soon
from tests.factories import (
    make_class,
    make_contact,
    make_expert,
    make_follow_up,
    make_gathering,
    make_nomination,
    make_plan,
    make_resolution,
    make_user,
    restrict,
)

pytestmark = pytest.mark.django_db
SETTINGS, RENEW, REVOKE = "/calendar/feed/", "/calendar/feed/renew/", "/calendar/feed/revoke/"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def subscribe(client):
    """The path of a new address."""
    page = client.post(RENEW).content.decode()
    return re.search(r"http://testserver(/calendar/feed/[\w-]+\.ics)", page)[1]


def fetched(path, **headers):
    return Client().get(path, headers=headers)


def events(path):
    calendar = icalendar.Calendar.from_ical(fetched(path).content)
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


@pytest.fixture
def path(client_of, officer_haidian):
    return subscribe(client_of(officer_haidian))


def test_the_address_is_shown_once_and_kept_as_a_digest(client_of, officer_haidian):
    client = client_of(officer_haidian)
    path = subscribe(client)
    token = path.split("/")[-1].removesuffix(".ics")
    assert token not in client.get(SETTINGS).content.decode()
    kept = CalendarFeed.objects.values().get()
    assert token not in str(kept)
    assert len(kept["digest"]) == 64


def test_renewing_and_revoking_close_the_old_address(client_of, officer_haidian):
    client = client_of(officer_haidian)
    first = subscribe(client)
    second = subscribe(client)
    assert [fetched(each).status_code for each in (first, second)] == [404, 200]
    client.post(REVOKE)
    assert fetched(second).status_code == 404
    assert [e.verb for e in Event.objects.filter(kind="calendar_feed").order_by("id")] == [
        "grant", "grant", "export", "revoke",
    ]  # fmt: skip


def test_it_opens_without_a_sign_in_and_says_when_it_was_used(client_of, officer_haidian, path):
    answer = fetched(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"].startswith("private")
    assert not answer.cookies
    assert CalendarFeed.objects.get().used_at
    fetched(path)
    assert Event.objects.filter(kind="calendar_feed", verb="export").count() == 1


def test_an_inactive_user_and_an_unknown_token_answer_alike(officer_haidian, path):
    officer_haidian.is_active = False
    officer_haidian.save()
    answers = [fetched(each) for each in (path, f"/calendar/feed/{'x' * 43}.ics")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_whoever_has_lost_every_role_gets_an_empty_calendar(officer_haidian, path):
    make_gathering(officer_haidian, on=soon())
    assert len(events(path)) == 1
    officer_haidian.assignments.all().delete()
    assert events(path) == {}


def test_it_answers_another_signed_in_user_with_its_owners_calendar(
    client_of, auditor, officer_haidian, path
):
    make_gathering(officer_haidian, on=soon())
    assert b"BEGIN:VEVENT" in client_of(auditor).get(path).content


def test_nothing_of_an_expert_leaves(officer_haidian, path):
    expert = make_expert("王小明", employer="示范研究所")
    where = {"venue": "示范研究所三层", "note": "专家家中"}
    plan(officer_haidian, expert, starts=time(10), ends=time(11), **where)
    plan(officer_haidian, expert, kind="phone")
    contact = make_contact(
        officer_haidian, expert, soon(-2), next_step="送书给王小明", next_on=soon(3), heard="王说"
    )
    make_follow_up(contact, text="王小明的诉求", owner=officer_haidian, due_on=soon(4))
    make_gathering(officer_haidian, kind="symposium", title="与王小明座谈", room="示范研究所", on=soon(5))
    make_resolution(make_gathering(officer_haidian, on=soon(6)), "走访王小明", owner=officer_haidian)
    course = make_class(make_plan(officer_haidian, approver=make_user()), title="王小明主讲")
    make_nomination(officer_haidian, course, expert)
    text = fetched(path).content.decode().replace("\r\n ", "")
    for said in ("王", "示范研究所", "诉求", "送书", "专家家中"):
        assert said not in text.replace("办理一项诉求或建言", "")
    assert set(events(path)) == {
        "走访一位专家", "联系一位专家", "兑现一项承诺", "办理一项诉求或建言", "座谈联谊活动", "海淀区委例会",
        "议定事项到期", "海淀区委国情研修班",
    }  # fmt: skip
    assert "http://testserver/contacts/" in text


def test_a_restricted_expert_leaves_only_with_those_on_the_list(
    client_of, officer_haidian, cleared_city, path
):
    expert = make_expert("金丝雀")
    contact = plan(officer_haidian, expert)
    ContactOf = contact.people.model
    ContactOf.objects.create(contact=contact, user=cleared_city, capacity="officer")
    before = fetched(path).content
    assert b"BEGIN:VEVENT" in before
    restrict(expert, cleared_city, make_user())
    assert events(path) == {}
    assert len(events(subscribe(client_of(cleared_city)))) == 1


def test_times_are_those_of_shanghai_wherever_they_are_read(officer_haidian, path):
    make_gathering(officer_haidian, on=date.fromisoformat(soon().isoformat()), room="三层会议室")
    (event,) = events(path).values()
    start = event["dtstart"].dt
    assert start.utcoffset() == timedelta(hours=8)
    assert start == datetime.combine(soon(), time(14), SHANGHAI)
    text = fetched(path).content.decode()
    assert "DTSTART;TZID=Asia/Shanghai:" in text
    assert text.count("BEGIN:VTIMEZONE") == 1
    assert str(event["location"]) == "三层会议室"


def test_uids_stay_and_the_sequence_grows_with_a_change(officer_haidian, path):
    gathering = make_gathering(officer_haidian, on=soon())
    (before,) = events(path).values()
    Gathering.objects.update(version=3, on=soon(2))
    (after,) = events(path).values()
    assert before["uid"] == after["uid"]
    assert (before["sequence"], after["sequence"]) == (0, 2)
    assert after["dtstart"].dt.date() == soon(2)
    assert str(gathering.uuid) in before["uid"]


def test_what_is_called_off_is_shown_as_such(officer_haidian, path):
    plan(officer_haidian, make_expert())
    Contact.objects.update(state="cancelled", hindrance="ours", version=2)
    (event,) = events(path).values()
    assert (event["status"], event["sequence"]) == ("CANCELLED", 1)


def test_a_class_leaves_with_all_its_days_and_every_change(officer_haidian, staff_city, path):
    course = make_class(make_plan(officer_haidian), days=3, base="区委党校")
    (event,) = events(path).values()
    assert (event["dtstart"].dt, event["dtend"].dt) == (course.starts_on, course.ends_on + timedelta(days=1))
    assert (event["status"], event["sequence"], str(event["location"])) == ("TENTATIVE", 0, "区委党校")
    TrainingPlan.objects.update(state="approved", approved_by=staff_city, approved_at=timezone.now())
    cancel_class(by=officer_haidian, training=course)
    (after,) = events(path).values()
    assert (after["uid"], after["status"], after["sequence"]) == (event["uid"], "CANCELLED", 1)
    assert after["last-modified"].dt > event["last-modified"].dt - timedelta(seconds=1)


def test_a_second_parser_opens_it_without_errors(officer_haidian, path):
    plan(officer_haidian, make_expert())
    plan(officer_haidian, make_expert(), starts=time(23, 30))
    make_gathering(officer_haidian, on=soon(2))
    calendar = icalendar.Calendar.from_ical(fetched(path).content)
    assert [event.errors for event in calendar.walk() if event.errors] == []
    found = recurring_ical_events.of(calendar).between(soon(), soon(3))
    assert sorted(str(event["summary"]) for event in found) == [
        "海淀区委例会",
        "走访一位专家",
        "走访一位专家",
    ]


def test_the_parser_of_caldav_servers_reads_it_as_it_stands(officer_haidian, path):
    """Strictly: an unknown line, a wrong length or a missing property would raise."""
    plan(officer_haidian, make_expert(), starts=time(9), ends=time(10, 30))
    make_class(make_plan(officer_haidian, approver=make_user()), days=3)
    found = vobject.readOne(fetched(path).content.decode("utf-8"))
    found.validate(raiseException=True)
    by_title = {event.summary.value: event for event in found.vevent_list}
    visit, course = by_title["走访一位专家"], by_title["海淀区委国情研修班"]
    assert visit.dtstart.value.utcoffset() == timedelta(hours=8)
    assert visit.dtstart.value.time() == time(9)
    assert visit.dtend.value - visit.dtstart.value == timedelta(hours=1, minutes=30)
    assert course.dtend.value - course.dtstart.value == timedelta(days=3)
    assert len({event.uid.value for event in found.vevent_list}) == 2
    assert found.vtimezone.tzid.value == "Asia/Shanghai"


def test_the_same_calendar_is_not_sent_twice(officer_haidian, path):
    make_gathering(officer_haidian, on=soon())
    tag = fetched(path).headers["ETag"]
    answer = fetched(path, if_none_match=tag)
    assert (answer.status_code, answer.content) == (304, b"")
    make_gathering(officer_haidian, on=soon())
    assert fetched(path, if_none_match=tag).status_code == 200


def test_too_many_asks_in_an_hour_are_put_off(path):
    fetched(path)
    CalendarFeed.objects.update(asks=59)
    assert [fetched(path).status_code for _ in range(3)] == [200, 429, 429]
    CalendarFeed.objects.update(hour=timezone.now() - timedelta(hours=2))
    assert fetched(path).status_code == 200


def test_feeds_are_their_owners(officer_haidian, director_haidian, as_app, sql, path):
    with as_app(director_haidian):
        assert sql("SELECT * FROM activities_calendarfeed") == []
    with as_app(officer_haidian):
        assert len(sql("SELECT * FROM activities_calendarfeed")) == 1
    with as_app(None):
        assert sql("SELECT * FROM activities_open_feed('x', 60)") == []


def test_the_token_is_in_no_log(path):
    token = path.split("/")[-1].removesuffix(".ics")
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(ReticentFormatter("{levelname} {message}", style="{"))
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        CalendarFeed.objects.all().delete()
        assert fetched(path).status_code == 404
    finally:
        logger.removeHandler(handler)
    assert "/calendar/feed/" in out.getvalue()
    assert token not in out.getvalue()


def test_the_access_log_of_the_web_server_leaves_the_token_out():
    from liaison.access_log import AccessLog

    assert AccessLog.without_secrets("/calendar/feed/abcDEF_-123.ics") == "/calendar/feed/….ics"
    assert AccessLog.without_secrets("/experts/") == "/experts/"
