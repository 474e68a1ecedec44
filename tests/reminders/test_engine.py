"""Planning and delivery: once, whoever plans and however often; late ones are not lost; what is untrue is not
told."""

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.actions import set_unit_setting
from accounts.roles import Role
from core.models import Holiday
from reminders.delivery import BACKOFF, MOST_ATTEMPTS, deliver
from reminders.models import Message, PlanMark, PlannedReminder, Tally
from reminders.planning import plan, window_start
from reminders.registry import REGISTRY
from reminders.rules import ROLE_EXPIRING
from tests.factories import assign, make_user, unit
from tests.reminders.ticking import at, remind, told
from tests.roles import as_role

pytestmark = pytest.mark.django_db
LAST_DAY = date(2026, 12, 15)
FIRST = LAST_DAY - timedelta(days=14)


@pytest.fixture
def ending(db):
    """Somebody whose role ends soon."""
    person = make_user()
    assign(person, Role.LIAISON_OFFICER, unit("D04"), until=LAST_DAY)
    return person


def tallied():
    return list(
        Tally.objects.order_by("rule", "day").values_list("day", "planned", "sent", "dropped", "failed")
    )


def test_planned_once_and_delivered_once(ending):
    now = at(FIRST, 9)
    assert plan(now, all_rules=True) == {"role_expiring": 1}
    assert plan(now, all_rules=True) == {}
    assert deliver(now).sent == 1
    assert deliver(now).total == 0
    message = Message.objects.get(recipient=ending)
    assert (message.text, message.due_at) == (ROLE_EXPIRING.text, at(FIRST))


def test_nothing_is_due_before_its_moment(ending):
    assert plan(at(FIRST, 7, 59), all_rules=True) == {}
    assert plan(at(FIRST), all_rules=True) == {"role_expiring": 1}


def test_what_is_planned_waits_for_its_moment(ending):
    plan(at(FIRST, 9), all_rules=True)
    assert deliver(at(FIRST, 7, 59)).total == 0
    assert deliver(at(FIRST)).sent == 1


def test_three_days_without_a_tick_lose_nothing(ending):
    plan(at(FIRST - timedelta(days=1), 12), all_rules=True)
    assert remind(at(FIRST + timedelta(days=3), 12)) == [("role_expiring", ending.username)]
    assert Tally.objects.get().latest_seconds == 3 * 86400 + 4 * 3600


