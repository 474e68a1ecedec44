"""Meetings as acts: called, changed, invited to, answered, held (二（一）)."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from accounts.roles import Role
from activities.actions import gatherings as actions
from activities.enums import GatheringKind, GatheringState, Reply
from activities.errors import AlreadyChanged
from activities.models import Gathering, Invitation, Resolution
from audit.models import Event
from reminders.models import Message
from tests.factories import assign, invited, make_gathering, make_resolution, make_user, unit
from tests.reminders.ticking import remind

pytestmark = pytest.mark.django_db


def soon(days=7):
    return timezone.localdate() + timedelta(days=days)


def facts(**changes):
    planned = {
        "title": "专家工作例会",
        "on": soon(),
        "starts": time(14),
        "ends": time(16),
        "room": "三层 会议室",
    }
    return planned | {"invited_only": False} | changes


def call(by, **changes):
    more = {"kind": GatheringKind.MEETING, "unit": unit("D04"), "facts": facts()} | changes
    return actions.call_gathering(by=by, **more)


def inbox(user):
    return [message.text for message in Message.objects.filter(recipient=user).order_by("id")]


@pytest.fixture
def app(as_app, officer_haidian, leader_city):
    """As the product: liaison_app, acting for officer_haidian."""
    with as_app(officer_haidian):
        yield officer_haidian


def test_a_meeting_is_called_with_an_agenda_and_reminds_whom_it_invites(
    officer_haidian, leader_city, officer_chaoyang, as_app
):
    with as_app(officer_haidian):
        gathering = call(
            officer_haidian, agenda=[("交流进展", "人才科"), ("研究难点", "")],
            people=[leader_city, officer_haidian], units=[unit("D03")],
        )  # fmt: skip
    assert list(gathering.agenda.values_list("position", "title", "speaker")) == [
        (1, "交流进展", "人才科"),
        (2, "研究难点", ""),
    ]
    assert gathering.room_key == "三层会议室"
    assert remind(timezone.now(), "meeting_invited") == [
        ("meeting_invited", "leader_city"), ("meeting_invited", "officer_chaoyang"),
    ]  # fmt: skip
    events = Event.objects.filter(kind="gathering", reference=str(gathering.uuid)).order_by("id")
    assert [event.verb for event in events] == ["create", "request"]


def test_nobody_calls_a_meeting_of_a_unit_out_of_reach(officer_haidian, leader_city):
    for by in (officer_haidian, leader_city):
        with pytest.raises(PermissionDenied):
            call(by, unit=unit("D03"))


def test_who_is_invited_already_is_not_invited_twice(app, leader_city):
    gathering = call(app, people=[leader_city])
    assert actions.invite(by=app, gathering=gathering, people=[leader_city], units=[unit("D03")]) == 1
    assert gathering.invitations.count() == 2


def test_a_change_of_time_is_told_and_one_of_words_is_not(officer_haidian, leader_city, as_app):
    with as_app(officer_haidian):
        gathering = call(officer_haidian, people=[leader_city])
        for changed in ({"title": "改名"}, {"title": "改名", "starts": time(15)}):
            gathering.refresh_from_db()
            actions.change_gathering(
                by=officer_haidian, gathering=gathering, version=gathering.version,
                facts=facts(**changed), agenda=[("新议题", "")],
            )  # fmt: skip
    assert [text.rpartition("：")[2] for text in inbox(leader_city)] == ["时间或地点有变"]
    gathering.refresh_from_db()
    assert (gathering.version, gathering.is_moved) == (3, True)
    assert gathering.agenda.get().title == "新议题"


def test_the_second_of_two_who_change_is_told(app):
    gathering = call(app)
    actions.change_gathering(by=app, gathering=gathering, version=1, facts=facts(title="先"), agenda=())
    with pytest.raises(AlreadyChanged):
        actions.change_gathering(by=app, gathering=gathering, version=1, facts=facts(title="后"), agenda=())
    assert Gathering.objects.get().title == "先"


def test_who_sees_it_is_for_its_founder_to_decide(officer_haidian, director_haidian):
    gathering = make_gathering(officer_haidian, on=soon())
    with pytest.raises(ValidationError):
        actions.change_gathering(
            by=director_haidian, gathering=gathering, version=1, facts=facts(invited_only=True), agenda=()
        )


def test_a_person_replies_for_themselves_and_may_send_somebody_else(officer_haidian, leader_city, as_app):
    other = make_user(unit=unit("BJ"))
    assign(other, Role.LIAISON_OFFICER, unit("U03"))
    gathering = make_gathering(officer_haidian, on=soon())
    invitation = invited(gathering, leader_city)
    with as_app(leader_city):
        actions.answer_invitation(
            by=leader_city, invitation=invitation, reply=Reply.DELEGATE, delegate=other, words="出差"
        )
    invitation.refresh_from_db()
    assert (invitation.reply, invitation.delegate, invitation.replied_by) == ("delegate", other, leader_city)
    assert inbox(other)[0].endswith("您受委托参加")
    assert list(Gathering.objects.visible_to(other)) == [gathering]


def test_a_delegate_must_be_named_and_be_somebody_else(app, leader_city):
    invitation = invited(make_gathering(app, on=soon()), app)
    for delegate in (None, app):
        with pytest.raises(ValidationError):
            actions.answer_invitation(by=app, invitation=invitation, reply=Reply.DELEGATE, delegate=delegate)


def test_a_unit_is_answered_for_by_its_officers_and_nobody_else(
    officer_haidian, officer_chaoyang, leader_city, as_app
):
    invitation = invited(make_gathering(officer_haidian, on=soon()), unit("D03"))
    for by in (officer_haidian, leader_city):
        with pytest.raises(PermissionDenied):
            actions.answer_invitation(by=by, invitation=invitation, reply=Reply.YES)
    with as_app(officer_chaoyang):
        actions.answer_invitation(by=officer_chaoyang, invitation=invitation, reply=Reply.YES, comes="张科长")
    invitation.refresh_from_db()
    assert (invitation.reply, invitation.who_comes) == ("yes", "张科长")


def test_whoever_is_asked_changes_nothing_but_their_reply(officer_haidian, officer_chaoyang, as_app, sql):
    gathering = make_gathering(officer_haidian, on=soon())
    invited(gathering, unit("D03"))
    for statement in (
        "UPDATE activities_invitation SET attendance = 'came'",
        "UPDATE activities_invitation SET unit_id = unit_id + 1",
    ):
        with as_app(officer_chaoyang), pytest.raises(ProgrammingError), transaction.atomic():
            sql(statement)
    with as_app(officer_chaoyang):
        sql("UPDATE activities_gathering SET title = '改'")
        sql("DELETE FROM activities_invitation")
    gathering.refresh_from_db()
    assert gathering.title != "改"
    assert gathering.invitations.count() == 1


def test_a_meeting_is_held_with_attendance_and_minutes_and_corrected(app, leader_city):
    gathering = make_gathering(app)
    invitation = invited(gathering, leader_city)
    held = {"by": app, "gathering": gathering}
    actions.hold_gathering(version=1, minutes="交流了进展", attendance={invitation.pk: "came"}, **held)
    actions.hold_gathering(version=2, minutes="交流了进展", attendance={invitation.pk: "excused"}, **held)
    gathering.refresh_from_db()
    invitation.refresh_from_db()
    assert (gathering.state, gathering.minutes, gathering.minutes_by) == ("done", "交流了进展", app)
    assert invitation.attendance == "excused"


def test_a_meeting_still_to_come_is_not_held(app):
    gathering = make_gathering(app, on=soon(1))
    with pytest.raises(ValidationError):
        actions.hold_gathering(by=app, gathering=gathering, version=1, minutes="", attendance={})


def test_attendance_of_another_meeting_is_left_alone(app, leader_city):
    other = invited(make_gathering(app), leader_city)
    actions.hold_gathering(
        by=app, gathering=make_gathering(app), version=1, minutes="", attendance={other.pk: "came"}
    )
    other.refresh_from_db()
    assert other.attendance == ""


def test_a_meeting_is_cancelled_with_a_reason_told_and_restored(officer_haidian, leader_city, as_app):
    gathering = make_gathering(officer_haidian, on=soon())
    invited(gathering, leader_city)
    with as_app(officer_haidian):
        drop = {"by": officer_haidian, "gathering": gathering, "state": GatheringState.CANCELLED}
        with pytest.raises(ValidationError):
            actions.drop_gathering(version=1, reason="", **drop)
        actions.drop_gathering(version=1, reason="领导另有公务", **drop)
        actions.restore_gathering(by=officer_haidian, gathering=gathering, version=2)
    gathering.refresh_from_db()
    assert (gathering.state, gathering.reason, gathering.version) == ("planned", "", 3)
    assert [text.rpartition("：")[2] for text in inbox(leader_city)] == ["已取消", "恢复召开"]


def test_a_meeting_is_missed_only_when_its_day_has_come(app):
    drop = {"by": app, "version": 1, "state": GatheringState.MISSED, "reason": "无人到会"}
    with pytest.raises(ValidationError):
        actions.drop_gathering(gathering=make_gathering(app, on=soon(1)), **drop)
    actions.drop_gathering(gathering=make_gathering(app), **drop)


def test_a_cancelled_meeting_takes_neither_invitations_nor_replies(app, leader_city):
    gathering = make_gathering(app, on=soon(), state="cancelled", reason="停")
    invitation = invited(gathering, app)
    with pytest.raises(ValidationError):
        actions.invite(by=app, gathering=gathering, people=[leader_city])
    with pytest.raises(ValidationError):
        actions.uninvite(by=app, invitation=invitation)
    with pytest.raises(ValidationError):
        actions.answer_invitation(by=app, invitation=invitation, reply=Reply.YES)


@pytest.mark.parametrize("broken", [
    {"ends": time(13)}, {"state": "cancelled"}, {"state": "planned", "reason": "无"}, {"minutes": "无人"},
])  # fmt: skip
def test_the_database_refuses_what_does_not_fit(officer_haidian, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_gathering(officer_haidian, **broken)


# Who sees what


@pytest.fixture
def others(personas):
    """A meeting of Chaoyang, to which Haidian's people come in by one way each."""
    return {name: make_gathering(personas["officer_chaoyang"], "D03", title=name, on=soon()) for name in
            ("nobody", "person", "unit", "below", "delegate", "owner", "owning unit")}  # fmt: skip


