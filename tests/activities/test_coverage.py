"""The numbers of a unit on a day, the rows behind them, why each gap is one, as a reader may know."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import UnitSetting
from accounts.roles import Role
from activities import coverage
from activities.enums import CoverageList, GapCause, Way
from activities.models import Contact
from tests.factories import assign, enter, make_contact, make_expert, make_user, pair, restrict, unit

DAY = date(2026, 6, 30)
pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(db):
    user = make_user()
    assign(user, Role.LEADER, unit("D04"))
    return user


def listed(name, unit_code="D04", scope="key", since=date(2020, 1, 1), **facts):
    expert = make_expert(name, unit_code, **facts)
    enter(expert, unit_code, scope, since)
    return expert


def share(found):
    return found.fresh, found.covered, found.gap, found.unlisted


def missed(by, expert, why, on=date(2026, 6, 1), state="missed"):
    return make_contact(
        by, expert, on, state=state, way="", hindrance=why, recorded_by=None, recorded_at=None
    )


def cause(user, expert, code="D04", day=DAY):
    """The cause of the expert's gap; the list of each cause holds those that have it in the list of all."""
    found = dict(coverage.gaps(user, unit(code), day).values_list("expert", "cause"))
    for each in GapCause:
        those = coverage.gaps(user, unit(code), day, each).values_list("expert", flat=True)
        assert set(those) == {key for key, value in found.items() if value == each}
    return found[expert.pk]


def test_the_numbers_of_a_unit_and_of_those_below(officer_haidian, staff_city):
    met, unmet, new = (listed(name) for name in ("甲", "乙", "丙"))
    make_contact(officer_haidian, met, date(2026, 4, 1))
    new.entries.update(since=date(2026, 4, 1))
    make_expert("丁", "D04-01", awards=["CAE"])  # key by rule from today on, on no roster
    listed("戊", "D03", scope="general")
    found = coverage.numbers(staff_city, unit("BJ"), DAY)
    assert share(found.key) == (1, 1, 1, 0)
    assert (found.key.expected, found.key.rate) == (2, 0.5)
    assert share(found.general) == (0, 0, 1, 0)
    today = coverage.numbers(officer_haidian, unit("D04"), date.today())
    assert today.key.unlisted == 1
    below = {
        each.code: each_numbers
        for each, each_numbers in coverage.with_children(staff_city, unit("BJ"), DAY)[1]
    }
    assert share(below["D04"].key) == (1, 1, 1, 0)
    assert share(below["D03"].general) == (0, 0, 1, 0)
    assert share(below["D05"].key) == (0, 0, 0, 0)
    assert below["D05"].key.rate is None
    assert unmet.coverage.get().due_on == date(2020, 4, 1)


def test_the_rows_behind_a_number_and_the_last_contact(officer_haidian):
    met, unmet = listed("甲"), listed("乙")
    make_contact(officer_haidian, met, date(2026, 5, 2), way="leader")
    make_contact(officer_haidian, met, date(2026, 6, 3), way="remote")  # does not count here
    make_contact(officer_haidian, unmet, date(2026, 3, 29))
    make_contact(officer_haidian, unmet, date(2026, 7, 1))  # after the day
    covered, gap = (
        list(coverage.listing(officer_haidian, unit("D04"), DAY, state))
        for state in (CoverageList.COVERED, CoverageList.GAP)
    )
    assert [row.expert for row in covered] == [met]
    assert [row.expert for row in gap] == [unmet]
    assert coverage.last_contacts(covered + gap, DAY) == {
        covered[0].pk: (date(2026, 5, 2), Way.LEADER),
        gap[0].pk: (date(2026, 3, 29), Way.OFFICER),
    }


def test_the_cause_of_a_gap_is_the_first_that_held(officer_haidian, leader):
    expert = listed("甲")
    assert cause(officer_haidian, expert) == GapCause.NO_LEADER
    pairing = pair(expert, leader)
    assert cause(officer_haidian, expert) == GapCause.NOT_DONE
    pair(expert, make_user(), kind="officer")
    assert cause(officer_haidian, expert) == GapCause.OFFICER_LEFT
    leader.assignments.update(until=date(2026, 6, 29))
    assert cause(officer_haidian, expert) == GapCause.LEADER_LEFT
    assert cause(officer_haidian, expert, day=date(2026, 6, 29)) == GapCause.OFFICER_LEFT
    pairing.until = date(2026, 6, 30)
    type(pairing).objects.filter(pk=pairing.pk).update(until=DAY, closed_by=leader, end="ended")
    assert cause(officer_haidian, expert) == GapCause.NO_LEADER
    missed(officer_haidian, expert, "declined", state="cancelled")
    assert cause(officer_haidian, expert) == GapCause.DECLINED
    missed(officer_haidian, expert, "abroad")
    assert cause(officer_haidian, expert) == GapCause.ABROAD
    assert cause(officer_haidian, expert, day=date(2026, 9, 2)) == GapCause.NO_LEADER  # out of the period
    found = coverage.gaps(officer_haidian, unit("D04"), DAY, GapCause.ABROAD)
    assert [row.expert for row in found] == [expert]
    assert not coverage.gaps(officer_haidian, unit("D04"), DAY, GapCause.DECLINED).exists()


def test_what_counts_as_the_period_is_the_unit_s_own(officer_haidian, leader):
    expert = listed("甲")
    pair(expert, leader)
    missed(officer_haidian, expert, "abroad", on=date(2026, 3, 1))
    assert cause(officer_haidian, expert) == GapCause.NOT_DONE
    UnitSetting.objects.create(unit=unit("D04"), key="key_contact_months", value=4)
    assert cause(officer_haidian, expert) == GapCause.ABROAD


