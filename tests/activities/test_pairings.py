"""Pairing, handing over and ending: capacity, who may be chosen, who has left, and what the locks allow."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.actions import end_role
from accounts.models import UnitSetting
from accounts.roles import Role
from activities.actions import pairings as acts
from activities.enums import PairingKind
from activities.models import Pairing
from activities.posts import posts_over
from audit.models import Event
from experts.actions import deaths, merging
from experts.effects import Exited, on_exit
from experts.enums import Label
from experts.models import Expert, RosterEntry
from tests.factories import assign, enter, hold, make_expert, make_unit, make_user, pair, restrict, unit

pytestmark = pytest.mark.django_db
LEADER, OFFICER = PairingKind.LEADER, PairingKind.OFFICER
DAY = date(2026, 3, 2)


def today():
    return timezone.localdate()


def leader(name="领导甲", code="D04", role=Role.LEADER, **facts):
    user = make_user(display_name=name, unit=unit(code), **facts)
    assign(user, role, unit(code))
    return user


def listed(*names, code="D04", **facts):
    """Entries of experts on the unit's roster."""
    return [enter(make_expert(name, unit_code=code, **facts), code) for name in names]


@pytest.fixture
def run(as_app, personas):
    """An act as liaison_app, by the officer of Haidian unless said otherwise."""

    def act(name, *, by=personas["officer_haidian"], **given):
        for rows, model in (("entries", RosterEntry), ("pairings", Pairing)):
            if rows in given:
                given[rows] = model.objects.filter(pk__in=[row.pk for row in given[rows]])
        if name != "end":
            given.setdefault("since", DAY)
        with as_app(by):
            return getattr(acts, name)(by=by, **given)

    return act


def open_pairs():
    found = Pairing.objects.open().select_related("expert", "person")
    return {(each.expert.name, each.person.display_name, each.kind) for each in found}


def refusal(caught):
    problem = caught.value
    return problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}


def test_several_experts_are_paired_at_once(run, personas):
    person = leader()
    assert run("pair", entries=listed("王甲", "王乙"), person=person, kind=LEADER) == 2
    assert open_pairs() == {("王甲", "领导甲", "leader"), ("王乙", "领导甲", "leader")}
    made = Pairing.objects.first()
    assert (made.since, made.until, made.opened_by, made.unit) == (
        DAY,
        None,
        personas["officer_haidian"],
        unit("D04"),
    )
    assert [(line.text, line.url) for line in person.inbox.all()] == [
        ("您新联系 2 名专家，请查看。", "/pairings/mine/")
    ]
    numbers = set(Expert.objects.values_list("record_number", flat=True))
    assert set(Event.objects.filter(fields=["pairing"]).values_list("verb", "reference")) == {
        ("create", number) for number in numbers
    }


def test_a_leader_may_have_as_many_as_the_unit_has_set_and_no_more(run):
    person, entries = leader(), listed("王甲", "王乙", "王丙", "王丁")
    with pytest.raises(ValidationError) as caught:
        run("pair", entries=entries, person=person, kind=LEADER)
    assert "已联系 0 名专家，最多 3 名，还能再安排 3 名，这次选了 4 名" in refusal(caught)["person"][0]
    assert open_pairs() == set()
    run("pair", entries=entries[:2], person=person, kind=LEADER)
    with pytest.raises(ValidationError, match="已联系 2 名专家，最多 3 名，还能再安排 1 名"):
        run("pair", entries=entries[2:], person=person, kind=LEADER)
    UnitSetting.objects.create(unit=unit("BJ"), key="leader_capacity", value=4)
    run("pair", entries=entries[2:], person=person, kind=LEADER)
    assert len(open_pairs()) == 4


def test_the_first_leader_of_the_unit_may_have_more(run):
    person, entries = leader(), listed(*"甲乙丙丁戊己")
    at = unit("D04")
    at.first_leader = person
    at.save()
    run("pair", entries=entries[:5], person=person, kind=LEADER)
    with pytest.raises(ValidationError, match="最多 5 名"):
        run("pair", entries=entries[5:], person=person, kind=LEADER)


def test_the_limit_is_that_of_the_unit_in_which_the_role_is_held(run, personas):
    UnitSetting.objects.create(unit=unit("D04-01"), key="leader_capacity", value=1)
    above, below = leader("区领导"), leader("局领导", "D04-01")
    entries = listed("王甲", "王乙", code="D04-01")
    posts = posts_over(personas["officer_haidian"], [above, below], LEADER, unit("D04"))
    assert {str(post.person): (post.unit.code, post.load_text) for post in posts.values()} == {
        "区领导": ("D04", "0 / 3"), "局领导": ("D04-01", "0 / 1"),
    }  # fmt: skip
    with pytest.raises(ValidationError, match="最多 1 名"):
        run("pair", entries=entries, person=below, kind=LEADER)
    assert run("pair", entries=entries, person=above, kind=LEADER) == 2