def open_ways(others, user):
    invited(others["person"], user)
    invited(others["unit"], unit("D04"))
    invited(others["below"], unit("D04-01"))
    invited(others["delegate"], unit("D05"), delegate=user)
    make_resolution(others["owner"], owner=user)
    make_resolution(others["owning unit"], unit=unit("D04"))


def test_the_invited_and_those_who_own_a_resolution_see_a_meeting(others, personas):
    user = personas["officer_haidian"]
    open_ways(others, user)
    seen = set(Gathering.objects.visible_to(user).values_list("title", flat=True))
    assert seen == set(others) - {"nobody"}
    assert set(Gathering.objects.changeable_by(user)) == set()
    mine = set(Gathering.objects.visible_to(user).of(user).values_list("title", flat=True))
    assert mine == {"person", "unit", "delegate"}


def test_what_only_the_invited_see_hides_from_the_unit(officer_haidian, director_haidian, staff_city):
    gathering = make_gathering(officer_haidian, invited_only=True)
    assert list(Gathering.objects.visible_to(officer_haidian)) == [gathering]
    for user in (director_haidian, staff_city):
        assert not Gathering.objects.visible_to(user).exists()
    invited(gathering, director_haidian)
    assert list(Gathering.objects.changeable_by(director_haidian)) == [gathering]


def test_whoever_has_lost_every_role_sees_nothing_though_invited(officer_chaoyang, as_app, sql):
    gone = make_user(unit=unit("D04"))
    invited(make_gathering(officer_chaoyang, "D03"), gone)
    assert not Gathering.objects.visible_to(gone).exists()
    with as_app(gone):
        assert sql("SELECT count(*) FROM activities_gathering") == [(0,)]


def test_invitations_wait_for_those_who_work_there(others, personas):
    user, head = personas["officer_haidian"], personas["staff_city"]
    open_ways(others, user)
    waiting = Invitation.objects.waiting_for(user, timezone.localdate())
    assert {each.gathering.title for each in waiting} == {"person", "unit"}
    assert not Invitation.objects.waiting_for(head, timezone.localdate()).exists()


def test_resolutions_are_the_owners_the_owning_units_and_the_callers_to_report_on(others, personas):
    open_ways(others, personas["officer_haidian"])
    count = {name: Resolution.objects.changeable_by(user).count() for name, user in personas.items()}
    assert count["officer_haidian"] == count["officer_chaoyang"] == count["staff_city"] == 2
    assert (count["director_haidian"], count["leader_city"], count["no_role"]) == (1, 0, 0)
