"""What meetings and briefings remind of."""

from datetime import date

import pytest
from django.utils import timezone

from accounts.roles import Role
from activities.models import Briefing, Gathering, Invitation, Receipt, Resolution
from reminders.delivery import deliver
from reminders.planning import plan
from tests.activities.test_reminders import days_told
from tests.experts.grants import head, worker
from tests.factories import invited, make_gathering, make_resolution, unit
from tests.reminders.ticking import at, remind

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 16)


@pytest.fixture
def host(db):
    return worker("召集人")


@pytest.fixture
def guest(db):
    return worker("受邀人", at="D03")


def test_an_invitation_is_told_at_once_and_once(host, guest):
    gathering = make_gathering(host, on=DAY)
    row = invited(gathering, guest)
    invited(gathering, host)
    Invitation.objects.update(invited_at=at("2026-12-01", 15, 20))
    assert remind(at("2026-12-01", 15, 19), "meeting_invited") == []
    assert remind(at("2026-12-01", 15, 20), "meeting_invited") == [("meeting_invited", "受邀人")]
    assert remind(at("2026-12-01", 15, 21), "meeting_invited") == []
    Invitation.objects.filter(pk=row.pk).update(invited_at=at("2026-12-02", 9))
    plan(at("2026-12-02", 9), all_rules=True)
    Invitation.objects.filter(pk=row.pk).update(reply="yes", replied_by=guest, replied_at=timezone.now())
    assert deliver(at("2026-12-02", 9)).sent == 0


def test_an_invitation_to_a_meeting_far_ahead_waits_until_it_comes_near(host, guest):
    invited(make_gathering(host, on=DAY), guest)
    Invitation.objects.update(invited_at=at("2026-09-01", 10))
    assert days_told(guest, "meeting_invited", "2026-11-14", "2026-11-18") == ["11-16"]
    assert days_told(guest, "meeting_invited", "2026-12-10", "2026-12-17") == []


def test_a_unit_without_officers_is_invited_through_its_head(host):
    head("负责人乙", "D03")
    worker("领导乙", Role.LEADER, at="D03")
    invited(make_gathering(host, on=DAY), unit("D03"))
    assert remind(at("2026-12-11"), "reply_missing") == [("reply_missing", "负责人乙")]
    worker("受邀人", at="D03")
    assert remind(at("2026-12-15"), "reply_missing") == [("reply_missing", "受邀人")]


def test_an_invitation_without_a_reply_reminds_twice_and_then_no_more(host, guest):
    row = invited(make_gathering(host, on=DAY), guest)
    assert days_told(guest, "reply_missing", "2026-12-08", "2026-12-17") == ["12-11", "12-15"]
    Gathering.objects.update(on=date(2026, 12, 30))
    Invitation.objects.filter(pk=row.pk).update(reply="no", replied_by=guest, replied_at=timezone.now())
    assert days_told(guest, "reply_missing", "2026-12-18", "2026-12-30") == []


def test_an_invited_unit_is_reminded_through_its_officers(host, guest):
    invited(make_gathering(host, on=DAY), unit("D03"))
    assert remind(at("2026-12-11"), "reply_missing") == [("reply_missing", "受邀人")]


def test_who_comes_and_who_called_the_meeting_are_reminded_three_days_and_one_day_before(host, guest):
    invited(make_gathering(host, on=DAY), guest, reply="yes", replied_by=guest, replied_at=timezone.now())
    assert days_told(guest, "meeting_soon", "2026-12-08", "2026-12-17") == ["12-13", "12-15"]
    assert remind(at("2026-12-15"), "meeting_soon") == []


def test_a_delegate_is_reminded_in_the_place_of_who_was_invited(host, guest):
    other = worker("代表")
    invited(
        make_gathering(host, on=DAY), guest, reply="delegate", delegate=other, replied_by=guest,
        replied_at=timezone.now(),
    )  # fmt: skip
    assert remind(at("2026-12-13"), "meeting_soon") == [("meeting_soon", "代表"), ("meeting_soon", "召集人")]


def test_a_cancelled_meeting_reminds_nobody(host, guest):
    invited(make_gathering(host, on=DAY), guest)
    Gathering.objects.update(state="cancelled", reason="另行安排")
    assert remind(at("2026-12-15")) == []


def test_a_meeting_without_minutes_reminds_who_called_it(host):
    make_gathering(host, on=DAY)
    assert days_told(host, "minutes_missing", "2026-12-15", "2026-12-21") == ["12-17", "12-20"]
    Gathering.objects.update(state="done", minutes="议定两项", minutes_by=host, minutes_at=timezone.now())
    assert days_told(host, "minutes_missing", "2026-12-22", "2026-12-28") == []


def test_a_resolution_reminds_its_owner_until_it_is_done(host, guest):
    make_resolution(make_gathering(host, on=DAY), owner=guest, due_on=date(2026, 12, 20))
    make_resolution(make_gathering(host, on=DAY), unit=unit("D03"), due_on=date(2027, 3, 1))
    assert days_told(guest, "resolution_due", "2026-12-15", "2026-12-28") == ["12-17", "12-20", "12-27"]
    Resolution.objects.filter(owner=guest).update(done_at=timezone.now(), done_by=guest, outcome="已办")
    assert days_told(guest, "resolution_due", "2026-12-29", "2027-01-05") == []
    assert remind(at("2027-03-01"), "resolution_due") == [("resolution_due", "受邀人")]


def test_a_briefing_reminds_who_has_not_read_it(host, guest):
    briefing = Briefing.objects.create(
        unit=unit("D04"), title="近期情况", text="通报", created_by=host, sent_by=host, state="sent",
        sent_at=at("2026-12-01", 10),
    )  # fmt: skip
    receipt = Receipt.objects.create(briefing=briefing, user=guest)
    assert days_told(guest, "briefing_unread", "2026-12-01", "2026-12-08") == ["12-04", "12-07"]
    Receipt.objects.filter(pk=receipt.pk).update(read_at=timezone.now())
    assert days_told(guest, "briefing_unread", "2026-12-09", "2026-12-15") == []