def test_officers_have_no_limit_and_both_kinds_stand_side_by_side(run):
    person, entries = leader("负责人", role=Role.DEPARTMENT_HEAD), listed(*"甲乙丙丁")
    assert run("pair", entries=entries, person=person, kind=OFFICER) == 4
    assert run("pair", entries=entries[:1], person=person, kind=LEADER) == 1


@pytest.mark.parametrize(("role", "code", "kind"), [
    (Role.LEADER, "D03", LEADER),
    (Role.LEADER, "D04-01", LEADER),
    (Role.LIAISON_OFFICER, "D04", LEADER),
    (Role.LEADER, "D04", OFFICER),
])  # fmt: skip
def test_only_who_holds_the_role_over_the_unit_may_be_chosen(run, role, code, kind):
    with pytest.raises(ValidationError) as caught:
        run("pair", entries=listed("王甲"), person=leader(code=code, role=role), kind=kind)
    assert "请先由安全管理员授予角色" in refusal(caught)["person"][0]


def test_a_disabled_account_or_a_role_that_is_over_cannot_be_chosen(run):
    gone = leader()
    gone.assignments.update(until=today() - timedelta(days=1))
    for person in (gone, leader(is_active=False)):
        with pytest.raises(ValidationError, match="授予角色"):
            run("pair", entries=listed("王甲"), person=person, kind=LEADER)


def test_nobody_is_paired_with_an_expert_whom_they_do_not_see(run, personas):
    person = leader()
    with pytest.raises(ValidationError, match="看不到王敏的档案"):
        run("pair", entries=listed("王敏", label=Label.SENSITIVE), person=person, kind=LEADER)
    entry = listed("王密")[0]
    restrict(entry.expert, personas["staff_city"], make_user())
    with pytest.raises(ValidationError, match="看不到王密的档案"):
        run("pair", by=personas["staff_city"], entries=[entry], person=person, kind=LEADER)
    listed_too = leader("知悉领导")
    restrict(entry.expert, listed_too)
    assert run("pair", by=personas["staff_city"], entries=[entry], person=listed_too, kind=LEADER) == 1


def test_a_restricted_expert_counts_for_nobody_who_does_not_see_it(run, personas):
    person, entries = leader(), listed("王甲", "王乙", "王丙", "王密")
    restrict(entries[3].expert, personas["staff_city"], person)
    run("pair", by=personas["staff_city"], entries=entries[3:], person=person, kind=LEADER)
    assert run("pair", entries=entries[:3], person=person, kind=LEADER) == 3
    loads = [
        posts_over(by, [person], LEADER, unit("D04"))[person.pk].load
        for by in (personas["staff_city"], personas["officer_haidian"])
    ]
    assert loads == [4, 3]


def test_who_has_somebody_in_post_is_handed_over_instead(run):
    entries = listed("王甲", "王乙")
    run("pair", entries=entries[:1], person=leader(), kind=LEADER)
    with pytest.raises(ValidationError, match="王甲已有联系领导，请用“移交”"):
        run("pair", entries=entries, person=leader("领导乙"), kind=LEADER)
    assert len(open_pairs()) == 1


def test_when_a_leader_leaves_the_experts_are_vacant_at_once_and_can_be_paired_anew(run, personas):
    person, entries = leader(), listed("王甲", "王乙")
    run("pair", entries=entries, person=person, kind=LEADER)
    assert Pairing.objects.vacant(today()).count() == 0
    end_role(by=personas["secadmin"], assignment=person.assignments.get())
    assert Pairing.objects.vacant(today()).count() == 2
    run("pair", entries=entries[:1], person=leader("领导乙"), kind=LEADER)
    assert open_pairs() == {("王甲", "领导乙", "leader"), ("王乙", "领导甲", "leader")}
    assert Pairing.objects.get(until=DAY).end == "handed_over"
    assert Pairing.objects.vacant(today()).count() == 1


@pytest.mark.parametrize("change", ["disabled", "moved"])
def test_a_disabled_account_and_a_change_of_post_leave_vacant(run, change):
    person = leader()
    run("pair", entries=listed("王甲"), person=person, kind=LEADER)
    if change == "disabled":
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    else:
        person.assignments.update(unit=unit("D03"))
    assert Pairing.objects.vacant(today()).count() == 1


