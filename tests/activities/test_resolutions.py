"""Resolutions: noted, reported on, done, reopened (议定事项, 二（一）)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import ProgrammingError, transaction
from django.utils import timezone

from activities.actions import resolutions as actions
from activities.errors import AlreadyChanged
from activities.models import Resolution
from audit.models import Event
from reminders.models import Message
from tests.factories import make_gathering, make_resolution, unit

pytestmark = pytest.mark.django_db


def due(days=10):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def meeting(officer_haidian):
    return make_gathering(officer_haidian, state="done")


def add(by, meeting, **changes):
    known = {"text": "研究建立专班", "owner": None, "unit": None, "due_on": due()} | changes
    return actions.add_resolution(by=by, gathering=meeting, **known)


def test_a_resolution_tells_whoever_sees_to_it(
    officer_haidian, leader_city, officer_chaoyang, meeting, as_app
):
    with as_app(officer_haidian):
        add(officer_haidian, meeting, owner=leader_city, unit=unit("D03"))
        add(officer_haidian, meeting, unit=unit("D03"))
    assert Message.objects.filter(recipient=leader_city).count() == 1
    assert Message.objects.filter(recipient=officer_chaoyang).count() == 1
    assert not Message.objects.filter(text__contains="专班").exists()


def test_everything_that_a_resolution_lacks_is_said_at_once(client_of, officer_haidian, meeting):
    response = client_of(officer_haidian).post(f"/gatherings/{meeting.uuid}/resolutions/new/", {})
    assert set(response.context["resolution_form"].errors) == {"text", "owner", "due_on"}


def test_a_resolution_is_not_due_before_its_meeting(officer_haidian, leader_city, meeting, as_app):
    with as_app(officer_haidian), pytest.raises(ValidationError) as problem:
        add(officer_haidian, meeting, owner=leader_city, due_on=due(-1))
    assert problem.value.message_dict == {"due_on": ["完成期限不能早于开会的日期。"]}
    kept = make_resolution(meeting, owner=leader_city, due_on=due(0), created_by=officer_haidian)
    facts = {"text": "改", "owner": leader_city, "unit": None, "due_on": due(-1)}
    with pytest.raises(ValidationError):
        actions.change_resolution(by=officer_haidian, resolution=kept, version=kept.version, facts=facts)


def test_a_resolution_needs_an_owner_and_a_keeper(officer_haidian, officer_chaoyang, meeting):
    with pytest.raises(ValidationError):
        add(officer_haidian, meeting)
    with pytest.raises(PermissionDenied):
        add(officer_chaoyang, meeting, owner=officer_chaoyang)


def test_its_owner_reports_and_finishes_but_does_not_change_it(officer_chaoyang, meeting, as_app, sql):
    resolution = make_resolution(meeting, owner=officer_chaoyang)
    with as_app(officer_chaoyang):
        actions.report_progress(by=officer_chaoyang, resolution=resolution, text="已拟方案")
        with pytest.raises(PermissionDenied):
            actions.change_resolution(
                by=officer_chaoyang, resolution=resolution, version=1, facts={"text": "改"}
            )
        with pytest.raises(ProgrammingError), transaction.atomic():
            sql("UPDATE activities_resolution SET due_on = due_on + 30")
        actions.finish_resolution(by=officer_chaoyang, resolution=resolution, version=1, outcome="专班已成立")
    resolution.refresh_from_db()
    assert (resolution.outcome, resolution.done_by, resolution.version) == ("专班已成立", officer_chaoyang, 2)
    assert resolution.notes.get().text == "已拟方案"


def test_a_note_stays_as_it_was_written(officer_haidian, meeting, as_app, sql):
    resolution = make_resolution(meeting, owner=officer_haidian)
    with as_app(officer_haidian):
        actions.report_progress(by=officer_haidian, resolution=resolution, text="已拟方案")
        for statement in (
            "UPDATE activities_resolutionnote SET text = ''",
            "DELETE FROM activities_resolutionnote",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                sql(statement)


def test_the_caller_reopens_what_is_not_done_and_says_why(officer_haidian, officer_chaoyang, meeting, as_app):
    resolution = make_resolution(
        meeting, owner=officer_chaoyang, done_by=officer_chaoyang, done_at=timezone.now(), outcome="办了"
    )
    with pytest.raises(PermissionDenied):
        actions.reopen_resolution(by=officer_chaoyang, resolution=resolution, version=1, reason="没有")
    with as_app(officer_haidian):
        with pytest.raises(ValidationError):
            actions.reopen_resolution(by=officer_haidian, resolution=resolution, version=1, reason="")
        actions.reopen_resolution(by=officer_haidian, resolution=resolution, version=1, reason="方案未批")
    resolution.refresh_from_db()
    assert resolution.is_open
    assert resolution.notes.get().text == "重新办理：方案未批"


def test_two_who_finish_at_once_are_told_apart(officer_haidian, meeting):
    resolution = make_resolution(meeting, owner=officer_haidian)
    done = {"by": officer_haidian, "resolution": resolution, "version": 1}
    actions.finish_resolution(outcome="先", **done)
    with pytest.raises(AlreadyChanged):
        actions.finish_resolution(outcome="后", **done)


def test_one_noted_by_mistake_is_removed_unless_somebody_has_reported(officer_haidian, meeting, as_app):
    first, second = (make_resolution(meeting, owner=officer_haidian) for _ in range(2))
    with as_app(officer_haidian):
        actions.remove_resolution(by=officer_haidian, resolution=first, version=1)
        actions.report_progress(by=officer_haidian, resolution=second, text="已拟方案")
        with pytest.raises(ValidationError):
            actions.remove_resolution(by=officer_haidian, resolution=second, version=1)
    assert list(Resolution.objects.all()) == [second]
    assert Event.objects.filter(kind="resolution", verb="delete").count() == 1


def test_overdue_is_open_and_past_its_day(officer_haidian, meeting):
    late = make_resolution(meeting, owner=officer_haidian, due_on=due(-1))
    make_resolution(meeting, owner=officer_haidian, due_on=due(0))
    make_resolution(
        meeting, owner=officer_haidian, due_on=due(-5), done_by=officer_haidian, done_at=timezone.now(),
        outcome="办了",
    )  # fmt: skip
    assert list(Resolution.objects.overdue_on(timezone.localdate())) == [late]
