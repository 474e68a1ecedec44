"""Planning contacts, writing them down, setting them right: the acts."""

from datetime import date, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from PIL import Image

from activities.actions import contacts, follow_ups, photos, settling
from activities.actions.follow_ups import Line
from activities.actions.photos import VAULT, picture_of
from activities.errors import StaleContact
from activities.models import Contact, ContactPerson, Coverage, FollowUp, Photo
from activities.ways import Went
from audit.models import Event
from tests.activities.steps import heard, planned, recorded, today
from tests.experts.files import photo as picture
from tests.factories import (
    assign,
    enter,
    hold,
    make_contact,
    make_expert,
    make_follow_up,
    make_photo,
    make_user,
    restrict,
    unit,
)
from tests.roles import as_role

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


@pytest.fixture
def expert():
    return make_expert("林中鸟", awards=["CAS"])


def line(by, text="子女入学咨询", kind="need", days=7):
    return Line(kind, text, by.username, today() + timedelta(days=days))


def errors(failure):
    return failure.value.message_dict


def completed(by, contact, version=None, **facts):
    with as_role("liaison_app", by):
        return contacts.complete_contact(
            by=by, contact=contact, version=version or contact.version,
            facts={"on": today(), **facts}, heard=heard(by),
        )  # fmt: skip


def corrected(by, contact, version=None, lines=(), **facts):
    with as_role("liaison_app", by):
        return contacts.correct_contact(
            by=by, contact=contact, version=version or contact.version, facts=facts,
            heard=heard(by, lines=lines),
        )  # fmt: skip


# Recording


def test_a_visit_is_recorded_whole(by, expert, leader_city):
    contact = recorded(
        by, expert, by, leader_city, heard="实验室用电紧张\n希望增容", next_step="协调供电",
        lines=[line(by), line(by, "优化算力券", "suggestion")], photos=[BytesIO(picture())],
    )  # fmt: skip
    contact.refresh_from_db()
    assert (contact.state, contact.way, contact.unit.code) == ("done", "leader", "D04")
    assert contact.heard == "实验室用电紧张\n希望增容"
    assert contact.next_on == today() + timedelta(days=30)
    assert (contact.recorded_by, contact.planned_by) == (by, None)
    assert list(contact.follow_ups.order_by("id").values_list("kind", "text", "owner")) == [
        ("need", "子女入学咨询", by.pk), ("suggestion", "优化算力券", by.pk)
    ]  # fmt: skip
    assert contact.photos.count() == 1
    event = Event.objects.get(fields=["contacts"])
    assert (event.verb, event.kind, event.reference) == ("create", "expert", expert.record_number)


def test_recording_resets_the_clock_of_the_expert(by, expert):
    enter(expert, since=date(2020, 1, 1))
    assert Coverage.objects.get().due_on < today()
    recorded(by, expert)
    assert Coverage.objects.get().last_on == today()
    assert Coverage.objects.get().due_on > today() + timedelta(days=80)


def test_the_same_form_sent_twice_writes_once(by, expert):
    form = uuid4()
    first = recorded(by, expert, uuid=form, lines=[line(by)])
    again = recorded(by, expert, uuid=form, lines=[line(by)])
    assert first.pk == again.pk
    assert (Contact.objects.count(), FollowUp.objects.count(), ContactPerson.objects.count()) == (1, 1, 1)
    assert Event.objects.filter(fields=["contacts"]).count() == 1


def test_a_key_that_another_form_has_used_is_refused(by, director_haidian, expert):
    form = uuid4()
    recorded(by, expert, uuid=form)
    for user, other in ((director_haidian, expert), (by, make_expert("另一人"))):
        with pytest.raises(ValidationError, match="已经用过"):
            recorded(user, other, uuid=form)
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(("facts", "field"), [
    ({"on": date(2999, 1, 1)}, "on"),
    ({"on": date(2014, 5, 5)}, "on"),
    ({"heard": "密级：秘密"}, "heard"),
    ({"next_step": "机密★"}, "next_step"),
])  # fmt: skip
def test_what_cannot_be_recorded_names_the_field(by, expert, facts, field):
    with pytest.raises(ValidationError) as failure:
        recorded(by, expert, **facts)
    assert list(errors(failure)) == [field]
    assert Contact.objects.count() == 0