def test_handing_over_closes_and_opens_on_the_same_day(run, personas):
    person, other, entries = leader(), leader("领导乙"), listed("王甲", "王乙")
    run("pair", entries=entries, person=person, kind=LEADER)
    later = DAY + timedelta(days=30)
    assert run("hand_over", pairings=Pairing.objects.all(), person=other, since=later) == 2
    assert set(Pairing.objects.values_list("person__display_name", "since", "until", "end", "closed_by")) == {
        ("领导甲", DAY, later, "handed_over", personas["officer_haidian"].pk),
        ("领导乙", later, None, "", None),
    }
    assert Pairing.objects.as_of(later - timedelta(days=1)).filter(person=person).count() == 2
    assert Pairing.objects.as_of(later).filter(person=other).count() == 2


def test_handing_over_keeps_to_the_limit_and_changes_nothing_then(run):
    person, other = leader(), leader("领导乙")
    run("pair", entries=listed("王甲", "王乙", "王丙"), person=person, kind=LEADER)
    run("pair", entries=listed("王丁"), person=other, kind=LEADER)
    with pytest.raises(ValidationError, match="已联系 1 名专家，最多 3 名，还能再安排 2 名，这次选了 3 名"):
        run("hand_over", pairings=Pairing.objects.filter(person=person), person=other)
    assert Pairing.objects.open().filter(person=person).count() == 3


def test_handing_over_to_the_same_person_or_before_the_beginning_is_refused(run):
    person = leader()
    run("pair", entries=listed("王甲"), person=person, kind=LEADER)
    with pytest.raises(ValidationError, match="王甲已经由领导甲联系"):
        run("hand_over", pairings=Pairing.objects.all(), person=person)
    with pytest.raises(ValidationError, match="不能早于现有结对的开始日期：王甲"):
        run(
            "hand_over",
            pairings=Pairing.objects.all(),
            person=leader("领导乙"),
            since=DAY - timedelta(days=1),
        )


@pytest.mark.parametrize("since", [date(2014, 5, 5), date(2999, 1, 1)])
def test_a_day_before_the_policy_or_after_today_is_refused(run, since):
    with pytest.raises(ValidationError) as caught:
        run("pair", entries=listed("王甲"), person=leader(), kind=LEADER, since=since)
    assert list(refusal(caught)) == ["since"]


def test_a_day_within_an_earlier_pairing_is_refused_in_words(run):
    entries = listed("王甲")
    pair(entries[0].expert, leader("前领导"), until=DAY, closed_by=make_user(), end="ended")
    with pytest.raises(ValidationError, match="在这一天以后已有联系人"):
        run("pair", entries=entries, person=leader(), kind=LEADER, since=DAY - timedelta(days=1))
    assert run("pair", entries=entries, person=leader(), kind=LEADER, since=DAY) == 1


def test_ending_leaves_nobody_in_the_place(run):
    run("pair", entries=listed("王甲"), person=leader(), kind=LEADER)
    assert run("end", pairings=Pairing.objects.all()) == 1
    ended = Pairing.objects.get()
    assert (ended.until, ended.end) == (today(), "ended")
    assert run("end", pairings=Pairing.objects.all()) == 0


def test_who_may_not_change_the_unit_changes_nothing(run, as_app, personas):
    entries = listed("王甲")
    run("pair", entries=entries, person=leader(), kind=LEADER, by=personas["officer_haidian"])
    for name in ("leader_city", "officer_chaoyang", "no_role"):
        by = personas[name]
        assert run("end", by=by, pairings=Pairing.objects.all()) == 0
        assert run("hand_over", by=by, pairings=Pairing.objects.all(), person=leader("领导乙")) == 0
        with as_app(by):
            assert Pairing.objects.update(until=today(), closed_by=by, end="ended") == 0
    assert Pairing.objects.open().count() == 1


def test_the_database_refuses_a_pairing_of_another_unit_or_in_another_name(as_app, personas):
    entry, person = listed("王甲")[0], leader()
    for by, opened_by in (("officer_chaoyang", "officer_chaoyang"), ("officer_haidian", "director_haidian")):
        with as_app(personas[by]), pytest.raises(DatabaseError), transaction.atomic():
            pair(entry.expert, person, opened_by=personas[opened_by])


def test_two_of_one_kind_never_share_a_day(personas):
    entry = listed("王甲")[0]
    pair(entry.expert, leader())
    with pytest.raises(DatabaseError), transaction.atomic():
        pair(entry.expert, leader("领导乙"), since=DAY)
    pair(entry.expert, leader("联络"), kind="officer")
    pair(entry.expert, leader("市领导", "BJ"), unit_code="BJ")


