"""What an illness, an exit and a death bring about here."""

from datetime import timedelta

import pytest
from django.db import connection

from activities.models import Contact
from core.workdays import add_workdays
from experts.actions.changes import report_change, verify_change
from experts.actions.deaths import register_death
from experts.effects import Exited, FellIll, on_exit, on_illness
from experts.enums import ChangeKind
from experts.models import Expert, RosterEntry
from tests.activities.steps import planned, today
from tests.factories import assign, enter, hold, make_expert, make_user, pair, restrict, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert():
    return make_expert("林中鸟")


def told(event, effect):
    with as_role("liaison_app", event.by):
        effect.happened(event)


def test_a_verified_illness_plans_a_visit_that_says_nothing_of_it(officer_haidian, director_haidian, expert):
    with as_role("liaison_app", officer_haidian):
        report = report_change(
            by=officer_haidian, expert=expert, kind=ChangeKind.SERIOUS_ILLNESS,
            facts={"text": "心脏手术", "happened_on": today(), "source": "家属告知"},
        )  # fmt: skip
    with as_role("liaison_app", director_haidian):
        verify_change(by=director_haidian, report=report, version=expert.version)
    contact = Contact.objects.get()
    assert (contact.state, contact.occasion, contact.unit.code) == ("planned", "care", "D04")
    assert contact.on == add_workdays(today(), 5)
    assert contact.people.get().user == officer_haidian
    said = f"{contact.note}{contact.get_occasion_display()}{contact.get_kind_display()}"
    assert said == "请择日看望看望慰问走访慰问"


def test_the_paired_officer_is_asked_first_and_only_once(officer_haidian, director_haidian, expert):
    other = make_user()
    assign(other, "liaison_officer", unit("D04"))
    pair(expert, other, "officer")
    told(FellIll(expert, director_haidian), on_illness)
    told(FellIll(expert, director_haidian), on_illness)
    assert Contact.objects.get().people.get().user == other


def test_of_a_restricted_expert_only_the_list_is_asked(officer_haidian, cleared_city, expert):
    restrict(expert, cleared_city, make_user())
    told(FellIll(Expert.objects.get(), cleared_city), on_illness)
    contact = Contact.objects.get()
    assert (contact.people.get().user, contact.unit.code) == (cleared_city, "BJ")
    assert not Contact.objects.visible_to(officer_haidian).exists()


def close(expert, code, until):
    for entry in RosterEntry.objects.filter(expert=expert, unit=unit(code)):
        RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=entry.opened_by_id)


def states(expert):
    return sorted(Contact.objects.filter(expert=expert).values_list("unit__code", "state"))


def test_an_exit_cancels_what_the_unit_and_those_below_had_planned(
    officer_haidian, officer_chaoyang, staff_city, expert
):
    below = make_user()
    assign(below, "liaison_officer", unit("D04-01"))
    hold(expert, "D03")
    hold(expert, "D04-01")
    for code in ("D03", "D04"):
        enter(expert, code)
    expert.refresh_from_db()
    for by in (officer_haidian, officer_chaoyang, staff_city, below):
        planned(by, expert, on=today() + timedelta(days=3))
    assert len(states(expert)) == 4
    close(expert, "D04", today())
    told(Exited(expert, officer_haidian, unit("D04")), on_exit)
    assert dict(states(expert)) == {
        "BJ": "planned", "D03": "planned", "D04": "cancelled", "D04-01": "cancelled"
    }  # fmt: skip
    assert Contact.objects.filter(state="cancelled").values_list("note", "hindrance", "version")[0] == (
        "专家已退出名单", "other", 2
    )  # fmt: skip


def test_a_unit_below_that_still_lists_the_expert_goes_on(officer_haidian, expert):
    below = make_user()
    assign(below, "liaison_officer", unit("D04-01"))
    hold(expert, "D04-01")
    for code in ("D04", "D04-01"):
        enter(expert, code)
    expert.refresh_from_db()
    for by in (officer_haidian, below):
        planned(by, expert, on=today() + timedelta(days=3))
    close(expert, "D04", today())
    told(Exited(expert, officer_haidian, unit("D04")), on_exit)
    assert dict(states(expert)) == {"D04": "cancelled", "D04-01": "planned"}


@pytest.mark.parametrize("days", [None, 10])
def test_the_function_looks_itself_whether_the_expert_has_left(officer_haidian, expert, days):
    """Still listed, or to leave only after the visit."""
    enter(expert)
    planned(officer_haidian, expert, on=today() + timedelta(days=3))
    if days:
        close(expert, "D04", today() + timedelta(days=days))
    told(Exited(expert, officer_haidian, unit("D04")), on_exit)
    told(Exited(expert, officer_haidian), on_exit)
    assert states(expert) == [("D04", "planned")]


def test_someone_who_was_never_listed_has_not_left(officer_haidian, expert):
    planned(officer_haidian, expert)
    told(Exited(expert, officer_haidian, unit("D04")), on_exit)
    assert states(expert) == [("D04", "planned")]


def test_a_death_cancels_everything_whoever_planned_it(officer_haidian, officer_chaoyang, staff_city, expert):
    hold(expert, "D03")
    expert.refresh_from_db()
    for by in (officer_haidian, officer_chaoyang, staff_city):
        planned(by, expert)
    with as_role("liaison_app", officer_haidian):
        register_death(by=officer_haidian, expert=expert, died_on=today(), source="讣告")
    assert {state for _, state in states(expert)} == {"cancelled"}
    assert set(Contact.objects.values_list("note", flat=True)) == {"专家已去世"}


def test_without_an_actor_the_function_does_nothing(officer_haidian, expert):
    planned(officer_haidian, expert)
    Expert.objects.update(died_on=today())
    with connection.cursor() as cursor:
        cursor.execute("SELECT activities_end_for(%s, NULL)", [expert.pk])
    assert states(expert) == [("D04", "planned")]
