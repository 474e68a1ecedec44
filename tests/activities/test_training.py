"""Plans, classes and who takes part: places are never exceeded, units nominate, the organiser decides."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from activities.actions import nominations as acts
from activities.actions import training as classes
from activities.enums import NominationState
from activities.errors import AlreadyChanged
from activities.models import Coverage, Nomination, TrainingClass, TrainingFile, TrainingPlan
from audit.models import Event
from experts.actions import deaths, merging
from experts.effects import Exited, on_exit
from experts.models import Expert
from tests.factories import (
    enter,
    make_class,
    make_expert,
    make_nomination,
    make_plan,
    make_user,
    restrict,
    unit,
)

pytestmark = pytest.mark.django_db
FACTS = {"kind": "lecture", "title": "专题讲座", "base": "区委党校", "places": 30, "note": ""}


def today():
    return timezone.localdate()


def days(number):
    return today() + timedelta(days=number)


def facts(start=10, **changes):
    return (
        FACTS
        | {"starts_on": days(start), "ends_on": days(start + 2), "nominate_by": days(start - 1)}
        | changes
    )


@pytest.fixture
def course(personas):
    """A class of the city with two places, for which Haidian may nominate."""
    return make_class(make_plan(personas["staff_city"], "BJ", approver=personas["cleared_city"]))


@pytest.fixture
def run(as_app, personas):
    """An act as liaison_app, by name of the persona."""

    def act(name, by, module=acts, /, **given):
        if "nominations" in given:
            keys = [each.pk for each in given["nominations"]]
            given["nominations"] = Nomination.objects.filter(pk__in=keys)
        with as_app(personas[by]):
            return getattr(module, name)(by=personas[by], **given)

    return act


def states():
    return dict(Nomination.objects.values_list("expert__name", "state"))


def nominated(personas, course, *names, **more):
    return [make_nomination(personas["officer_haidian"], course, make_expert(name), **more) for name in names]


# Plans and classes


def test_a_plan_is_drafted_filled_and_approved_by_another(run, personas):
    plan = run("draft_plan", "officer_haidian", classes, unit=unit("D04"), year=2026)
    with pytest.raises(ValidationError, match="还没有班次"):
        run("approve_plan", "director_haidian", classes, plan=plan)
    training = run("add_class", "officer_haidian", classes, plan=plan, facts=facts())
    assert [session.on for session in training.sessions.all()] == [days(10), days(11), days(12)]
    with pytest.raises(PermissionDenied):
        run("approve_plan", "officer_haidian", classes, plan=plan)
    run("approve_plan", "director_haidian", classes, plan=plan)
    plan.refresh_from_db()
    assert (plan.state, plan.approved_by) == ("approved", personas["director_haidian"])
    with pytest.raises(AlreadyChanged):
        run("approve_plan", "director_haidian", classes, plan=plan)
    assert Event.objects.filter(kind="training").count() == 3


def test_nobody_approves_their_own_plan(run):
    plan = run("draft_plan", "director_haidian", classes, unit=unit("D04"), year=2026)
    run("add_class", "director_haidian", classes, plan=plan, facts=facts())
    with pytest.raises(ValidationError, match="不能批准自己起草的计划"):
        run("approve_plan", "director_haidian", classes, plan=plan)


def test_a_unit_has_one_plan_a_year(run):
    run("draft_plan", "officer_haidian", classes, unit=unit("D04"), year=2026)
    with pytest.raises(ValidationError, match="已有研修计划"):
        run("draft_plan", "officer_haidian", classes, unit=unit("D04"), year=2026)
    run("draft_plan", "officer_haidian", classes, unit=unit("D04"), year=2027)


def test_the_database_lets_only_a_head_approve(as_app, personas):
    plan = make_plan(personas["staff_city"], "D04")
    for name in ("officer_haidian", "officer_chaoyang"):
        with as_app(personas[name]), transaction.atomic():
            try:
                changed = TrainingPlan.objects.filter(pk=plan.pk).update(
                    state="approved", approved_by=personas[name], approved_at=timezone.now()
                )
            except DatabaseError:
                changed = 0
                transaction.set_rollback(True)
        assert changed == 0
    assert TrainingPlan.objects.get(pk=plan.pk).state == "draft"


def test_an_approved_plan_shows_below_and_a_draft_does_not(personas, course):
    draft = make_class(make_plan(personas["staff_city"], "BJ", 2027))
    seen = TrainingClass.objects.visible_to(personas["officer_haidian"])
    assert (course in seen, draft in seen) == (True, False)
    assert draft in TrainingClass.objects.visible_to(personas["staff_city"])
    elsewhere = make_class(make_plan(personas["staff_city"], "D03", approver=personas["cleared_city"]))
    assert elsewhere not in seen.all()


def test_a_class_changes_until_it_is_over_and_not_below_who_is_confirmed(run, personas, course):
    run("confirm", "staff_city", training=course, nominations=nominated(personas, course, "甲", "乙"))
    with pytest.raises(ValidationError, match="名额不能少于这个数"):
        run("change_class", "staff_city", classes, training=course, version=1, facts=facts(places=1))
    run("change_class", "staff_city", classes, training=course, version=1, facts=facts(places=5))
    with pytest.raises(AlreadyChanged):
        run("change_class", "staff_city", classes, training=course, version=1, facts=facts())
    with pytest.raises(PermissionDenied):
        run("change_class", "officer_haidian", classes, training=course, version=2, facts=facts())


# Nominating


def test_a_unit_nominates_its_own_experts_once(run, personas, course):
    own, listed = make_expert("林甲"), make_expert("林乙", unit_code="D03")
    enter(listed, "D04")
    from tests.factories import hold

    hold(listed, "D04")
    given = {"training": course, "unit": unit("D04"), "experts": [own, listed]}
    assert run("nominate", "officer_haidian", **given) == 2
    assert run("nominate", "officer_haidian", **given) == 0
    assert states() == {"林甲": "nominated", "林乙": "nominated"}
    assert Event.objects.filter(fields=["training"], verb="request").count() == 2


@pytest.mark.parametrize("who", ["elsewhere", "dead", "restricted"])
def test_others_cannot_be_nominated(run, personas, course, who):
    expert = make_expert("林丙", unit_code="D03" if who == "elsewhere" else "D04")
    if who == "dead":
        Expert.objects.filter(pk=expert.pk).update(died_on=today())
    if who == "restricted":
        restrict(expert, personas["officer_haidian"], make_user())
    with pytest.raises(ValidationError, match="林丙不是"):
        run("nominate", "officer_haidian", training=course, unit=unit("D04"), experts=[expert])
    assert Nomination.objects.count() == 0


@pytest.mark.parametrize(
    "change", [{"nominate_by": date(2026, 1, 1)}, {"state": "cancelled"}, {"state": "done"}]
)
def test_after_the_deadline_or_the_end_nobody_is_nominated(run, course, change):
    TrainingClass.objects.filter(pk=course.pk).update(**change)
    with pytest.raises(ValidationError, match="现在不能推荐"):
        run("nominate", "officer_haidian", training=course, unit=unit("D04"), experts=[make_expert("林甲")])


def test_who_may_not_change_the_unit_nominates_nobody(run, course):
    for name, code in (("leader_city", "D04"), ("officer_chaoyang", "D04")):
        with pytest.raises(PermissionDenied):
            run("nominate", name, training=course, unit=unit(code), experts=[make_expert("林甲")])


# Places


def test_places_go_in_the_order_of_asking_and_the_rest_wait(run, personas, course):
    rows = nominated(personas, course, "甲", "乙", "丙")
    assert run("confirm", "staff_city", training=course, nominations=rows) == (2, 1)
    assert states() == {"甲": "confirmed", "乙": "confirmed", "丙": "waiting"}
    course.refresh_from_db()
    assert (course.taken, course.room) == (2, 0)


def test_a_place_that_becomes_free_goes_to_who_waits(run, personas, course):
    rows = nominated(personas, course, "甲", "乙", "丙")
    run("confirm", "staff_city", training=course, nominations=rows)
    assert run("withdraw", "officer_haidian", training=course, nominations=rows[:1]) == 1
    course.refresh_from_db()
    assert course.room == 1
    assert run("confirm", "staff_city", training=course, nominations=rows[2:]) == (1, 0)
    assert states() == {"甲": "withdrawn", "乙": "confirmed", "丙": "confirmed"}


def test_the_database_lets_nobody_past_the_places(as_app, personas, course):
    rows = nominated(personas, course, "甲", "乙", "丙")
    with as_app(personas["staff_city"]), pytest.raises(DatabaseError, match="no place"), transaction.atomic():
        Nomination.objects.filter(pk__in=[row.pk for row in rows]).update(state="confirmed")
    with as_app(personas["staff_city"]), pytest.raises(DatabaseError), transaction.atomic():
        TrainingClass.objects.filter(pk=course.pk).update(taken=5)
    assert set(states().values()) == {"nominated"}


def test_a_record_that_is_restricted_later_holds_no_place_and_shows_to_its_list_only(run, personas, course):
    rows = nominated(personas, course, "甲", "乙")
    run("confirm", "staff_city", training=course, nominations=rows)
    restrict(rows[0].expert, personas["cleared_city"], make_user())
    course.refresh_from_db()
    assert course.taken == 1
    assert rows[0] not in Nomination.objects.visible_to(personas["staff_city"])
    assert rows[0] in Nomination.objects.visible_to(personas["cleared_city"])


def test_a_nomination_shows_to_its_unit_and_the_organiser(personas, course):
    row = nominated(personas, course, "甲")[0]
    for name, sees in (("officer_haidian", True), ("staff_city", True), ("officer_chaoyang", False)):
        assert (row in Nomination.objects.visible_to(personas[name])) is sees, name


def test_a_unit_withdraws_and_does_nothing_else(run, as_app, personas, course):
    rows = nominated(personas, course, "甲", "乙")
    for name in ("confirm", "decline"):
        with pytest.raises(PermissionDenied):
            run(name, "officer_haidian", training=course, nominations=rows)
    for change in ({"state": "confirmed"}, {"attendance": {"x": "came"}}):
        with as_app(personas["officer_haidian"]), pytest.raises(DatabaseError), transaction.atomic():
            Nomination.objects.filter(pk=rows[0].pk).update(**change)
    assert run("withdraw", "officer_chaoyang", training=course, nominations=rows) == 0
    assert run("withdraw", "officer_haidian", training=course, nominations=rows) == 2


# Registration and attendance


@pytest.fixture
def begun(run, personas, course):
    """The class has begun, two are confirmed."""
    rows = nominated(personas, course, "甲", "乙")
    run("confirm", "staff_city", training=course, nominations=rows)
    TrainingClass.objects.filter(pk=course.pk).update(
        starts_on=days(-1), ends_on=today(), nominate_by=days(-2)
    )
    course.refresh_from_db()
    return course, rows


def test_nobody_registers_before_the_first_day(run, personas, course):
    rows = nominated(personas, course, "甲")
    run("confirm", "staff_city", training=course, nominations=rows)
    with pytest.raises(ValidationError, match="开班以后才能报到"):
        run("register", "staff_city", training=course, nominations=rows)


def test_the_confirmed_register_once_and_attendance_is_noted_by_session(run, begun, personas):
    course, rows = begun
    assert run("register", "staff_city", training=course, nominations=rows[:1]) == 1
    assert run("register", "staff_city", training=course, nominations=rows[:1]) == 0
    first, second = course.sessions.all()
    noted = {"training": course, "attendance": {rows[0].pk: "came", rows[1].pk: "absent"}}
    assert run("note_attendance", "staff_city", session=first, **noted) == 2
    assert run("note_attendance", "staff_city", session=first, **noted) == 0
    run("note_attendance", "staff_city", training=course, session=second, attendance={rows[0].pk: "excused"})
    run("note_attendance", "staff_city", training=course, session=first, attendance={rows[1].pk: ""})
    kept = {row.pk: Nomination.objects.get(pk=row.pk).attendance for row in rows}
    assert kept == {
        rows[0].pk: {str(first.uuid): "came", str(second.uuid): "excused"},
        rows[1].pk: {},
    }
    with pytest.raises(ValidationError, match="只能是"):
        run("note_attendance", "staff_city", training=course, session=first, attendance={rows[0].pk: "x"})


def test_taking_part_is_no_contact(run, begun):
    course, rows = begun
    enter(rows[0].expert, "D04", since=date(2020, 1, 1))
    before = list(Coverage.objects.values_list("expert", "last_on", "due_on"))
    run("register", "staff_city", training=course, nominations=rows)
    session = course.sessions.first()
    run("note_attendance", "staff_city", training=course, session=session, attendance={rows[0].pk: "came"})
    assert list(Coverage.objects.values_list("expert", "last_on", "due_on")) == before


def test_what_is_over_stays_as_it_is(run, begun):
    course, rows = begun
    run("register", "staff_city", training=course, nominations=rows[:1])
    with pytest.raises(ValidationError, match="已有人报到，不能取消"):
        run("cancel_class", "staff_city", classes, training=course)
    with pytest.raises(ValidationError, match="已经报到"):
        run("decline", "staff_city", training=course, nominations=rows)
    run("finish_class", "staff_city", classes, training=course)
    session = course.sessions.first()
    given = {rows[0].pk: "came"}
    with pytest.raises(AlreadyChanged):
        run("note_attendance", "staff_city", training=course, session=session, attendance=given)
    with pytest.raises(AlreadyChanged):
        run("finish_class", "staff_city", classes, training=course)


def test_a_class_that_has_not_begun_is_cancelled_not_finished(run, course):
    with pytest.raises(ValidationError, match="还没有开班"):
        run("finish_class", "staff_city", classes, training=course)
    run("cancel_class", "staff_city", classes, training=course)
    course.refresh_from_db()
    assert course.state == "cancelled"


def test_sessions_lie_within_the_class_and_stay_once_attendance_is_noted(run, begun):
    course, rows = begun
    given = {"training": course, "facts": {"on": today(), "part": "evening", "topic": "座谈"}}
    run("add_session", "staff_city", classes, **given)
    with pytest.raises(ValidationError, match="已经有了"):
        run("add_session", "staff_city", classes, **given)
    with pytest.raises(ValidationError, match="之间的日期"):
        run("add_session", "staff_city", classes, training=course, facts=given["facts"] | {"on": days(9)})
    first, second, *_ = course.sessions.all()
    run("note_attendance", "staff_city", training=course, session=first, attendance={rows[0].pk: "came"})
    with pytest.raises(ValidationError, match="已记考勤"):
        run("remove_session", "staff_city", classes, session=first)
    run("remove_session", "staff_city", classes, session=second)
    assert course.sessions.count() == 2


# Materials


def test_material_is_kept_encrypted_and_read_on_the_record(run, course):
    from activities.models.training import VAULT

    data = b"%PDF-1.4\nstartxref\n0\n%%EOF"
    kept = run("add_material", "staff_city", classes, training=course, upload=BytesIO(data), name="讲义.pdf")
    assert data not in (VAULT.folder() / kept.stored_as).read_bytes()
    assert run("hand_over_material", "officer_haidian", classes, file=kept) == data
    assert Event.objects.filter(verb="export", kind="training").count() == 1
    with pytest.raises(ValidationError):
        run("add_material", "staff_city", classes, training=course, upload=BytesIO(b"x"), name="x.exe")
    with pytest.raises(PermissionDenied):
        run("remove_material", "officer_haidian", classes, file=kept)
    run("remove_material", "staff_city", classes, file=kept)
    assert TrainingFile.objects.count() == 0


# Effects


def test_an_exit_withdraws_what_that_unit_had_nominated(as_app, personas, course):
    row = nominated(personas, course, "林退")[0]
    other = make_nomination(personas["staff_city"], make_class(course.plan), row.expert, "BJ")
    enter(row.expert, "D04", until=today())
    with as_app(personas["director_haidian"]):
        on_exit.happened(Exited(row.expert, personas["director_haidian"], unit("D04")))
    assert [Nomination.objects.get(pk=each.pk).state for each in (row, other)] == ["withdrawn", "nominated"]


def test_a_death_withdraws_everywhere_and_frees_the_place(run, as_app, personas, course):
    row = nominated(personas, course, "林故")[0]
    run("confirm", "staff_city", training=course, nominations=[row])
    with as_app(personas["officer_haidian"]):
        deaths.register_death(
            by=personas["officer_haidian"], expert=row.expert, died_on=today(), source="讣告"
        )
    course.refresh_from_db()
    assert (states(), course.taken) == ({"林故": "withdrawn"}, 0)


def test_nothing_is_withdrawn_of_who_is_on_the_list_or_in_a_class_that_has_begun(
    as_app, begun, personas, sql
):
    _, rows = begun
    enter(rows[0].expert, "D04")
    with as_app(personas["officer_chaoyang"]):
        sql("SELECT activities_withdraw_nominations(%s, %s)", rows[0].expert.uuid, unit("D04").pk)
        sql("SELECT activities_withdraw_nominations(%s, %s)", rows[1].expert.uuid, unit("D04").pk)
    assert set(states().values()) == {NominationState.CONFIRMED}


def test_a_merge_leaves_one_place_and_an_undo_gives_the_other_back(run, as_app, personas, course):
    rows = nominated(personas, course, "林双", "林爽")
    run("confirm", "staff_city", training=course, nominations=rows)
    stay, gone, by = rows[0].expert, rows[1].expert, personas["officer_haidian"]
    with as_app(by):
        merge = merging.merge_records(by=by, stay=stay, gone=gone, versions=(1, 1), taken=[])
    course.refresh_from_db()
    assert course.taken == 1
    with as_app(by):
        merging.undo_merge(by=by, merge=merge)
    course.refresh_from_db()
    assert course.taken == 2