def test_an_exit_ends_the_pairings_of_that_unit_and_says_so_neutrally(as_app, personas):
    expert = make_expert("林退")
    hold(expert, "D03")
    by, (own, city) = personas["director_haidian"], (leader(), leader("市领导", "BJ"))
    officer = leader("联络", role=Role.LIAISON_OFFICER)
    pair(expert, own)
    pair(expert, officer, kind="officer")
    pair(expert, city, unit_code="BJ")
    enter(expert, "BJ")
    enter(expert, "D04", until=today())
    with as_app(by):
        on_exit.happened(Exited(expert, by, unit("D04")))
    closed = Pairing.objects.get(unit=unit("D04"), kind="leader")
    assert (closed.until, closed.end, closed.closed_by) == (today(), "left_roster", by)
    assert Pairing.objects.get(unit=unit("BJ")).until is None
    assert [message.text for message in own.inbox.all()] == ["一位专家已退出联系范围，您与其的结对随之结束。"]
    # Officers hear of exits from the register (experts/telling.py), not once more from here.
    assert (officer.inbox.count(), city.inbox.count()) == (0, 0)
    assert Event.objects.filter(fields=["pairing"], reference=expert.record_number).count() == 1


def test_nothing_ends_while_the_expert_is_on_the_roster_or_alive(as_app, personas, sql):
    expert = make_expert("林在")
    enter(expert, "D04")
    pair(expert, leader())
    with as_app(personas["officer_chaoyang"]):
        for at in (unit("D04").pk, None):
            assert sql("SELECT activities_close_pairings(%s, %s)", expert.uuid, at) == [(False,)]
    assert Pairing.objects.open().count() == 1


def test_without_an_actor_nothing_ends(as_app, sql):
    expert = make_expert("林在")
    pair(expert, leader())
    with as_app(None):
        assert sql("SELECT activities_close_pairings(%s, %s)", expert.uuid, unit("D04").pk) == [(False,)]
    assert Pairing.objects.open().count() == 1


def test_an_exit_in_the_future_ends_the_pairing_on_that_day(as_app, personas):
    expert, later = make_expert("林将退"), today() + timedelta(days=9)
    enter(expert, "D04", until=later)
    pair(expert, leader())
    with as_app(personas["director_haidian"]):
        on_exit.happened(Exited(expert, personas["director_haidian"], unit("D04")))
    assert Pairing.objects.get().until == later


def test_a_death_ends_the_pairings_of_all_units_also_out_of_reach(as_app, personas):
    expert = make_expert("林故")
    for code in ("D04", "BJ", "D03"):
        enter(expert, code)
        pair(expert, leader(code=code), unit_code=code)
    with as_app(personas["officer_haidian"]):
        deaths.register_death(by=personas["officer_haidian"], expert=expert, died_on=today(), source="讣告")
    assert set(Pairing.objects.values_list("end", "until")) == {("left_roster", today())}


def test_a_new_unit_takes_the_pairings_along(personas):
    from accounts.actions import move_unit

    below = make_unit("D04")
    expert = make_expert("林随", unit=below)
    made = pair(expert, leader(), unit_code=below.code)
    move_unit(below, unit("D03"))
    assert Pairing.objects.get(pk=made.pk).place == unit(below.code).order


@pytest.fixture
def twins(personas):
    """Two records of one person with a leader each in D04, one officer, and a leader of the city."""
    stay, gone = make_expert("林双"), make_expert("林爽")
    pair(stay, leader("留下的"))
    pair(gone, leader("并入的"), since=DAY)
    pair(gone, leader("联络", role=Role.LIAISON_OFFICER), kind="officer")
    pair(gone, leader("市领导", "BJ"), unit_code="BJ")
    return stay, gone


def of(expert):
    return sorted(
        Pairing.objects.filter(expert=expert).values_list("person__display_name", "label", "sort_key")
    )


def test_a_merge_keeps_the_survivors_leader_and_takes_the_rest_along(as_app, personas, twins):
    (stay, gone), by = twins, personas["officer_haidian"]
    with as_app(by):
        merging.merge_records(by=by, stay=stay, gone=gone, versions=(1, 1), taken=[])
    assert [name for name, *_ in of(stay)] == ["市领导", "留下的", "联络"]
    with as_app(by):
        assert of(gone) == []


def test_undoing_a_merge_gives_every_pairing_back(as_app, personas, twins):
    (stay, gone), by = twins, personas["officer_haidian"]
    before = [of(expert) for expert in twins]
    with as_app(by):
        merge = merging.merge_records(by=by, stay=stay, gone=gone, versions=(1, 1), taken=[])
        merging.undo_merge(by=by, merge=merge)
        assert [name for name, *_ in of(gone)] == ["并入的", "联络"]
    assert [of(expert) for expert in twins] == before


def test_a_pairing_that_moved_and_was_handed_over_stops_undoing(run, as_app, personas, twins):
    (stay, gone), by = twins, personas["officer_haidian"]
    with as_app(by):
        merge = merging.merge_records(by=by, stay=stay, gone=gone, versions=(1, 1), taken=[])
    run("end", pairings=Pairing.objects.filter(kind="officer"))
    with as_app(by), pytest.raises(ValidationError, match="合并后联系结对已有改动"):
        merging.undo_merge(by=by, merge=merge)