def test_somebody_must_have_gone_and_be_known(by, expert):
    with as_role("liaison_app", by):
        for went in (Went(), Went(("nobody-here",))):
            with pytest.raises(ValidationError) as failure:
                contacts.record_contact(
                    by=by, expert=expert, uuid=uuid4(), facts={"on": today()}, heard=contacts.Heard(went)
                )
            assert list(errors(failure)) == ["went"]


def test_an_owner_must_be_able_to_see_to_it(by, expert, officer_chaoyang):
    with pytest.raises(ValidationError) as failure:
        recorded(by, expert, lines=[line(officer_chaoyang)])
    assert list(errors(failure)) == ["lines"]
    assert Contact.objects.count() == 0


def test_the_database_itself_refuses_a_visit_of_tomorrow(by, expert):
    with as_role("liaison_app", by), pytest.raises(DatabaseError), transaction.atomic():
        make_contact(by, expert, today() + DAY)
    with as_role("liaison_app", by):
        make_contact(by, expert, today() + DAY, state="planned", way="")


def test_readers_and_strangers_record_nothing(leader_city, officer_chaoyang, expert):
    with pytest.raises(PermissionDenied):
        recorded(leader_city, expert)
    with as_role("liaison_app", officer_chaoyang), pytest.raises(DatabaseError), transaction.atomic():
        make_contact(officer_chaoyang, expert, unit_code="D03")


def test_who_holds_the_expert_records_for_the_own_unit(officer_chaoyang, expert):
    hold(expert, "D03")
    expert.refresh_from_db()
    assert recorded(officer_chaoyang, expert).unit.code == "D03"


def test_of_several_units_the_nearest_to_the_expert_keeps_the_contact(by, expert):
    assign(by, "liaison_officer", unit("BJ"))
    assert recorded(by, make_expert("远处", "D03")).unit.code == "BJ"
    assert recorded(by, expert).unit.code == "D04"


def test_of_the_dead_only_what_was_before(by, expert):
    type(expert).objects.filter(pk=expert.pk).update(died_on=today() - DAY)
    expert.refresh_from_db()
    with pytest.raises(ValidationError, match="去世"):
        recorded(by, expert)
    assert recorded(by, expert, on=today() - 2 * DAY).state == "done"
    with pytest.raises(ValidationError, match="不再安排"):
        planned(by, expert)


# Planning


def test_several_experts_are_planned_at_once(by, expert, leader_city):
    form, other = uuid4(), make_expert("王二")
    made = planned(by, expert, other, uuid=form, on=today() + DAY, went=[leader_city], venue="办公室")
    assert planned(by, expert, other, uuid=form, on=today() + DAY, went=[leader_city]) == made
    assert sorted(Contact.objects.values_list("expert__name", "state", "venue", "way")) == [
        ("林中鸟", "planned", "办公室", ""), ("王二", "planned", "办公室", "")
    ]  # fmt: skip
    assert set(ContactPerson.objects.values_list("user", "capacity")) == {(leader_city.pk, "leader")}
    assert Event.objects.filter(fields=["contacts"]).count() == 2


@pytest.mark.parametrize("days", [-1, 400])
def test_plans_are_for_the_days_ahead(by, expert, days):
    with pytest.raises(ValidationError) as failure:
        planned(by, expert, on=today() + timedelta(days=days))
    assert list(errors(failure)) == ["on"]


def test_a_planned_visit_is_recorded_by_another_colleague(by, director_haidian, expert):
    (contact,) = planned(by, expert, went=[director_haidian])
    completed(director_haidian, contact, heard="谈了项目")
    contact.refresh_from_db()
    assert (contact.state, contact.heard, contact.way) == ("done", "谈了项目", "officer")
    assert (contact.planned_by, contact.recorded_by) == (by, director_haidian)
    assert list(contact.people.values_list("user", flat=True)) == [director_haidian.pk]


