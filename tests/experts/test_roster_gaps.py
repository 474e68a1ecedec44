"""Where rosters differ from what they should be: kept by the database, the same as worked out in Python after
any sequence of writes."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.actions import move_unit
from accounts.models import Unit
from experts.actions.scoping import decide_scope
from experts.enums import AwardState, Scope
from experts.models import Award, Expert, Priority, Proposal, RosterEntry, RosterGap, RosterTally, SearchToken
from experts.priorities import applying, counting, reasons
from experts.tasks import note_priorities, note_turned_priorities
from tests.factories import (
    hold,
    make_award,
    make_expert,
    make_priority,
    make_unit,
    make_user,
    propose,
    restrict,
    unit,
)
from tests.personas import PERSONAS

today = timezone.localdate
DAY = timedelta(days=1)


def list_on(officer, expert, code="D04", scope=Scope.KEY, since=None):
    opened = propose(officer, unit_code=code)
    return RosterEntry.objects.create(
        expert=expert, unit=unit(code), scope=scope, since=since or today() - 30 * DAY, opened_by=opened
    )


def close(entry):
    RosterEntry.objects.filter(pk=entry.pk).update(until=today(), closed_by=entry.opened_by)


def kept():
    return {
        (gap.expert_id, gap.unit_id): (
            gap.kind,
            gap.by_rule,
            gap.priorities,
            gap.place,
            gap.sort_key,
            gap.label,
        )
        for gap in RosterGap.objects.all()
    }


def worked_out():
    """The same from the rows themselves."""
    found = {}
    for expert in Expert.objects.filter(died_on=None, label__lt=3).select_related("unit"):
        listed = {entry.unit: entry.scope for entry in expert.entries.open().select_related("unit")}
        held = counting(expert.awards.select_related("honour"))
        for at in {expert.unit, *listed}:
            met = [each.pk for each in applying(at, today()) if reasons(each, expert, held)]
            by_rule, scope = expert.scope == Scope.KEY, listed.get(at)
            if (scope != Scope.KEY) == (by_rule or bool(met)):
                kind = {None: "lacking", "general": "risen", "key": "fallen"}[scope]
                found[expert.pk, at.pk] = (kind, by_rule, met, at.order, expert.sort_key, expert.label)
    return found


@pytest.mark.django_db
def test_a_gap_opens_and_closes_with_whatever_is_written(officer_haidian, director_haidian):
    expert = make_expert("甲")
    assert kept() == {}
    make_award(expert, "CAS")
    decide_scope(expert)
    assert kept()[expert.pk, expert.unit_id][0] == "lacking"
    entry = list_on(officer_haidian, expert, scope=Scope.GENERAL)
    assert kept()[expert.pk, expert.unit_id][0] == "risen"
    RosterEntry.objects.filter(pk=entry.pk).update(scope=Scope.KEY)
    assert kept() == {}
    expert.awards.update(state=AwardState.REJECTED)
    decide_scope(expert)
    assert kept()[expert.pk, expert.unit_id][0] == "fallen"
    priority = make_priority(posts=["院长"])
    Expert.objects.filter(pk=expert.pk).update(post="副院长")
    assert kept() == {}
    Priority.objects.filter(pk=priority.pk).update(
        until=today() - DAY, ended_by=director_haidian, ended_at=timezone.now()
    )
    assert kept()[expert.pk, expert.unit_id][0] == "fallen"
    close(entry)
    assert kept() == {}


@pytest.mark.django_db
def test_what_a_day_brings_is_noted_by_the_system(officer_haidian):
    soon = make_priority(since=today() + DAY)
    ended = make_priority(posts=["院长"], until=today())
    one, two = make_expert("甲", fields_of_work="人工智能"), make_expert("乙", post="院长")
    list_on(officer_haidian, two)
    assert kept() == {}
    with connection.cursor() as cursor:  # as a night that passes: the rows change, no trigger runs
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE experts_priority DISABLE TRIGGER experts_priority_gaps_update")
        cursor.execute("UPDATE experts_priority SET since = %s WHERE id = %s", [today(), soon.pk])
        cursor.execute("UPDATE experts_priority SET until = %s WHERE id = %s", [today() - DAY, ended.pk])
    assert kept() == {}
    note_priorities()
    assert kept() == {}
    note_turned_priorities()
    assert {key: row[0] for key, row in kept().items()} == {
        (one.pk, one.unit_id): "lacking",
        (two.pk, two.unit_id): "fallen",
    }


@pytest.mark.django_db
def test_a_priority_of_many_waits_for_the_worker():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('experts_gaps_by_priority'::regproc)")
        cursor.execute(cursor.fetchone()[0].replace("5000", "1"))
    expert = make_expert("甲", fields_of_work="人工智能")
    one = make_priority()
    make_expert("乙", fields_of_work="人工智能")
    many = make_priority()
    for each in (one, many):
        each.refresh_from_db()
    assert (one.is_noted, many.is_noted) == (True, False)
    assert kept()[expert.pk, expert.unit_id][2] == [one.pk]
    note_priorities()
    many.refresh_from_db()
    assert many.is_noted
    assert kept()[expert.pk, expert.unit_id][2] == [one.pk, many.pk]


@pytest.mark.django_db
def test_who_is_on_a_roster_of_a_unit_that_does_not_manage_them(officer_haidian):
    guest = make_expert("客", unit_code="D03", fields_of_work="人工智能")
    list_on(officer_haidian, guest)
    hold(guest, "D04")
    assert kept()[guest.pk, unit("D04").pk][0] == "fallen"
    make_priority("D04")
    assert kept() == {}


@pytest.mark.django_db
def test_the_dead_and_the_merged_leave_no_gap():
    expert = make_expert("甲", awards=["CAS"])
    Expert.objects.filter(pk=expert.pk).update(died_on=today())
    assert kept() == {}
    Expert.objects.filter(pk=expert.pk).update(died_on=None)
    assert len(kept()) == 1
    expert.delete()
    assert kept() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_after_any_sequence_of_writes_the_gaps_are_those_worked_out(officer_haidian, cleared_city, seed):
    rng = random.Random(seed)
    below = make_unit(parent="D04-01")
    codes = ["BJ", "D03", "D04", "D04-01", below.code]
    people = [
        make_expert(
            f"人{number:02}",
            unit_code=rng.choice(codes),
            post=rng.choice(["院长", "教师"]),
            fields_of_work=rng.choice(["人工智能", "桥梁", ""]),
            awards=rng.choice([[], ["CAS"]]),
        )
        for number in range(8)
    ]

    def again(*names):
        for expert in people:
            expert.refresh_from_db()

    def state():
        chosen = rng.choice([{"words": ["人工智能"]}, {"posts": ["院长"]}, {"honours": ["CAS"]}])
        since, until = today() - rng.choice([0, 5]) * DAY, rng.choice([None, None, today(), today() - DAY])
        make_priority(rng.choice(codes), below=rng.random() < 0.5, since=since, until=until, **chosen)

    def end():
        if found := Priority.objects.filter(until=None).first():
            Priority.objects.filter(pk=found.pk).update(
                until=today() - DAY, ended_by=officer_haidian, ended_at=timezone.now()
            )

    def enlist():
        expert, code = rng.choice(people), rng.choice(codes)
        if not expert.entries.open().filter(unit__code=code).exists():
            list_on(officer_haidian, expert, code, rng.choice(list(Scope)), since=today())
            if code != "BJ" and expert.unit.code != code and not expert.holders.filter(unit__code=code):
                hold(expert, code)

    def strike():
        if entry := RosterEntry.objects.open().order_by("?").first():
            RosterEntry.objects.filter(pk=entry.pk).update(until=today() + DAY, closed_by=entry.opened_by)

    def change():
        expert = rng.choice(people)
        facts = rng.choice(
            [{"post": "院长"}, {"post": "教师"}, {"fields_of_work": "人工智能"}, {"fields_of_work": "桥梁"},
             {"unit": unit(rng.choice(codes))}, {"died_on": today()}, {"died_on": None}]
        )  # fmt: skip
        Expert.objects.filter(pk=expert.pk).update(**facts)

    def award():
        expert = rng.choice(people)
        if held := expert.awards.first():
            Award.objects.filter(pk=held.pk).update(
                state=rng.choice([AwardState.RECORDED, AwardState.REJECTED])
            )
        else:
            make_award(expert, "CAS")
        decide_scope(expert)

    def move():
        # An entry of this very transaction cannot follow its unit and its expert at once.
        target = rng.choice(["D03", "D04"])
        listed = RosterEntry.objects.within(unit("D04-01")).exists()
        if not listed and unit("D04-01").parent.code != target:
            move_unit(unit("D04-01"), unit(target))

    def hide():
        expert = rng.choice(people)
        if expert.label < 2:
            restrict(expert, cleared_city)

    for _ in range(40):
        rng.choice([state, end, enlist, enlist, strike, change, change, award, award, move, hide])()
        again()
        assert kept() == worked_out()


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A unit with someone on its roster by a priority of the unit above, committed; taken away by hand."""
    with django_db_blocker.unblock():
        officer = make_user(username="搬迁测试")
        home, other = make_unit(parent="D04"), make_unit(parent="D03")
        lone = make_unit(parent=home.code)
        priority = make_priority("D04", below=True, stated_by=officer)
        listed, lacked = (
            make_expert(name, unit_code=lone.code, fields_of_work="人工智能") for name in ("在册", "未册")
        )
        list_on(officer, listed, lone.code)
        yield home, other, lone, (listed, lacked)
        RosterEntry.objects.filter(expert__in=[listed, lacked]).delete()
        SearchToken.objects.filter(expert__in=[listed, lacked]).delete()
        Expert.objects.filter(pk__in=[listed.pk, lacked.pk]).delete()
        RosterTally.objects.filter(unit=lone).delete()
        Proposal.objects.filter(drafted_by=officer).delete()
        priority.delete()
        for each in (lone, home, other):
            each.delete()
        officer.delete()
        connection.close()


