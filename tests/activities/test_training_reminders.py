"""What classes of training remind of: who, on which working days, and when no more."""

from datetime import date

import pytest

from accounts.actions import set_unit_setting
from accounts.roles import Role
from activities.models import Nomination, TrainingClass, TrainingPlan
from core.models import Holiday
from tests.activities.test_reminders import days_told
from tests.experts.grants import head, worker
from tests.factories import make_class, make_expert, make_nomination, make_plan, restrict, unit
from tests.reminders.ticking import at, remind

pytestmark = pytest.mark.django_db
CLOSING, STARTING = "class_closing", "class_starting"
CLOSES, STARTS = date(2026, 12, 16), date(2026, 12, 21)  # a Wednesday, a Monday


@pytest.fixture
def host(db):
    return worker("主办人")


@pytest.fixture
def below(db):
    return worker("所属联络员", at="D04-01")


@pytest.fixture
def course(host):
    plan = make_plan(host, approver=head("批准人"))
    return make_class(plan, starts_on=STARTS, ends_on=STARTS, nominate_by=CLOSES)


def test_units_that_have_put_nobody_forward_are_reminded_three_working_days_before(course, host, below):
    make_expert("林甲", "D04-01")
    make_expert("外人", "D03")
    worker("外区联络员", at="D03")
    worker("所属领导", Role.LEADER, at="D04-01")
    worker("无专家的", at="D04-02")
    assert days_told(below, CLOSING, "2026-12-08", "2026-12-10") == []
    assert remind(at("2026-12-11"), CLOSING) == [(CLOSING, "主办人"), (CLOSING, "所属联络员")]
    assert days_told(below, CLOSING, "2026-12-12", "2026-12-18") == []


def test_who_has_put_somebody_forward_is_left_alone(course, host, below):
    expert = make_expert("林甲", "D04-01")
    put = make_nomination(below, course, expert, "D04-01")
    assert remind(at("2026-12-11"), CLOSING) == []
    Nomination.objects.filter(pk=put.pk).update(state="withdrawn")
    assert (CLOSING, "所属联络员") in remind(at("2026-12-11", 9), CLOSING)


def test_working_days_are_those_of_the_holiday_table(course, below):
    make_expert("林甲", "D04-01")
    Holiday.objects.create(day=date(2026, 12, 15), name="放假")
    assert days_told(below, CLOSING, "2026-12-08", "2026-12-16") == ["12-10"]
    Holiday.objects.create(day=date(2026, 12, 20), name="调休", is_workday=True)
    assert remind(at("2026-12-18"), STARTING) == []
    assert remind(at("2026-12-20"), STARTING) == [(STARTING, "主办人")]


@pytest.mark.parametrize(
    "facts", [{"state": "cancelled"}, {"plan": "draft"}, {"nominate_by": date(2026, 12, 10)}]
)
def test_a_class_for_which_nobody_can_be_put_forward_reminds_nobody(course, below, facts):
    make_expert("林甲", "D04-01")
    if facts.pop("plan", ""):
        TrainingPlan.objects.update(state="draft", approved_by=None, approved_at=None)
    else:
        TrainingClass.objects.update(**facts)
    assert remind(at("2026-12-11"), CLOSING) == []


def test_the_organiser_and_who_put_forward_are_reminded_the_working_day_before(course, host, below):
    make_nomination(below, course, make_expert("林甲", "D04-01"), "D04-01", state="confirmed")
    other = worker("候补单位", at="D04-02")
    make_nomination(other, course, make_expert("林乙", "D04-02"), "D04-02", state="waiting")
    assert days_told(below, STARTING, "2026-12-14", "2026-12-17") == []
    assert remind(at("2026-12-18"), STARTING) == [(STARTING, "主办人"), (STARTING, "所属联络员")]
    assert remind(at("2026-12-21"), STARTING) == []


def test_whoever_has_gone_is_replaced_by_the_officers_of_the_unit(course, host, below):
    make_nomination(below, course, make_expert("林甲", "D04-01"), "D04-01", state="confirmed")
    worker("接任人", at="D04-01")
    worker("主办同事")
    for user in (host, below):
        user.assignments.update(until=date(2026, 12, 1))
    assert remind(at("2026-12-18"), STARTING) == [(STARTING, "主办同事"), (STARTING, "接任人")]


def test_a_restricted_expert_makes_nobody_remember_a_class(course, host, below):
    """Who may not know of the nomination is reminded as if there were none, before and after."""
    expert, keeper = make_expert("金丝雀", "D04-01"), worker("知悉人", at="D04-01")
    make_nomination(below, course, expert, "D04-01", state="confirmed")
    restrict(expert, keeper, head("甲"))
    assert remind(at("2026-12-18"), STARTING) == [(STARTING, "主办人"), (STARTING, "知悉人")]
    make_expert("林乙", "D04-01")
    assert [name for _, name in remind(at("2026-12-11"), CLOSING)] == ["主办人", "所属联络员"]


def test_a_unit_tunes_when_its_classes_remind(course, host):
    make_expert("林甲")
    set_unit_setting(by=host, unit=unit("D04"), key="reminder_class_closing_before", value=5)
    assert days_told(host, CLOSING, "2026-12-07", "2026-12-16") == ["12-09"]