def test_what_a_colleague_has_recorded_meanwhile_is_shown(by, director_haidian, expert):
    (contact,) = planned(by, expert)
    completed(director_haidian, contact, heard="先记的")
    with pytest.raises(StaleContact) as stale:
        completed(by, contact, heard="后记的")
    assert (stale.value.current.heard, stale.value.current.version) == ("先记的", 2)


def test_recording_a_plan_twice_is_done_once(by, expert):
    (contact,) = planned(by, expert)
    completed(by, contact)
    completed(by, contact)
    assert Contact.objects.get().version == 2


def test_a_plan_is_moved_called_off_or_missed(by, expert):
    (contact,) = planned(by, expert)
    with as_role("liaison_app", by):
        settling.reschedule(by=by, contact=contact, version=1, on=today() + 3 * DAY)
        contact.refresh_from_db()
        with pytest.raises(ValidationError, match="还没有到"):
            settling.miss_contact(by=by, contact=contact, version=2, hindrance="ours")
        with pytest.raises(ValidationError, match="原因"):
            settling.cancel_contact(by=by, contact=contact, version=2, hindrance="rain")
        with pytest.raises(ValidationError, match="什么原因"):
            settling.cancel_contact(by=by, contact=contact, version=2, hindrance="other")
        settling.cancel_contact(by=by, contact=contact, version=2, hindrance="abroad", note="出访两周")
        with pytest.raises(StaleContact):
            settling.cancel_contact(by=by, contact=contact, version=2, hindrance="abroad")
    contact.refresh_from_db()
    assert (contact.state, contact.hindrance, contact.note) == ("cancelled", "abroad", "出访两周")


def test_what_was_planned_for_today_may_be_missed(by, expert):
    (contact,) = planned(by, expert)
    with as_role("liaison_app", by):
        settling.miss_contact(by=by, contact=contact, version=1, hindrance="declined")
    contact.refresh_from_db()
    assert (contact.state, contact.hindrance) == ("missed", "declined")


# Setting right


def test_a_record_is_completed_and_set_right_within_the_days(by, leader_city, expert):
    contact = recorded(by, expert)
    corrected(by, contact, heard="补记", lines=[line(by)])
    contact.refresh_from_db()
    assert (contact.heard, contact.version, contact.follow_ups.count()) == ("补记", 2, 1)
    with pytest.raises(StaleContact):
        corrected(by, contact, version=1, heard="又改")


def test_past_the_days_the_department_head_sets_it_right(by, director_haidian, expert):
    contact = make_contact(by, expert, today() - 20 * DAY, recorded_at=timezone.now() - 8 * DAY)
    with pytest.raises(ValidationError, match="7 天"):
        corrected(by, contact, heard="补记")
    corrected(director_haidian, contact, heard="补记")
    with as_role("liaison_app", by), pytest.raises(ValidationError, match="7 天"):
        settling.void_contact(by=by, contact=contact, version=2, note="记错人")


def test_correcting_who_went_changes_what_it_counts_as(by, leader_city, expert):
    contact = recorded(by, expert, by, leader_city)
    corrected(by, contact)
    contact.refresh_from_db()
    assert contact.way == "officer"


def test_a_wrong_record_counts_no_longer_and_stays(by, expert):
    enter(expert)
    contact = recorded(by, expert)
    with as_role("liaison_app", by):
        with pytest.raises(ValidationError, match="哪里有误"):
            settling.void_contact(by=by, contact=contact, version=1, note=" ")
        settling.void_contact(by=by, contact=contact, version=1, note="不是这位专家")
    contact.refresh_from_db()
    assert (contact.state, contact.way, contact.note) == ("cancelled", "", "不是这位专家")
    assert Coverage.objects.get().last_on is None


# Drafts