def test_a_unit_that_moves_leaves_the_priorities_above_it_behind(committed):
    home, other, lone, (listed, lacked) = committed
    assert [row[0] for key, row in kept().items() if key[0] in (listed.pk, lacked.pk)] == ["lacking"]
    with transaction.atomic():
        move_unit(home, other)
    lone.refresh_from_db()
    assert other.contains(lone.order)
    rows = {key: row for key, row in kept().items() if key[0] in (listed.pk, lacked.pk)}
    assert rows == {
        (listed.pk, lone.pk): ("fallen", False, [], lone.order, listed.sort_key, 0),
    }
    with transaction.atomic():
        move_unit(Unit.objects.get(pk=home.pk), unit("D04"))
    rows = {key: row[:3] for key, row in kept().items() if key[0] in (listed.pk, lacked.pk)}
    assert [row[0] for row in rows.values()] == ["lacking"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PERSONAS)
def test_both_locks_agree_on_every_gap(personas, as_app, name):
    officer = personas["officer_haidian"]
    for code in ("BJ", "D03", "D04", "D04-01"):
        for label in (0, 1):
            make_expert(f"缺{code}{label}", unit_code=code, label=label, awards=["CAS"])
    shared = make_expert("共", unit_code="D03")
    hold(shared, "D04")
    list_on(officer, shared)
    hidden = make_expert("金丝雀", awards=["CAS"])
    restrict(hidden, personas["cleared_city"])
    user = personas[name]
    expected = set(RosterGap.objects.visible_to(user).values_list("expert_id", "unit_id"))
    with as_app(user), connection.cursor() as cursor:
        cursor.execute("SELECT expert_id, unit_id FROM experts_rostergap")
        assert set(cursor.fetchall()) == expected
    if name in ("staff_city", "officer_haidian", "officer_chaoyang", "leader_city", "cleared_city"):
        assert expected