def test_the_server_may_be_in_any_zone(ending):
    """8:00 is Shanghai's, whatever the zone of the session."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'America/New_York'")
        assert plan(at(FIRST, 7, 59), all_rules=True) == {}
        assert plan(at(FIRST), all_rules=True) == {"role_expiring": 1}
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    assert PlannedReminder.objects.get().due_at == at(FIRST)


def test_after_a_long_pause_only_the_latest_of_a_kind_is_told(ending):
    plan(at(FIRST - timedelta(days=1), 12), all_rules=True)
    remind(at(LAST_DAY - timedelta(days=1), 12))
    message = Message.objects.get(recipient=ending)
    assert message.due_at == at(LAST_DAY - timedelta(days=1))


def test_an_older_reminder_that_waited_gives_way_to_the_newer(ending):
    plan(at(FIRST), all_rules=True)
    plan(at(LAST_DAY - timedelta(days=1)), all_rules=True)
    done = deliver(at(LAST_DAY - timedelta(days=1), 9))
    assert (done.sent, done.dropped) == (1, 1)
    assert Message.objects.get(recipient=ending).due_at == at(LAST_DAY - timedelta(days=1))


def test_a_cause_that_changes_a_second_before_the_tick_is_not_told(ending):
    plan(at(FIRST), all_rules=True)
    ending.assignments.update(until=None)
    done = deliver(at(FIRST))
    assert (done.sent, done.dropped) == (0, 1)
    assert told(ending) == []
    assert tallied() == [(FIRST, 1, 0, 1, 0)]


def test_whoever_was_disabled_meanwhile_is_told_nothing(ending):
    plan(at(FIRST), all_rules=True)
    ending.is_active = False
    ending.save(update_fields=["is_active"])
    assert deliver(at(FIRST)).dropped == 1


def test_a_rule_that_a_unit_switches_off_is_silent_there_and_below(ending):
    by = make_user()
    below = make_user()
    assign(below, Role.LIAISON_OFFICER, unit("D04-01"), until=LAST_DAY)
    elsewhere = make_user()
    assign(elsewhere, Role.LIAISON_OFFICER, unit("D03"), until=LAST_DAY)
    set_unit_setting(by=by, unit=unit("D04"), key=ROLE_EXPIRING.switch, value=0)
    assert remind(at(FIRST)) == [("role_expiring", elsewhere.username)]


def test_a_rule_switched_off_after_planning_is_not_delivered(ending):
    plan(at(FIRST), all_rules=True)
    set_unit_setting(by=make_user(), unit=unit("BJ"), key=ROLE_EXPIRING.switch, value=0)
    assert deliver(at(FIRST)).dropped == 1


def test_a_unit_tunes_a_number(ending):
    key = ROLE_EXPIRING.setting(ROLE_EXPIRING.numbers[0])
    set_unit_setting(by=make_user(), unit=unit("BJ"), key=key, value=30)
    assert remind(at(LAST_DAY - timedelta(days=30))) == [("role_expiring", ending.username)]
    assert remind(at(FIRST)) == []


def test_daily_rules_are_looked_at_once_an_hour(ending):
    assert plan(at(FIRST, 7, 59)) == {}
    PlanMark.objects.update(planned_until=at(FIRST, 8, 10))
    assert plan(at(FIRST, 8, 50)) == {}
    assert plan(at(FIRST, 9)) == {"role_expiring": 1}


def test_a_mark_in_the_future_is_not_kept(ending):
    later = timezone.now() + timedelta(days=400)
    plan(later, all_rules=True)
    assert PlanMark.objects.filter(planned_until__gt=timezone.now()).exists() is False
    assert PlanMark.objects.count() == len(REGISTRY.rules)


def test_the_window_looks_back_over_missed_ticks_but_not_for_ever():
    now = at("2026-12-15", 9)
    assert window_start(ROLE_EXPIRING, at("2026-12-12", 9), now) == at("2026-12-11", 9)
    assert window_start(ROLE_EXPIRING, None, now) == at("2026-12-14", 9)
    assert window_start(ROLE_EXPIRING, at("2026-01-01"), now) == at("2026-11-14", 9)


def test_a_rule_whose_function_fails_is_put_off_and_then_waits_for_an_administrator(ending, sysadmin):
    plan(at(FIRST), all_rules=True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION reminders_rule_role_expiring RENAME TO away")
    now = at(FIRST)
    for attempt in range(MOST_ATTEMPTS):
        assert deliver(now).failed == 1, attempt
        assert deliver(now).total == 0
        now += BACKOFF * 2**attempt
    assert deliver(now + timedelta(days=30)).total == 0
    row = PlannedReminder.objects.get()
    assert (row.state, row.attempts, row.error) == ("failed", MOST_ATTEMPTS, "ProgrammingError")
    assert tallied() == [(FIRST, 1, 0, 0, 1)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION away RENAME TO reminders_rule_role_expiring")
    with as_role("liaison_app", sysadmin), connection.cursor() as cursor:
        cursor.execute("SELECT reminders_retry('role_expiring')")
        assert cursor.fetchone() == (1,)
    assert PlannedReminder.objects.get().next_at <= timezone.now()
    PlannedReminder.objects.update(next_at=now)  # the function has put the day of the run
    assert deliver(now).sent == 1
    assert tallied() == [(FIRST, 1, 1, 0, 0)]


def test_only_the_system_administrator_puts_back(ending, officer_haidian):
    plan(at(FIRST), all_rules=True)
    PlannedReminder.objects.update(state="failed")
    with as_role("liaison_app", officer_haidian), connection.cursor() as cursor:
        cursor.execute("SELECT reminders_retry('role_expiring')")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT * FROM reminders_standing(now())")
        assert cursor.fetchall() == []
    assert PlannedReminder.objects.get().state == "failed"


def test_everything_works_with_the_rights_of_the_worker(ending):
    with as_role("liaison_worker"):
        assert remind(at(FIRST)) == [("role_expiring", ending.username)]


def test_the_worker_reads_nothing_that_a_line_says(ending):
    remind(at(FIRST))
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with as_role("liaison_worker"), refused, transaction.atomic():
        list(Message.objects.values_list("text", flat=True))


def test_holidays_missing_are_told_from_november_on(sysadmin):
    assert remind(at("2026-10-31")) == []
    assert remind(at("2026-11-01")) == [("holidays_missing", "sysadmin")]
    assert remind(at("2026-11-07")) == []
    assert remind(at("2026-11-08")) == [("holidays_missing", "sysadmin")]


def test_holidays_still_missing_after_new_year_are_told_on(sysadmin):
    assert remind(at("2026-12-27")) == [("holidays_missing", "sysadmin")]
    assert remind(at("2027-01-03")) == [("holidays_missing", "sysadmin")]
    assert remind(at("2027-01-04")) == []
    Holiday.objects.create(day=date(2027, 1, 1), name="元旦")
    assert remind(at("2027-01-10")) == []
    assert remind(at("2027-11-01")) == [("holidays_missing", "sysadmin")]