def draft(by, expert, uuid=None, lines=(), pictures=(), **facts):
    with as_role("liaison_app", by):
        return contacts.save_draft(
            by=by, expert=expert, uuid=uuid or uuid4(), facts={"on": today(), **facts},
            heard=heard(lines=lines, photos=pictures),
        )  # fmt: skip


def test_a_draft_is_kept_replaced_and_becomes_the_record(by, expert):
    form = uuid4()
    draft(by, expert, form, heard="草", lines=[line(by)])
    draft(by, expert, form, heard="草稿", lines=[line(by), line(by, "停车")])
    assert Contact.objects.values_list("state", "heard", "way").get() == ("draft", "草稿", "")
    assert FollowUp.objects.count() == 2
    contact = recorded(by, expert, uuid=form, heard="正式", lines=[line(by, "停车")])
    assert (contact.state, contact.heard, contact.way) == ("done", "正式", "officer")
    assert list(FollowUp.objects.values_list("text", flat=True)) == ["停车"]


def test_a_draft_is_its_writers_alone(by, director_haidian, expert, as_app):
    contact = draft(by, expert, lines=[line(by)], pictures=[BytesIO(picture())])
    for user in (director_haidian, by):
        seen = user == by
        assert Contact.objects.visible_to(user).exists() == seen
        with as_app(user):
            assert [model.objects.exists() for model in (Contact, FollowUp, Photo)] == [seen] * 3
    with pytest.raises(PermissionDenied):
        completed(director_haidian, contact)
    assert not Event.objects.filter(kind="expert", reference=expert.record_number).exists()


def test_a_draft_is_thrown_away_with_its_files(by, expert, django_capture_on_commit_callbacks):
    contact = draft(by, expert, pictures=[BytesIO(picture())])
    assert len(list(VAULT.folder().iterdir())) == 1
    with django_capture_on_commit_callbacks(execute=True), as_role("liaison_app", by):
        settling.delete_draft(by=by, contact=contact)
    assert (Contact.objects.count(), list(VAULT.folder().iterdir())) == (0, [])


def test_nothing_but_a_draft_is_thrown_away(by, expert):
    contact = recorded(by, expert)
    with as_role("liaison_app", by), pytest.raises(PermissionDenied):
        settling.delete_draft(by=by, contact=contact)


# What was heard and promised


def test_a_need_is_seen_to_once(by, director_haidian, officer_chaoyang, expert):
    row = make_follow_up(recorded(by, expert), owner=by)
    with as_role("liaison_app", officer_chaoyang), pytest.raises(PermissionDenied):
        follow_ups.complete_follow_up(by=officer_chaoyang, follow_up=row, outcome="办好")
    with as_role("liaison_app", director_haidian):
        with pytest.raises(ValidationError, match="办理结果"):
            follow_ups.complete_follow_up(by=director_haidian, follow_up=row, outcome=" ")
        follow_ups.complete_follow_up(by=director_haidian, follow_up=row, outcome="已联系区教委")
        with pytest.raises(ValidationError, match="已经办结"):
            follow_ups.complete_follow_up(by=director_haidian, follow_up=row, outcome="又办")
    row.refresh_from_db()
    assert (row.done_by, row.outcome) == (director_haidian, "已联系区教委")


def test_more_is_added_to_a_record_later(by, director_haidian, leader_city, expert):
    contact = recorded(by, expert)
    with as_role("liaison_app", director_haidian):
        follow_ups.add_follow_ups(by=director_haidian, contact=contact, lines=[line(director_haidian)])
    assert contact.follow_ups.get().owner == director_haidian
    with as_role("liaison_app", leader_city), pytest.raises(PermissionDenied):
        follow_ups.add_follow_ups(by=leader_city, contact=contact, lines=[line(by)])


def test_a_promise_is_kept_once(by, expert):
    contact = recorded(by, expert, next_step="回访", next_on=today() + DAY)
    assert list(Contact.objects.promising()) == [contact]
    with as_role("liaison_app", by):
        follow_ups.keep_promise(by=by, contact=contact)
        with pytest.raises(ValidationError, match="已经兑现"):
            follow_ups.keep_promise(by=by, contact=contact)
    assert list(Contact.objects.promising()) == []


