"""What keeping in touch reminds of: who, on which days, and when no more."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.actions import set_unit_setting
from accounts.roles import Role
from activities import festivals
from activities.models import Contact, ContactPerson, Coverage, Pairing
from activities.reminders import KEY_DUE
from core.models import Holiday
from experts.models import Expert, RosterEntry
from reminders.delivery import deliver
from reminders.models import Message
from reminders.planning import plan
from tests.experts.grants import head, worker
from tests.factories import enter, make_contact, make_expert, make_follow_up, make_user, pair, restrict, unit
from tests.reminders.ticking import at, remind, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(db):
    return worker("联络员甲")


@pytest.fixture
def leader(db):
    return worker("领导甲", Role.LEADER)


@pytest.fixture
def chief(db):
    return head("负责人甲", "D04")


def key_expert(*people, since=date(2026, 1, 10), name="林大同", **facts):
    """On the key roster of D04 from that day, so that the first contact is due on the 10th of April."""
    expert = make_expert(name, awards=["CAS"], **facts)
    enter(expert, since=since)
    for person, kind in people:
        pair(expert, person, kind)
    return expert


def days_told(user, rule, first, last):
    """On which days of the period somebody is reminded by the rule, ticking every morning."""
    day, found = date.fromisoformat(first), []
    while day <= date.fromisoformat(last):
        if (rule, user.username) in remind(at(day), rule):
            found.append(f"{day:%m-%d}")
        day += timedelta(days=1)
    return found


def test_a_key_contact_reminds_before_on_the_day_and_then_weekly(officer):
    key_expert((officer, "officer"))
    assert Coverage.objects.get().due_on == date(2026, 4, 10)
    expected = ["03-27", "04-10", "04-17", "04-24", "05-01"]
    assert days_told(officer, "contact_due", "2026-03-20", "2026-05-05") == expected


def test_leader_and_officer_are_reminded_of_their_own_experts_only(officer, leader):
    key_expert((officer, "officer"), (leader, "leader"))
    key_expert((leader, "leader"), name="林小同")
    came = remind(at("2026-04-10"))
    assert came == [("contact_due", "联络员甲"), ("contact_due", "领导甲"), ("contact_due", "领导甲")]


def test_a_contact_recorded_a_second_before_the_tick_takes_the_reminder_away(officer):
    expert = key_expert((officer, "officer"))
    plan(at("2026-04-10"), all_rules=True)
    make_contact(officer, expert, date(2026, 4, 9))
    done = deliver(at("2026-04-10", 8, 0, 1))
    assert (done.sent, done.dropped) == (0, 1)
    assert told(officer) == []
    assert days_told(officer, "contact_due", "2026-04-11", "2026-07-09") == ["06-25", "07-09"]


def test_a_unit_sets_its_own_days(officer):
    key_expert((officer, "officer"))
    by = make_user()
    for key, value in (("before", 5), ("repeat", 3)):
        set_unit_setting(by=by, unit=unit("BJ"), key=f"reminder_contact_due_{key}", value=value)
    assert days_told(officer, "contact_due", "2026-04-01", "2026-04-17") == [
        "04-05",
        "04-10",
        "04-13",
        "04-16",
    ]
    set_unit_setting(by=by, unit=unit("D04"), key=KEY_DUE.switch, value=0)
    assert days_told(officer, "contact_due", "2026-04-18", "2026-04-30") == []


def test_the_end_of_a_month_is_clamped(officer):
    key_expert((officer, "officer"), since=date(2025, 11, 30))
    assert Coverage.objects.get().due_on == date(2026, 2, 28)
    assert days_told(officer, "contact_due", "2026-02-27", "2026-03-02") == ["02-28"]


def test_who_left_the_roster_or_died_is_not_reminded_of(officer):
    left, dead = key_expert((officer, "officer")), key_expert((officer, "officer"), name="林小同")
    plan(at("2026-04-10"), all_rules=True)
    entry = RosterEntry.objects.get(expert=left)
    entry.until, entry.closed_by = date(2026, 4, 9), entry.opened_by
    entry.save(update_fields=["until", "closed_by"])
    Expert.objects.filter(pk=dead.pk).update(died_on=date(2026, 4, 9))
    assert deliver(at("2026-04-10")).sent == 0


def test_a_restricted_expert_is_told_to_who_is_on_the_list_only(officer, leader):
    expert = key_expert((officer, "officer"), (leader, "leader"))
    restrict(expert, leader, make_user(), until=date(2027, 1, 1))
    assert remind(at("2026-04-10")) == [("contact_due", "领导甲")]


def test_a_general_contact_has_a_rhythm_of_its_own(officer):
    expert = make_expert("林大同")
    enter(expert, scope="general", since=date(2026, 1, 10))
    pair(expert, officer, "officer")
    assert days_told(officer, "contact_due_general", "2026-12-20", "2027-01-26") == [
        "12-27",
        "01-10",
        "01-17",
        "01-24",
    ]
    assert told(officer, "contact_due") == []


def test_after_four_weeks_the_head_is_told_once_a_week_for_the_unit(officer, chief):
    key_expert((officer, "officer"))
    key_expert((officer, "officer"), name="林小同")
    assert days_told(chief, "contact_escalated", "2026-05-01", "2026-05-25") == ["05-11", "05-18", "05-25"]
    assert not Message.objects.filter(recipient=chief, expert_id__isnull=False).exists()


def test_the_head_is_told_of_general_experts_too(officer, chief):
    enter(make_expert("林大同"), scope="general", since=date(2026, 1, 10))
    assert days_told(chief, "contact_escalated", "2027-01-30", "2027-02-10") == ["02-08"]


def test_whoever_answers_for_many_units_is_told_once_a_week():
    for number, code in enumerate(["D03", "D04", "D05"]):
        enter(make_expert(f"林大{number}", unit_code=code, awards=["CAS"]), code, since=date(2026, 1, 10))
    boss, chief = head("市负责人", "BJ"), head("负责人甲", "D04")
    for rule in ("contact_escalated", "contact_unpaired"):
        worker(f"市联络员{rule}", at="BJ")
    assert remind(at("2026-05-11"), "contact_escalated") == [
        ("contact_escalated", "市负责人"), ("contact_escalated", "负责人甲"),
    ]  # fmt: skip
    assert sorted(user for _, user in remind(at("2026-05-11"), "contact_unpaired")) == [
        "市联络员contact_escalated", "市联络员contact_unpaired",
    ]  # fmt: skip
    assert remind(at("2026-05-11")) == []
    assert (len(told(boss)), len(told(chief))) == (1, 1)


def test_a_head_off_the_list_is_not_told_of_a_restricted_expert(officer, chief):
    restrict(key_expert((officer, "officer")), officer, make_user(), until=date(2027, 1, 1))
    assert days_told(chief, "contact_escalated", "2026-05-01", "2026-05-25") == []


def test_an_expert_without_anybody_is_told_to_the_officers_of_the_unit(officer):
    expert = key_expert()
    assert days_told(officer, "contact_unpaired", "2026-03-20", "2026-04-07") == ["03-30", "04-06"]
    pair(expert, officer, "officer")
    assert days_told(officer, "contact_unpaired", "2026-04-08", "2026-04-20") == []


def test_a_vacancy_is_told_from_the_day_after_the_role_ended(officer, leader, chief):
    expert = key_expert((leader, "leader"), since=date(2026, 8, 1))
    leader.assignments.update(until=date(2026, 9, 9))
    told_on = ["09-10", "09-17", "09-24"]
    assert days_told(officer, "pairing_vacant", "2026-09-05", "2026-09-25") == told_on
    assert days_told(chief, "pairing_vacant", "2026-09-26", "2026-10-02") == ["10-01"]
    Pairing.objects.filter(expert=expert).update(
        until=date(2026, 10, 2), closed_by=officer, end="handed_over"
    )
    assert days_told(officer, "pairing_vacant", "2026-10-03", "2026-10-20") == []


def test_a_disabled_leader_is_a_vacancy_too(officer, leader):
    key_expert((leader, "leader"), since=date(2026, 8, 1))
    leader.is_active = False
    leader.save(update_fields=["is_active"])
    assert len(days_told(officer, "pairing_vacant", "2026-09-01", "2026-09-14")) == 2


@pytest.fixture
def visit(officer, leader):
    """A visit planned for the 20th of May at 15:30, with a leader."""
    expert = make_expert("林大同")
    contact = make_contact(
        officer, expert, date(2026, 5, 20), state="planned", way="", starts="15:30", planned_by=officer,
        recorded_by=None, recorded_at=None,
    )  # fmt: skip
    ContactPerson.objects.create(contact=contact, user=leader, capacity="leader")
    return contact


BOTH = ["联络员甲", "领导甲"]


def test_a_visit_reminds_the_day_before_and_two_hours_before(visit):
    assert remind(at("2026-05-19")) == [("visit_tomorrow", name) for name in BOTH]
    assert remind(at("2026-05-20", 13, 29)) == []
    assert remind(at("2026-05-20", 13, 30)) == [("visit_soon", name) for name in BOTH]
    assert remind(at("2026-05-20", 15, 29)) == []


def test_a_visit_planned_in_the_afternoon_for_tomorrow_is_still_told(visit):
    Contact.objects.update(on=date(2026, 5, 22))
    assert remind(at("2026-05-19", 9)) == []
    Contact.objects.update(on=date(2026, 5, 20))
    plan(at("2026-05-19", 15), all_rules=False)
    assert deliver(at("2026-05-19", 15)).sent == 2


def test_a_visit_that_is_moved_reminds_anew(visit):
    remind(at("2026-05-20", 13, 30))
    Contact.objects.update(starts="18:00")
    assert remind(at("2026-05-20", 16)) == [("visit_soon", name) for name in BOTH]


def test_a_cancelled_visit_reminds_nobody(visit):
    plan(at("2026-05-20", 13, 30), all_rules=True)
    Contact.objects.update(state="cancelled", hindrance="ours")
    assert deliver(at("2026-05-20", 13, 30)).sent == 0


def test_after_a_pause_a_visit_that_is_over_is_not_announced(visit):
    plan(at("2026-05-18", 12), all_rules=True)
    assert [rule for rule, _ in remind(at("2026-05-22", 12))] == ["visit_unrecorded"] * 2


def test_a_visit_without_a_record_reminds_until_there_is_one_and_then_the_head(visit, officer, leader, chief):
    assert days_told(leader, "visit_unrecorded", "2026-05-20", "2026-05-28") == ["05-21", "05-24", "05-27"]
    assert told(chief) == ["visit_unrecorded"]
    Contact.objects.update(state="done", way="leader", recorded_by=officer, recorded_at=timezone.now())
    assert days_told(officer, "visit_unrecorded", "2026-05-29", "2026-06-05") == []


def test_a_promise_reminds_who_recorded_it_until_it_is_kept(officer):
    make_contact(
        officer, make_expert(), date(2026, 5, 1), next_step="送去政策汇编", next_on=date(2026, 5, 20)
    )
    assert days_told(officer, "next_step", "2026-05-10", "2026-05-28") == ["05-17", "05-20", "05-27"]
    Contact.objects.update(next_done_by=officer, next_done_at=timezone.now())
    assert days_told(officer, "next_step", "2026-05-29", "2026-06-30") == []


def test_a_follow_up_reminds_its_owner_until_it_is_done(officer, leader):
    line = make_follow_up(make_contact(officer, make_expert()), owner=leader, due_on=date(2026, 12, 10))
    assert days_told(leader, "follow_up_due", "2026-12-05", "2026-12-18") == ["12-07", "12-10", "12-17"]
    line.done_at, line.done_by = timezone.now(), leader
    line.save(update_fields=["done_at", "done_by"])
    assert remind(at("2026-12-24")) == []


def born(day, officer, **facts):
    expert = make_expert("林大同", birth=day, birth_day_known=True, **facts)
    pair(expert, officer, "officer")
    return expert


def test_what_was_promised_to_who_has_left_reminds_nobody(officer):
    """Left by the roster of one unit, the expert is still on that of another at first."""
    expert = key_expert()
    other = enter(expert, "D03", since=date(2026, 1, 10))
    facts = {"next_step": "送去政策汇编", "next_on": date(2026, 5, 20)}
    contact = make_contact(officer, expert, date(2026, 5, 1), **facts)
    make_follow_up(contact, owner=officer, due_on=date(2026, 5, 20))
    both = [("follow_up_due", "联络员甲"), ("next_step", "联络员甲")]
    entry = RosterEntry.objects.get(expert=expert, unit=unit("D04"))
    assert remind(at("2026-05-20"), "next_step", "follow_up_due") == both
    for row, day in ((entry, "2026-05-27"), (other, "2026-06-03")):
        row.until, row.closed_by = date.fromisoformat(day) - timedelta(days=1), row.opened_by
        row.save(update_fields=["until", "closed_by"])
        assert remind(at(day), "next_step", "follow_up_due") == (both if row == entry else [])


def test_a_birthday_reminds_before_and_on_the_day(officer):
    born(date(1956, 1, 2), officer)
    assert days_told(officer, "birthday", "2026-12-25", "2027-01-05") == ["12-30", "01-02"]


@pytest.mark.parametrize(("year", "days"), [(2026, ["02-25", "02-28"]), (2028, ["02-26", "02-29"])])
def test_the_leap_day_is_the_28th_in_other_years(officer, year, days):
    born(date(1956, 2, 29), officer)
    assert days_told(officer, "birthday", f"{year}-02-20", f"{year}-03-05") == days


def test_who_was_born_on_the_28th_has_one_birthday_in_a_leap_year(officer):
    born(date(1956, 2, 28), officer)
    assert days_told(officer, "birthday", "2028-02-27", "2028-03-01") == ["02-28"]


def test_a_birthday_known_to_the_month_only_reminds_nobody(officer):
    pair(make_expert(birth=date(1956, 2, 1), birth_day_known=False), officer, "officer")
    assert days_told(officer, "birthday", "2026-01-25", "2026-02-05") == []


def test_festivals_follow_the_holiday_table(officer, leader):
    pair(make_expert(), officer, "officer")
    off = Holiday.objects.filter(is_workday=False, day__year=2026).order_by("day")
    first = off.filter(name="春节").first().day
    before = first - timedelta(days=14)
    assert remind(at(before)) == [("spring_festival", "联络员甲")]
    assert remind(at(before + timedelta(days=1))) == []
    assert told(leader) == []
    first = (
        Holiday.objects.filter(name="中秋节", is_workday=False, day__year=2026).order_by("day").first().day
    )
    assert remind(at(first - timedelta(days=14))) == [("mid_autumn", "联络员甲")]


def test_a_festival_whose_days_off_are_not_entered_is_told_all_the_same(officer):
    """The last day of the year has come, and nobody has entered the next."""
    pair(make_expert(), officer, "officer")
    Holiday.objects.filter(day__year__gte=2027).delete()
    assert remind(at("2026-12-31")) == []
    assert days_told(officer, "spring_festival", "2027-01-20", "2027-02-06") == ["01-23"]
    Holiday.objects.create(day=date(2027, 9, 13), name="中秋节")
    assert days_told(officer, "mid_autumn", "2027-08-29", "2027-09-15") == ["08-30"]


@pytest.mark.parametrize("known", [festivals.SPRING_FESTIVAL, festivals.MID_AUTUMN])
def test_the_days_of_festivals_are_known_for_years_ahead(known):
    years = [date.fromisoformat(day).year for day in known]
    assert years == list(range(2027, max(years) + 1))
    assert timezone.localdate().year + 3 <= max(years)


def test_nobody_is_asked_to_greet_the_dead_or_those_out_of_sight(officer, leader):
    dead, hidden = make_expert("林大同"), make_expert("林小同")
    pair(dead, officer, "officer")
    pair(hidden, officer, "officer")
    pair(hidden, leader, "leader")
    plan(at("2026-05-23"), all_rules=True)
    Expert.objects.filter(pk=dead.pk).update(died_on=date(2026, 5, 22))
    restrict(hidden, leader, make_user(), until=date(2027, 1, 1))
    assert deliver(at("2026-05-23")).dropped == 1
    assert (told(officer), told(leader)) == ([], ["science_day"])


def test_days_that_come_every_year(officer):
    pair(make_expert(employer="示范大学"), officer, "officer")
    assert days_told(officer, "science_day", "2026-05-20", "2026-05-30") == ["05-23"]
    assert days_told(officer, "teachers_day", "2026-09-01", "2026-09-10") == ["09-03"]


def test_teachers_day_is_for_teachers(officer):
    pair(make_expert(employer="示范医院"), officer, "officer")
    assert days_told(officer, "teachers_day", "2026-09-01", "2026-09-10") == []


def test_a_promise_is_kept_from_the_message(client_of, officer):
    contact = make_contact(
        officer, make_expert(), date(2026, 5, 1), next_step="送去政策汇编", next_on=date(2026, 5, 20)
    )
    remind(at("2026-05-20"), "next_step")
    message = Message.objects.get(recipient=officer)
    assert message.url == reverse("contacts:contact", args=[contact.uuid])
    client = client_of(officer)
    assert "已兑现" in client.get("/messages/").content.decode()
    client.post(reverse("reminders:finish", args=[message.uuid]))
    contact.refresh_from_db()
    message.refresh_from_db()
    assert contact.next_done_by == officer
    assert message.done_at is not None


def test_a_promise_out_of_sight_is_not_kept_from_the_message(client_of, officer):
    contact = make_contact(
        officer, make_expert(), date(2026, 5, 1), next_step="送去政策汇编", next_on=date(2026, 5, 20)
    )
    remind(at("2026-05-20"), "next_step")
    message = Message.objects.get(recipient=officer)
    officer.assignments.all().delete()
    page = client_of(officer).post(reverse("reminders:finish", args=[message.uuid]), follow=True)
    assert "您现在没有权限办理这一项。" in page.content.decode()
    contact.refresh_from_db()
    assert contact.next_done_at is None