def test_whoever_is_on_no_roster_is_a_gap_by_that_cause(officer_haidian):
    expert = make_expert("甲", awards=["CAE"])
    assert cause(officer_haidian, expert, day=date.today()) == GapCause.NOT_ON_ROSTER


def test_an_expert_on_several_rosters_counts_once(staff_city, officer_haidian):
    expert = listed("甲")
    enter(expert, "BJ")
    enter(expert, "D04-01")
    UnitSetting.objects.create(unit=unit("D04"), key="remote_contact_counts", value=1)
    make_contact(officer_haidian, expert, DAY, way="remote")
    for code in ("BJ", "D04", "D04-01"):
        found = coverage.numbers(staff_city, unit(code), DAY)
        assert share(found.key) == (0, 1, 0, 0)
        rows = list(coverage.listing(staff_city, unit(code), DAY, CoverageList.COVERED))
        assert [row.expert for row in rows] == [expert]
        assert coverage.last_contacts(rows, DAY)[rows[0].pk] == (DAY, Way.REMOTE)


def test_restricted_ones_are_counted_for_those_on_the_list_only(personas):
    listed("甲")
    everybody = {name: answers(user) for name, user in personas.items()}
    secret = listed("密", awards=["CAE"])
    make_contact(personas["cleared_city"], secret, date(2026, 6, 2))
    missed(personas["cleared_city"], secret, "abroad")
    restrict(secret, personas["cleared_city"])
    told = {name for name, user in personas.items() if answers(user) != everybody[name]}
    assert told == {"cleared_city"}
    found = coverage.numbers(personas["cleared_city"], unit("BJ"), DAY)
    assert share(found.key) == (0, 1, 1, 0)
    months = dict(coverage.contacts_by_month(personas["cleared_city"], unit("D04"), date(2026, 6, 1), DAY))
    assert months[date(2026, 6, 1)][Way.OFFICER] == 1


def answers(user):
    """Everything that the user is told of both units, as bytes."""
    found = []
    for code in ("BJ", "D04"):
        at = unit(code)
        found += [coverage.numbers(user, at, DAY), coverage.with_children(user, at, DAY)]
        for state in CoverageList:
            found += coverage.listing(user, at, DAY, state).values_list("expert__name", "due_on")
        found += coverage.gaps(user, at, DAY).values_list("expert__name", "cause")
        found += coverage.contacts_by_month(user, at, date(2026, 1, 1), DAY)
    return repr(found).encode()


def test_contacts_by_month_name_every_month(officer_haidian, staff_city):
    expert = listed("甲")
    for on, way in (
        (date(2026, 1, 31), "leader"),
        (date(2026, 3, 1), "remote"),
        (date(2026, 3, 9), "remote"),
    ):
        make_contact(officer_haidian, expert, on, way=way)
    Contact.objects.create(
        expert=expert, unit=unit("D04"), on=date(2026, 3, 1), state="planned", planned_by=officer_haidian
    )
    found = coverage.contacts_by_month(staff_city, unit("BJ"), date(2026, 1, 5), date(2026, 3, 31))
    assert [(month.month, ways[Way.LEADER], ways[Way.REMOTE]) for month, ways in found] == [
        (1, 1, 0), (2, 0, 0), (3, 0, 2),
    ]  # fmt: skip


def test_a_portfolio_is_of_the_experts_paired_with_one_person(leader, officer_haidian):
    mine, met, other = listed("甲"), listed("乙"), listed("丙")
    for expert in (mine, met):
        pair(expert, leader)
        enter(expert, "BJ")
    pair(other, leader, until=DAY, closed_by=leader, end="ended")
    make_contact(officer_haidian, met, DAY)
    rows = coverage.portfolio(leader, leader, DAY)
    assert [(row.expert.name, row.state) for row in rows] == [("甲", "gap"), ("乙", "covered")]
    assert share(coverage.Numbers.of_rows(rows).key) == (0, 1, 1, 0)
    assert coverage.portfolio(leader, officer_haidian, DAY) == []


def test_standing_says_when_contact_is_due(staff_city):
    expert, general, nobody = listed("甲"), listed("乙", scope="general"), make_expert("丙")
    enter(expert, "BJ", scope="general")
    make_contact(staff_city, expert, date(2026, 3, 31))
    found = coverage.standing(staff_city, [expert, general, nobody])
    assert found[expert.pk] == coverage.Standing("key", date(2026, 3, 31), DAY)
    assert found[expert.pk].overdue_days(DAY) == 0
    assert found[expert.pk].overdue_days(date(2026, 7, 21)) == 21
    assert found[general.pk] == coverage.Standing("general", None, date(2021, 1, 1))
    assert nobody.pk not in found


@pytest.mark.parametrize(("ask", "budget"), [
    (lambda user: coverage.numbers(user, user.unit, DAY), 2),
    (lambda user: coverage.with_children(user, user.unit, DAY), 3),
    (lambda user: coverage.contacts_by_month(user, user.unit, DAY, DAY), 2),
    (lambda user: list(coverage.gaps(user, user.unit, DAY)), 2),
    (lambda user: coverage.portfolio(user, user, DAY), 1),
])  # fmt: skip
def test_each_answer_costs_the_same_at_any_size(staff_city, ask, budget):
    assert staff_city.reach("view")  # read once a request
    for codes in ((), ("D03", "D04", "D04-01")):
        for code in codes:
            pair(listed("张三", code), staff_city, kind="officer", unit_code=code)
        with CaptureQueriesContext(connection) as seen:
            ask(staff_city)
        assert len(seen) == budget