# Photos


def test_a_photo_loses_where_it_was_taken(by, expert):
    upload = picture(size=(3000, 1500))
    assert Image.open(BytesIO(upload)).getexif()
    contact = recorded(by, expert, photos=[BytesIO(upload)])
    data = picture_of(contact.photos.get())
    kept = Image.open(BytesIO(data))
    assert (dict(kept.getexif()), kept.info.get("exif"), kept.size) == ({}, None, (2000, 1000))
    assert b"taken at home" not in data
    stored = (VAULT.folder() / contact.photos.get().stored_as).read_bytes()
    assert data[:200] not in stored


def test_there_is_a_limit_to_photos(by, expert):
    contact = recorded(by, expert, photos=[BytesIO(picture())] * 9)
    with as_role("liaison_app", by), pytest.raises(ValidationError, match="9 张"):
        photos.add_photos(by=by, contact=contact, uploads=[BytesIO(picture())])
    assert len(list(VAULT.folder().iterdir())) == 9


def test_a_photo_is_taken_back_by_who_added_it_within_the_days(
    by, director_haidian, expert, django_capture_on_commit_callbacks
):
    contact = recorded(by, expert, photos=[BytesIO(picture())])
    photo = contact.photos.get()
    with as_role("liaison_app", director_haidian), pytest.raises(PermissionDenied):
        photos.remove_photo(by=director_haidian, photo=photo)
    Photo.objects.update(added_at=timezone.now() - 8 * DAY)
    with as_role("liaison_app", by), pytest.raises(ValidationError, match="7 天"):
        photos.remove_photo(by=by, photo=photo)
    Photo.objects.update(added_at=timezone.now() - 7 * DAY)
    with django_capture_on_commit_callbacks(execute=True), as_role("liaison_app", by):
        photos.remove_photo(by=by, photo=photo)
    assert (Photo.objects.count(), list(VAULT.folder().iterdir())) == (0, [])


def test_a_photo_is_nobodys_to_take_back_in_the_database_but_its_own(
    by, director_haidian, expert, as_app, sql
):
    photo = make_photo(recorded(by, expert), by=by)
    with as_app(director_haidian):
        sql("DELETE FROM activities_photo")
    assert Photo.objects.filter(pk=photo.pk).exists()
    with as_app(director_haidian), pytest.raises(DatabaseError), transaction.atomic():
        sql("UPDATE activities_photo SET size = 1")


# Restricted


def test_restricted_contacts_are_for_the_list_only(by, cleared_city, expert):
    restrict(expert, cleared_city, make_user())
    expert.refresh_from_db()
    contact = recorded(cleared_city, expert, lines=[line(cleared_city)])
    assert contact.unit.code == "BJ"
    for user in (by,):
        assert not Contact.objects.visible_to(user).exists()
        assert not FollowUp.objects.visible_to(user).exists()
    with pytest.raises(ValidationError):
        recorded(cleared_city, expert, lines=[line(by)])


@pytest.fixture
def statements():
    """Statements of an act but savepoints and the switch of roles."""
    from django.test.utils import CaptureQueriesContext

    ours = ("SAVEPOINT", "RELEASE", "SET LOCAL ROLE", "RESET ROLE", "SELECT set_config")

    def run(act):
        with CaptureQueriesContext(connection) as captured:
            act()
        return [query["sql"] for query in captured if not query["sql"].startswith(ours)]

    return run


def test_recording_costs_seven_statements(by, leader_city, expert, statements):
    assert by.may("change")  # its roles come with the request
    found = statements(
        lambda: recorded(
            by, expert, by, leader_city, lines=[line(by), line(by, "停车")], photos=[BytesIO(picture())]
        )
    )
    # who went, the contact, the people, whose the lines are, the lines, the event, the photos
    assert len(found) == 7, "\n".join(found)
