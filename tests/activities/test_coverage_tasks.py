"""What is left for the worker after a change of settings, and by writers beside the tallies."""

from collections import Counter
from datetime import date
from threading import Thread

import pytest
from django.db import connection, transaction

from accounts.actions import clear_unit_setting, set_unit_setting
from accounts.models import User
from activities import coverage
from activities.models import Contact, Coverage, CoverageRefresh, CoverageTally
from activities.tasks import settle_tallies, work_off_coverage
from experts.models import Expert, Holder, Proposal, RosterEntry, SearchToken
from tests.factories import enter, hold, make_contact, make_expert, make_user, unit
from tests.roles import as_role

DAY = date(2026, 6, 30)


def sums():
    found = Counter()
    for part in CoverageTally.objects.up_to(DAY):
        for *key, change in part.values_list("unit_id", "scope", "state", "is_listed", "label", "change"):
            found[tuple(key)] += change
    return {key: number for key, number in found.items() if number}


@pytest.mark.django_db
def test_settling_moves_loose_rows_and_changes_no_number(officer_haidian):
    for name in "甲乙丙":
        expert = make_expert(name)
        enter(expert)
        make_contact(officer_haidian, expert, date(2026, 5, 1))
    before = sums()
    assert before
    assert not CoverageTally.objects.filter(is_loose=False).exists()
    with as_role("liaison_worker"):
        settle_tallies()
    assert sums() == before
    assert not CoverageTally.objects.filter(is_loose=True).exists()
    make_contact(officer_haidian, expert, date(2026, 1, 1))
    before = sums()
    with as_role("liaison_worker"):
        settle_tallies()
        settle_tallies()
    assert sums() == before
    keys = ("unit", "label", "scope", "is_listed", "is_away", "state", "is_loose", "day")
    assert CoverageTally.objects.count() == CoverageTally.objects.values(*keys).distinct().count()


@pytest.mark.django_db
def test_waiting_changes_of_settings_are_worked_off(officer_haidian):
    expert = make_expert("甲")
    enter(expert)
    make_contact(officer_haidian, expert, date(2026, 5, 1))
    at = unit("D04")
    Coverage.objects.update(covered="{}")  # as if it had been worked out by other settings
    for _ in range(2):
        CoverageRefresh.objects.create(low=at.order, high=at.order_end)
    assert coverage.is_refreshing(at)
    assert coverage.is_refreshing(unit("BJ"))
    assert not coverage.is_refreshing(unit("D03"))
    assert coverage.numbers(officer_haidian, at, DAY).key.covered == 0
    with as_role("liaison_worker"):
        work_off_coverage()
    assert not CoverageRefresh.objects.exists()
    assert coverage.numbers(officer_haidian, at, DAY).key.covered == 1


@pytest.mark.django_db
def test_whoever_has_left_is_told_to_those_who_still_see_them(personas):
    officer, city = personas["officer_haidian"], personas["staff_city"]
    expert = make_expert("甲")
    enter(expert, until=date(2026, 7, 15))
    assert coverage.numbers(officer, unit("D04"), DAY).key.gap == 1
    Expert.objects.filter(pk=expert.pk).update(unit=unit("D03"), unit_order=unit("D03").order)
    for user, seen in ((officer, 0), (city, 1)):
        assert coverage.numbers(user, unit("D04"), DAY).key.gap == seen
        assert coverage.gaps(user, unit("D04"), DAY).count() == seen
    hold(expert, "D04-01")
    assert coverage.numbers(officer, unit("D04"), DAY).key.gap == 1
    assert coverage.gaps(officer, unit("D04"), DAY).count() == 1


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """An expert whom a second connection sees; taken away again by hand."""
    with django_db_blocker.unblock():
        by, expert = make_user(username="同时记录人"), make_expert("同时联系")
        entry = enter(expert, since=date(2026, 1, 1))
        yield by, expert
        Contact.objects.filter(expert=expert).delete()
        RosterEntry.objects.filter(expert=expert).delete()
        Proposal.objects.filter(pk=entry.opened_by_id).delete()
        for model in (SearchToken, Holder):
            model.objects.filter(expert=expert).delete()
        Expert.objects.filter(pk=expert.pk).delete()
        CoverageTally.objects.all().delete()
        User.objects.filter(pk__in=[by.pk, entry.opened_by.drafted_by_id]).delete()
        connection.close()


def test_two_contacts_at_once_both_count(committed):
    by, expert = committed

    def aside():
        with transaction.atomic():
            make_contact(by, expert, date(2026, 6, 1))
        connection.close()

    thread = Thread(target=aside)
    with transaction.atomic():
        make_contact(by, expert, date(2026, 2, 1))
        thread.start()
        thread.join(timeout=2)
        assert thread.is_alive()  # waits for the record
    thread.join()
    row = Coverage.objects.get(expert=expert)
    assert row.covered == "{[2026-04-01,2026-05-02),[2026-06-01,2026-09-02)}"


@pytest.mark.django_db
def test_a_change_of_settings_is_worked_off_as_soon_as_it_is_kept(
    director_haidian, monkeypatch, django_capture_on_commit_callbacks
):
    sent = []
    monkeypatch.setattr(work_off_coverage, "delay", lambda: sent.append(True))
    at = unit("D04")
    with django_capture_on_commit_callbacks(execute=True):
        set_unit_setting(by=director_haidian, unit=at, key="key_contact_months", value=4)
    assert not sent  # nobody waits
    CoverageRefresh.objects.create(low=at.order, high=at.order_end)
    with django_capture_on_commit_callbacks(execute=True):
        set_unit_setting(by=director_haidian, unit=at, key="confirmation_years", value=3)
    assert not sent  # another matter
    with django_capture_on_commit_callbacks(execute=True):
        clear_unit_setting(by=director_haidian, setting=at.settings.get(key="key_contact_months"))
    assert sent == [True]
