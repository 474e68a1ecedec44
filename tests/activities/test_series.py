"""Series of meetings: planned ahead, changed as a whole, changed one by one (例会制度, 二（一）)."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from activities.actions import gatherings
from activities.actions import series as actions
from activities.errors import AlreadyChanged
from activities.models import Gathering, Series
from activities.tasks import plan_meetings
from core.models import Holiday
from core.workdays import is_workday
from tests.factories import make_series, make_user, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: TODAY)


def facts(**changes):
    rhythm = {"every": 3, "first_on": date(2026, 12, 1), "week": 1, "weekday": 3, "day": None}
    same = {"title": "专家工作例会", "starts": time(14), "ends": time(16), "room": "三层会议室"}
    lists = {"agenda": "交流进展\n\n研究难点", "people": [], "units": [unit("D04-01").pk]}
    return rhythm | same | lists | {"moves_off_holidays": True} | changes


def start(by, **changes):
    return actions.start_series(by=by, unit=unit("D04"), facts=facts(**changes))


def days(series):
    return list(Gathering.objects.filter(series=series).order_by("on").values_list("on", flat=True))


def test_a_year_is_planned_at_once_with_agenda_and_invitations(officer_haidian, leader_city, as_app):
    gone = make_user(is_active=False)
    with as_app(officer_haidian):
        series = start(officer_haidian, people=[leader_city.pk, gone.pk])
    assert days(series) == [
        date(2026, 12, 2), date(2027, 3, 3), date(2027, 6, 2), date(2027, 9, 1), date(2027, 12, 1),
    ]  # fmt: skip
    meeting = Gathering.objects.filter(series=series).first()
    assert list(meeting.agenda.values_list("title", flat=True)) == ["交流进展", "研究难点"]
    assert {str(each) for each in meeting.invitations.all()} == {str(leader_city), str(unit("D04-01"))}


def test_a_day_off_moves_the_meeting_to_the_next_working_day(officer_haidian):
    Holiday.objects.update_or_create(day=date(2026, 12, 2), defaults={"is_workday": False, "name": "试"})
    moved, kept = start(officer_haidian), start(officer_haidian, moves_off_holidays=False)
    assert (days(moved)[0], days(kept)[0]) == (date(2026, 12, 3), date(2026, 12, 2))
    assert Gathering.objects.filter(series=moved).first().slot == date(2026, 12, 2)


def test_nobody_lays_down_a_rhythm_for_another_unit(officer_chaoyang, leader_city):
    for by in (officer_chaoyang, leader_city):
        with pytest.raises(PermissionDenied):
            start(by)


def test_a_change_reaches_the_meetings_to_come_that_nobody_has_touched(officer_haidian, as_app):
    series = start(officer_haidian)
    touched = Gathering.objects.filter(series=series).order_by("on")[1]
    Gathering.objects.filter(pk=touched.pk).update(is_moved=True, title="自己改的")
    first = Gathering.objects.filter(series=series).order_by("on")[0]
    with as_app(officer_haidian):
        actions.change_series(
            by=officer_haidian, series=series, version=1,
            facts=facts(starts=time(9), ends=time(11), room="二层", agenda="只有一项"),
        )  # fmt: skip
    first.refresh_from_db()
    touched.refresh_from_db()
    assert (first.starts, first.room, first.room_key, first.version) == (time(9), "二层", "二层", 2)
    assert [item.title for item in first.agenda.all()] == ["只有一项"]
    assert (touched.starts, touched.title, touched.version) == (time(14), "自己改的", 1)


def test_a_new_rhythm_moves_the_meetings_in_their_order(officer_haidian, as_app):
    series = start(officer_haidian)
    keys = list(Gathering.objects.filter(series=series).order_by("on").values_list("uuid", flat=True))
    with as_app(officer_haidian):
        moved = actions.change_series(
            by=officer_haidian, series=series, version=1,
            facts=facts(every=1, week=None, weekday=None, day=15, moves_off_holidays=False),
        )  # fmt: skip
    rows = Gathering.objects.filter(series=series).order_by("on")
    assert moved == 5
    assert days(series) == [date(2026 + (m > 12), (m - 1) % 12 + 1, 15) for m in range(12, 25)]
    assert list(rows.values_list("uuid", flat=True))[:5] == keys
    assert all(row.slot == row.on for row in rows)


def test_meetings_left_over_by_a_slower_rhythm_are_cancelled(officer_haidian, as_app):
    series = start(officer_haidian, every=1)
    with as_app(officer_haidian):
        actions.change_series(by=officer_haidian, series=series, version=1, facts=facts(every=12))
    assert days(series) == [date(2026, 12, 2), date(2027, 12, 1)]
    assert Gathering.objects.filter(series=None, state="cancelled").count() == 11
    assert Gathering.objects.filter(series=series, state="planned").count() == 2


def test_who_joins_the_list_is_invited_to_every_meeting_to_come(officer_haidian, leader_city, as_app):
    series = start(officer_haidian)
    with as_app(officer_haidian):
        changed = facts(people=[leader_city.pk])
        actions.change_series(by=officer_haidian, series=series, version=1, facts=changed)
        changed = {"by": officer_haidian, "series": series, "version": 2, "facts": changed}
        actions.change_series(**changed)
    assert {each.invitations.filter(user=leader_city).count() for each in series.gatherings.all()} == {1}


def test_an_ended_series_cancels_what_nobody_has_touched(officer_haidian, as_app):
    series = start(officer_haidian)
    Gathering.objects.filter(series=series, on=date(2027, 3, 3)).update(is_moved=True)
    with as_app(officer_haidian):
        assert actions.end_series(by=officer_haidian, series=series, version=1) == 4
        with pytest.raises(AlreadyChanged):
            actions.change_series(by=officer_haidian, series=series, version=2, facts=facts())
    assert days(Series.objects.get()) == days(series)
    assert Gathering.objects.filter(series=series, state="planned").get().on == date(2027, 3, 3)


def test_the_nightly_job_plans_what_is_missing_and_twice_changes_nothing(officer_haidian, leader_city):
    series = make_series(officer_haidian, first_on=TODAY, people=[leader_city.pk])
    ended = make_series(officer_haidian, ended_by=officer_haidian, ended_at=timezone.now())
    with as_role("liaison_worker"):
        plan_meetings()
    planned = days(series)
    with as_role("liaison_worker"):
        plan_meetings()
    assert days(series) == planned
    assert planned[-1] <= TODAY + timedelta(days=400)
    assert all(is_workday(day) for day in planned)
    assert len(planned) == 4
    assert Gathering.objects.filter(series=series, invitations__user=leader_city).count() == 4
    assert days(ended) == []


def test_the_worker_reads_no_word_of_a_meeting(officer_haidian, sql):
    from django.db import ProgrammingError, transaction

    start(officer_haidian)
    for statement in (
        "SELECT title FROM activities_gathering",
        "SELECT * FROM activities_resolution",
        "UPDATE activities_gathering SET title = ''",
    ):
        with as_role("liaison_worker"), pytest.raises(ProgrammingError), transaction.atomic():
            sql(statement)


def test_a_meeting_changed_by_hand_stays_when_the_series_moves(officer_haidian, as_app):
    series = start(officer_haidian)
    first = Gathering.objects.filter(series=series).order_by("on")[0]
    with as_app(officer_haidian):
        own = {"title": "专题例会", "on": date(2026, 12, 9), "starts": time(14), "ends": time(15)}
        gatherings.change_gathering(
            by=officer_haidian, gathering=first, version=1,
            facts=own | {"room": "", "invited_only": False}, agenda=(),
        )  # fmt: skip
        actions.change_series(by=officer_haidian, series=series, version=1, facts=facts(weekday=4))
    assert days(series)[0] == date(2026, 12, 9)
    assert days(series)[1] == date(2027, 3, 4)
