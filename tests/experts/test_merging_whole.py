"""What a merge carries along beside fields and honours: histories, photo, confirmations, days on rosters; and
what becomes of it when the merge is undone."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone

from experts.actions import merging, register
from experts.actions.deaths import register_death
from experts.enums import Label
from experts.errors import NotAllowed
from experts.forms.identity import MergeForm
from experts.freshness import KEY_FIELDS, confirmation_of
from experts.models import (
    Death,
    Expert,
    HistoryEvent,
    Holder,
    Merge,
    ProposalLine,
    RosterEntry,
    RosterTally,
)
from tests.experts.pages import at, body
from tests.factories import enter, make_exit, make_expert, make_unit, make_user, propose, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
DAY = date(2024, 1, 1)


@pytest.fixture
def by(personas):
    return personas["officer_haidian"]


@pytest.fixture
def two():
    return make_expert("林双", post="院长"), make_expert("林双", post="主任")


def merged(by, stay, gone, *taken):
    stay, gone = (Expert.objects.get(pk=each.pk) for each in (stay, gone))
    with as_role("liaison_app", by):
        return merging.merge_records(
            by=by, stay=stay, gone=gone, versions=(stay.version, gone.version), taken=taken
        )


def undone(by, merge):
    with as_role("liaison_app", by):
        return merging.undo_merge(by=by, merge=Merge.objects.get(pk=merge.pk))


def edit(by, expert, **facts):
    with as_role("liaison_app", by):
        register.update_expert(
            by=by, expert=expert, version=Expert.objects.get(pk=expert.pk).version, facts=facts
        )


def events(expert):
    return set(HistoryEvent.objects.filter(expert=expert).values_list("id", flat=True))


# The histories


def test_both_histories_are_the_survivors_and_part_again(by, two):
    stay, gone = two
    edit(by, stay, post="所长")
    edit(by, gone, title="教授")
    mine, theirs = events(stay), events(gone)
    merge = merged(by, stay, gone, "post")
    assert mine | theirs < events(stay)
    assert HistoryEvent.objects.filter(expert=gone, changes__has_key="title").count() == 0
    since = events(stay) - mine - theirs
    undone(by, merge)
    assert theirs < events(gone)
    assert mine | since < events(stay)
    assert theirs & events(stay) == set()


def test_the_page_tells_whose_history_it_was_and_offers_no_value_of_the_other(by, two, client_of):
    stay, gone = two
    edit(by, gone, title="教授")
    edit(by, stay, title="研究员")
    carried = HistoryEvent.objects.get(expert=gone, changes__has_key="title")
    merged(by, stay, gone, "post")
    client = client_of(by)
    page = client.get(at(stay) + "?tab=history")
    entries = page.context["history"]["entries"]
    assert [(entry.title, entry.record) for entry in entries] == [
        ("合并档案", ""), ("修改资料", ""), ("修改资料", gone.record_number),
        ("建立档案", gone.record_number), ("建立档案", ""),
    ]  # fmt: skip
    assert entries[0].source == (f"并入的档案 {gone.record_number}", "")
    assert [line.label for line in entries[0].lines] == ["职务"]
    assert [bool(line.restore_url) for entry in entries for line in entry.lines] == [True, True, False]
    assert gone.record_number in body(page)
    assert client.get(at(stay, "history", carried.uuid, "title", "restore")).status_code == 404


def test_of_a_chain_of_merges_each_history_is_told_by_its_own_record(by, two, client_of):
    stay, gone = two
    last = make_expert("林双")
    merged(by, stay, gone)
    merged(by, last, stay)
    entries = client_of(by).get(at(last) + "?tab=history").context["history"]["entries"]
    entered = [entry.record for entry in entries if entry.title == "建立档案"]
    assert sorted(entered) == sorted(["", stay.record_number, gone.record_number])


def test_an_undone_merge_is_told_in_words_on_both(by, two, client_of):
    stay, gone = two
    undone(by, merged(by, stay, gone, "post"))
    client = client_of(by)
    [undoing, merging_, *_] = client.get(at(stay) + "?tab=history").context["history"]["entries"]
    assert (undoing.title, merging_.title) == ("撤销合并", "合并档案")
    [back, away, *_] = client.get(at(gone) + "?tab=history").context["history"]["entries"]
    assert [line.note for line in (*back.lines, *away.lines)] == [
        "撤销合并，恢复为单独的档案", "并入另一份档案",
    ]  # fmt: skip
    event = HistoryEvent.objects.filter(expert=gone, changes__has_key="label").first()
    assert client.get(at(gone, "history", event.uuid, "label", "restore")).status_code == 404


def test_an_act_that_touched_both_is_told_once_for_each(by, client_of):
    """An import enters both in one transaction: their events share moment, person and origin."""
    stay, gone = make_expert("林双"), make_expert("林双")
    merged(by, stay, gone)
    assert HistoryEvent.objects.filter(act="created", subject="expert").values("at").distinct().count() == 1
    entries = client_of(by).get(at(stay) + "?tab=history").context["history"]["entries"]
    assert sorted(entry.record for entry in entries if entry.title == "建立档案") == ["", gone.record_number]


# The photo


@pytest.fixture
def pictured(two):
    for expert, data in zip(two, (b"stay", b"gone"), strict=True):
        expert.photo.save("x.jpg", ContentFile(data), save=True)
    return two


def picture_of(expert):
    with Expert.objects.get(pk=expert.pk).photo.open("rb") as file:
        return file.read()


def files():
    folder = Path(Expert._meta.get_field("photo").storage.path("photos"))
    return sorted(file.read_bytes() for file in folder.iterdir())


def test_the_chosen_photo_is_a_copy_and_comes_off_again(by, pictured, django_capture_on_commit_callbacks):
    stay, gone = pictured
    merge = merged(by, stay, gone, "photo")
    assert (picture_of(stay), picture_of(gone)) == (b"gone", b"gone")
    assert Expert.objects.get(pk=stay.pk).photo.name != gone.photo.name
    assert files() == [b"gone", b"gone", b"stay"]
    with django_capture_on_commit_callbacks(execute=True):
        undone(by, merge)
    assert (picture_of(stay), picture_of(gone)) == (b"stay", b"gone")
    assert files() == [b"gone", b"stay"]


def test_a_photo_that_is_not_chosen_stays(by, pictured):
    stay, gone = pictured
    merge = merged(by, stay, gone)
    assert (picture_of(stay), merge.photo_aside, files()) == (b"stay", "", [b"gone", b"stay"])


def test_after_30_days_the_worker_drops_the_photo_put_aside(by, pictured, django_capture_on_commit_callbacks):
    stay, gone = pictured
    merge = merged(by, stay, gone, "photo")
    Merge.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True), as_role("liaison_worker"):
        assert merging.forget_expired() == 1
    assert files() == [b"gone", b"gone"]
    merge.refresh_from_db()
    assert merge.photo_aside == ""


def test_a_photo_replaced_since_stops_undoing(by, pictured):
    stay, gone = pictured
    merge = merged(by, stay, gone, "photo")
    Expert.objects.filter(pk=stay.pk).update(photo="photos/other.jpg")
    with pytest.raises(ValidationError, match="合并后照片已被修改"):
        undone(by, merge)


def test_a_photo_whose_file_is_missing_is_refused_and_nothing_is_merged(by, two):
    stay, gone = two
    Expert.objects.filter(pk=gone.pk).update(photo="photos/missing.jpg")
    with pytest.raises(NotAllowed, match="照片读不出来"):
        merged(by, stay, gone, "photo")
    assert Merge.objects.count() == 0


def test_the_form_shows_both_photos_and_takes_the_chosen(by, pictured, client_of):
    stay, gone = pictured
    client = client_of(by)
    page = client.get(at(stay, "merge", gone.uuid))
    assert f'src="{at(stay, "photo")}"' in body(page)
    assert f'src="{at(gone, "photo")}"' in body(page)
    sent = {"post": "stay", "photo": "gone", "stay_version": stay.version, "gone_version": gone.version}
    assert client.post(at(stay, "merge", gone.uuid), sent).url == at(stay)
    assert picture_of(stay) == b"gone"


# The confirmations


def confirmed(expert, day, **fields):
    """The record confirmed on `day`, single fields on days of their own; returns by whom."""
    user = make_user()
    stamps = {"all": [day.isoformat(), user.pk, "import"]}
    stamps |= {name: [each.isoformat(), user.pk, "review"] for name, each in fields.items()}
    Expert.objects.filter(pk=expert.pk).update(confirmed_on=day, confirmed_by=user, confirmations=stamps)
    return user


def confirmation(expert):
    return Expert.objects.values("confirmations", "confirmed_on", "confirmed_by").get(pk=expert.pk)


def days(expert):
    expert.refresh_from_db()
    return {name: each.on.year for name in KEY_FIELDS if (each := confirmation_of(expert, name))}


def test_a_field_keeps_the_confirmation_of_where_it_comes_from(by, two):
    stay, gone = two
    Expert.objects.filter(pk=stay.pk).update(employer="甲大学", title="教授")
    Expert.objects.filter(pk=gone.pk).update(employer="乙大学", title="研究员")
    confirmed(stay, date(2021, 1, 1), employer=date(2022, 1, 1), name=date(2021, 5, 5))
    who = confirmed(gone, date(2020, 1, 1), post=date(2025, 1, 1), name=date(2023, 1, 1))
    merged(by, stay, gone, "post", "title")
    assert days(stay) == dict.fromkeys(KEY_FIELDS, 2021) | {
        "name": 2023, "employer": 2022, "post": 2025, "title": 2020,
    }  # fmt: skip
    post = confirmation_of(stay, "post")
    assert (post.by_id, post.source) == (who.pk, "review")
    assert (stay.confirmed_on, stay.confirmed_by) == (date(2020, 1, 1), who)


def test_undoing_gives_the_confirmations_back(by, two):
    stay, gone = two
    confirmed(stay, date(2021, 1, 1))
    confirmed(gone, date(2024, 1, 1))
    before = confirmation(stay)
    merge = merged(by, stay, gone, "post")
    assert days(stay)["post"] == 2024
    undone(by, merge)
    assert confirmation(stay) == before


def test_confirming_since_does_not_stop_undoing_and_stays_for_what_does_not_change(by, two):
    stay, gone = two
    confirmed(stay, date(2021, 1, 1))
    confirmed(gone, date(2022, 1, 1))
    merge = merged(by, stay, gone, "post")
    with as_role("liaison_app", by):
        register.confirm_information(by=by, experts=Expert.objects.filter(pk=stay.pk))
    undone(by, merge)
    found, today = days(stay), timezone.localdate().year
    assert (found["post"], found["name"], stay.confirmed_on) == (2021, today, date(2021, 1, 1))


def test_the_form_chooses_by_the_field_s_own_confirmation(two):
    stay, gone = two
    Expert.objects.filter(pk=stay.pk).update(title="教授")
    Expert.objects.filter(pk=gone.pk).update(title="研究员")
    confirmed(stay, date(2021, 1, 1), post=date(2026, 1, 1))
    confirmed(gone, date(2022, 1, 1))
    stay, gone = Expert.objects.get(pk=stay.pk), Expert.objects.get(pk=gone.pk)
    form = MergeForm(stay=stay, gone=gone, doubled=set())
    assert {row["name"]: row["chosen"] for row in form.rows()} == {"post": "stay", "title": "gone"}


# Those who have died


def die(by, expert, day=DAY):
    with as_role("liaison_app", by):
        register_death(by=by, expert=Expert.objects.get(pk=expert.pk), died_on=day, source="讣告")


@pytest.mark.parametrize("index", [0, 1])
def test_one_who_has_died_is_not_merged_with_one_who_has_not(by, two, client_of, index):
    stay, gone = two
    die(by, two[index])
    with pytest.raises(NotAllowed, match=r"先核实.*更正去世登记"):
        merged(by, stay, gone)
    assert Merge.objects.count() == 0
    client = client_of(by)
    page = body(client.get(at(stay, "merge", gone.uuid)))
    assert "只有一条登记了去世，不能合并" in page
    assert two[1 - index].record_number + "上也登记去世" in page
    assert 'type="submit">合并' not in page
    stay, gone = (Expert.objects.get(pk=each.pk) for each in two)
    sent = {"post": "stay", "stay_version": stay.version, "gone_version": gone.version}
    refused = client.post(at(stay, "merge", gone.uuid), sent)
    assert (refused.status_code, "两条一致后再合并" in body(refused)) == (422, True)


def test_two_who_have_died_are_merged_and_the_survivor_keeps_its_day(by, two, client_of):
    stay, gone = two
    die(by, stay)
    die(by, gone, DAY - timedelta(days=1))
    assert "两条登记的去世日期不同" in body(client_of(by).get(at(stay, "merge", gone.uuid)))
    merge = merged(by, stay, gone)
    assert Expert.objects.get(pk=stay.pk).died_on == DAY
    assert [death.died_on for death in Death.objects.filter(expert=stay)] == [DAY]
    undone(by, merge)
    assert Expert.objects.get(pk=gone.pk).died_on == DAY - timedelta(days=1)
    assert Death.objects.filter(expert=gone).count() == 1


# The days on rosters


def listed(by, expert, since, until=None, code="D04", proposal=None):
    """On the roster of the unit; returns the proposal that opened the entry."""
    opened = proposal or propose(by, expert, unit_code=code, state="withdrawn")
    RosterEntry.objects.create(
        expert=expert,
        unit=unit(code),
        scope="key",
        since=since,
        until=until,
        opened_by=opened,
        closed_by=propose(by, expert, unit_code=code, kind="exit", state="withdrawn") if until else None,
    )
    return opened


def periods(expert, code="D04"):
    entries = RosterEntry.objects.filter(expert=expert, unit=unit(code)).order_by("since")
    return list(entries.values_list("since", "until"))


def on_roster(day, code="D04"):
    entries = RosterEntry.objects.of(unit(code)).filter(label__lt=3).as_of(day)
    return list(entries.values_list("expert", flat=True))


def tallied(day):
    rows = RosterTally.objects.filter(unit=unit("D04"), label__lt=3).up_to(day)
    return sum(rows.values_list("change", flat=True))


Y = [date(2015 + number, 1, 1) for number in range(12)]


@pytest.mark.parametrize(("mine", "theirs"), [
    ([(3, None)], [(1, None)]),
    ([(3, 5)], [(1, 8)]),
    ([(1, 2), (5, None)], [(0, 7)]),
    ([(1, None)], [(2, 3), (4, None)]),
    ([(2, 4)], [(4, 6)]),
    ([], [(1, 3)]),
    ([(1, 3)], []),
    ([(2, 4), (6, 8)], [(1, 3), (4, 6), (7, None)]),
])  # fmt: skip
def test_on_every_day_the_survivor_is_on_the_roster_if_either_was(by, two, mine, theirs):
    stay, gone = two
    for expert, spans in ((stay, mine), (gone, theirs)):
        for since, until in spans:
            listed(by, expert, Y[since], Y[until] if until else None)
    before = [periods(each) for each in two]
    either = {day: bool(on_roster(day)) for day in Y}
    both = {day: tallied(day) for day in Y}
    merge = merged(by, stay, gone)
    assert {day: bool(on_roster(day)) for day in Y} == either
    assert {day: len(on_roster(day)) for day in Y} == {day: tallied(day) for day in Y}
    assert {expert for day in Y for expert in on_roster(day)} <= {stay.pk}
    undone(by, merge)
    assert [periods(each) for each in two] == before
    assert {day: tallied(day) for day in Y} == both


def test_what_both_say_of_a_day_is_told_by_the_survivor_and_the_gap_names_its_proposals(by, two):
    stay, gone = two
    first = listed(by, stay, Y[3])
    second = listed(by, gone, Y[1])
    merged(by, stay, gone)
    entries = RosterEntry.objects.filter(expert=stay).order_by("since")
    assert list(entries.values_list("since", "until", "opened_by", "closed_by")) == [
        (Y[1], Y[3], second.pk, first.pk), (Y[3], None, first.pk, None),
    ]  # fmt: skip


def test_a_change_to_an_entry_that_the_merge_made_stops_undoing(by, two):
    stay, gone = two
    listed(by, stay, Y[1], Y[2])
    listed(by, gone, Y[1])
    merge = merged(by, stay, gone)
    assert periods(stay) == [(Y[1], Y[2]), (Y[2], None)]
    RosterEntry.objects.filter(expert=stay, until=None).update(category="other")
    with pytest.raises(ValidationError, match="合并后联系专家名单已有改动"):
        undone(by, merge)


def test_two_who_were_admitted_by_one_proposal_are_merged(by, two):
    stay, gone = two
    proposal = propose(by, stay, gone, state="withdrawn")
    for expert in two:
        listed(by, expert, Y[1], proposal=proposal)
    merge = merged(by, stay, gone)
    assert ProposalLine.objects.filter(expert=stay).count() == 1
    undone(by, merge)
    assert ProposalLine.objects.filter(expert=gone).count() == 1


def test_two_in_one_open_proposal_are_parted_there_first(by, two):
    propose(by, *two)
    with pytest.raises(NotAllowed, match="都有在办的名单提案"):
        merged(by, *two)


def test_two_with_a_case_each_wait_for_one_to_be_decided(by, two):
    for expert in two:
        make_exit(by, expert)
    with pytest.raises(NotAllowed, match="都有在办的应退事项"):
        merged(by, *two)


# Whatever hangs on a record


def test_every_table_with_a_lock_moves_or_is_made_anew(sql):
    """A table that others add moves by the name of its key; nothing that holds an expert is left out."""
    holding = {
        name
        for (name,) in sql(
            "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON oid = attrelid"
            " WHERE relkind = 'r' AND attname = 'expert_id' AND NOT attisdropped"
            " AND relnamespace = 'public'::regnamespace"
        )
    }
    moving = {name for (name, _) in sql("SELECT * FROM experts_moving_tables()")}
    otherwise = {
        "experts_historyevent": "moved by experts_move_history",
        "activities_coverage": "worked out anew by triggers",
        "activities_keyperiod": "worked out anew by triggers",
        "experts_rostergap": "worked out anew by triggers",
        "experts_endedgrant": "a history of grants, append-only",
        "reminders_message": "a line in an inbox; the old address leads on",
        "reminders_plannedreminder": "planned anew; rights are asked before it is sent",
        "exchange_rosterrow": "a preview; an import checks anew when its record is gone",
        "experts_holder": "units become holders of the survivor",
        "experts_searchtoken": "made anew from the survivor's names",
        "experts_sensitivevalue": "sealed anew for the survivor",
        "experts_duplicatepair": "compared anew; those of the record that goes stay out of sight",
    }
    assert holding - moving == set(otherwise)
    assert moving <= holding


def test_the_survivor_stays_found_by_the_label_of_the_more_guarded(by, two):
    stay, gone = two
    Expert.objects.filter(pk=stay.pk).update(label=Label.SENSITIVE)
    Expert.objects.filter(pk=gone.pk).update(label=Label.SENSITIVE)
    listed(by, gone, Y[1])
    merged(by, stay, gone)
    assert set(RosterEntry.objects.filter(expert=stay).values_list("label", flat=True)) == {Label.SENSITIVE}


def test_a_roster_that_covers_only_the_record_that_goes_holds_the_one_that_stays(personas):
    staff, officer = personas["staff_city"], personas["officer_haidian"]
    below = make_unit("D04")
    stay, gone = make_expert("林双", unit_code="D03"), make_expert("林双", unit_code=below.code)
    enter(gone, "D04", since=DAY)
    assert not Expert.objects.visible_to(officer).filter(pk=stay.pk).exists()
    merge = merged(staff, stay, gone)
    assert Expert.objects.visible_to(officer).filter(pk=stay.pk).exists()
    assert set(Holder.objects.filter(expert=stay).values_list("unit__code", flat=True)) == {"D04", below.code}
    undone(staff, merge)
    assert not Expert.objects.visible_to(officer).filter(pk=stay.pk).exists()
    assert Expert.objects.visible_to(officer).filter(pk=gone.pk).exists()
    assert not Holder.objects.filter(expert__in=[stay, gone]).exists()
