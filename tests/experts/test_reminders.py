"""What the register reminds of, and that nobody is told of an expert whom they do not see."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.enums import Clearance
from experts.enums import Label
from experts.models import (
    ChangeReport,
    Expert,
    MandatoryExit,
    NeedToKnow,
    Proposal,
    ProposalAct,
)
from reminders.functions import statement_of
from reminders.models import Message, PlannedReminder
from reminders.registry import Rule
from tests.experts.grants import head, worker
from tests.factories import (
    ask_to_restrict,
    hold,
    make_exit,
    make_expert,
    make_report,
    make_round,
    make_user,
    propose,
    restrict,
)
from tests.reminders.ticking import at, remind

pytestmark = pytest.mark.django_db
EVERYBODY = Rule(
    key="everybody",
    name="",
    about="",
    clause="",
    text="",
    query="SELECT expert.id, person.id, clock.moment, expert.id, NULL::uuid"
    " FROM experts_expert expert CROSS JOIN people person CROSS JOIN clock",
    page="",
    is_tunable=False,
)


@pytest.fixture
def population(personas):
    """Every combination that the rule of sight distinguishes."""
    for code in ("BJ", "D03", "D04", "D04-01", "U03"):
        for label in (Label.INTERNAL, Label.SENSITIVE):
            make_expert(f"王{code}{label}"[:20], unit_code=code, label=label)
    hold(make_expert("共同一", unit_code="D03"), "D04")
    hold(make_expert("共同二", unit_code="U03", label=Label.SENSITIVE), "D04")
    restrict(make_expert("限一"), personas["cleared_city"], personas["officer_chaoyang"])
    restrict(make_expert("限二"), personas["sysadmin"], personas["no_role"])
    expired = restrict(make_expert("限三"), personas["officer_haidian"])
    NeedToKnow.objects.filter(content_object=expired).update(
        expires_on=timezone.localdate() - timedelta(days=1)
    )
    return personas


def test_who_may_be_told_of_an_expert_is_who_sees_it(population):
    population["leader_city"].is_active = False
    population["leader_city"].save(update_fields=["is_active"])
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(statement_of(EVERYBODY))
        cursor.execute(
            "SELECT recipient, expert_id FROM reminders_rule_everybody(%s, %s, NULL)",
            [now - timedelta(seconds=1), now],
        )
        found = set(cursor.fetchall())
    expected = {
        (user.pk, expert)
        for user in population.values()
        for expert in Expert.objects.visible_to(user).values_list("pk", flat=True)
    }
    assert {pair for pair in found if pair[0] in {user.pk for user in population.values()}} == expected
    assert {name for name, user in population.items() if any(user.pk == one for one, _ in expected)} == {
        "staff_city", "director_haidian", "officer_haidian", "officer_chaoyang", "cleared_city",
    }  # fmt: skip


def test_nobody_is_told_of_the_dead(population):
    Expert.objects.update(died_on=date(2026, 1, 1))
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(statement_of(EVERYBODY))
        cursor.execute(
            "SELECT count(*) FROM reminders_rule_everybody(%s, %s, NULL)", [now - timedelta(seconds=1), now]
        )
        assert cursor.fetchone() == (0,)


@pytest.fixture
def desk(db):
    """Two people of D04 who may change, its head, and one above."""
    return {
        "writer": worker("写提案", at="D04"),
        "reader": worker("审提案", at="D04"),
        "head": head("批提案", "D04"),
        "city": worker("市里", at="BJ"),
    }


def submitted(desk, *experts, day="2026-12-01", hour=10):
    """A proposal that was handed in at that moment."""
    proposal = propose(desk["writer"], *experts)
    Proposal.objects.filter(pk=proposal.pk).update(
        state="submitted", submitted_by=desk["writer"], line_count=len(experts)
    )
    act(proposal, "submit", desk["writer"], at(day, hour))
    return proposal


def act(proposal, step, by, moment):
    row = ProposalAct.objects.create(proposal=proposal, step=step, by=by)
    ProposalAct.objects.filter(pk=row.pk).update(at=moment)


def test_a_proposal_waits_for_whoever_may_review_it_in_the_unit(desk):
    submitted(desk, make_expert())
    assert remind(at("2026-12-01", 10)) == [("proposal_waiting", "审提案"), ("proposal_waiting", "批提案")]
    assert remind(at("2026-12-01", 10, 1)) == []
    assert remind(at("2026-12-04", 9, 59)) == []
    assert len(remind(at("2026-12-04", 10))) == 2


def test_a_proposal_goes_up_where_the_unit_has_nobody_else(desk):
    for name in ("reader", "head"):
        desk[name].assignments.all().delete()
    submitted(desk, make_expert())
    assert remind(at("2026-12-01", 10)) == [("proposal_waiting", "市里")]


def test_a_reviewed_proposal_waits_for_its_approver_and_a_returned_one_for_its_writer(desk):
    proposal = submitted(desk, make_expert())
    Proposal.objects.update(state="reviewed", reviewed_by=desk["reader"])
    act(proposal, "review", desk["reader"], at("2026-12-01", 11))
    assert remind(at("2026-12-01", 11)) == [("proposal_waiting", "批提案")]
    Proposal.objects.update(state="returned")
    act(proposal, "return", desk["head"], at("2026-12-01", 12))
    assert remind(at("2026-12-01", 12)) == [("proposal_waiting", "写提案")]
    Proposal.objects.update(state="withdrawn")
    assert remind(at("2026-12-31", 12)) == []


def test_a_proposal_about_a_restricted_expert_waits_for_nobody_off_its_list(desk):
    expert = restrict(make_expert(), desk["writer"], desk["head"], until=date(2027, 6, 1))
    submitted(desk, expert)
    assert remind(at("2026-12-01", 10)) == [("proposal_waiting", "批提案")]


def test_a_proposal_decided_before_delivery_is_not_told(desk):
    from reminders.delivery import deliver
    from reminders.planning import plan

    submitted(desk, make_expert())
    plan(at("2026-12-01", 10), all_rules=True)
    Proposal.objects.update(state="withdrawn")
    assert deliver(at("2026-12-01", 10)).dropped == 2


def test_a_mandatory_exit_reminds_before_on_and_after_its_day(desk):
    make_exit(desk["writer"], make_expert(), known_on=date(2026, 12, 1), due_on=date(2026, 12, 15))
    days = [day for day in range(10, 20) if remind(at(f"2026-12-{day}")) == [("exit_due", "批提案")]]
    assert days == [12, 15, 17, 19]
    MandatoryExit.objects.update(state="refused", decided_by=desk["head"], decided_at=timezone.now())
    assert remind(at("2026-12-21")) == []


def test_the_one_who_registered_an_exit_is_not_asked_to_decide_it(desk):
    make_exit(desk["head"], make_expert(), known_on=date(2026, 12, 1), due_on=date(2026, 12, 15))
    assert remind(at("2026-12-15")) == []


def test_a_review_of_an_exit_waits_for_another_head_than_the_one_who_decided(desk):
    other = head("另一负责人", "D04")
    make_exit(
        desk["writer"], make_expert(), could_not_be_told=True, state="approved", decided_by=desk["head"],
        decided_at=at("2026-11-01"), review="asked", review_asked_by=desk["writer"],
        review_asked_at=at("2026-12-01", 15),
    )  # fmt: skip
    assert remind(at("2026-12-01", 15)) == [("exit_review", other.username)]


def test_a_reported_change_waits_for_somebody_else_in_the_unit(desk):
    report = make_report(desk["writer"], make_expert())
    ChangeReport.objects.filter(pk=report.pk).update(reported_at=at("2026-12-01", 14, 30))
    due = [("change_waiting", "审提案"), ("change_waiting", "批提案")]
    assert remind(at("2026-12-01", 14, 30)) == due
    assert remind(at("2026-12-04", 14, 30)) == due


def test_a_sensitive_record_reminds_only_who_is_cleared_for_it(desk):
    desk["reader"].clearance = Clearance.INTERNAL
    desk["reader"].save(update_fields=["clearance"])
    report = make_report(desk["writer"], make_expert(label=Label.SENSITIVE))
    ChangeReport.objects.filter(pk=report.pk).update(reported_at=at("2026-12-01", 14))
    assert remind(at("2026-12-01", 14)) == [("change_waiting", "批提案")]


def test_a_request_to_restrict_waits_for_the_head(desk):
    request = ask_to_restrict(desk["writer"], make_expert(), make_user(), make_user())
    type(request).objects.update(requested_at=at("2026-12-01", 9))
    assert remind(at("2026-12-01", 9)) == [("restriction_waiting", "批提案")]
    assert PlannedReminder.objects.get().is_guarded


def test_a_review_round_reminds_officers_whose_experts_wait(desk):
    make_round("D04", starts_on=date(2026, 12, 1), due_on=date(2026, 12, 31))
    expert = make_expert(confirmed_on=date(2026, 1, 5), created_at=at("2026-01-01"))
    officers = [("review_round", "写提案"), ("review_round", "审提案")]
    days = [day for day in range(1, 32) if remind(at(f"2026-12-{day:02}")) == officers]
    assert days == [1, 17, 31]
    assert remind(at("2027-01-07")) == officers
    Expert.objects.filter(pk=expert.pk).update(confirmed_on=date(2027, 1, 8))
    assert remind(at("2027-01-14")) == []


def test_stale_information_reminds_at_the_beginning_of_a_quarter(desk):
    make_expert(confirmed_on=date(2024, 12, 31))
    assert remind(at("2026-12-01")) == []
    assert ("stale_information", "写提案") in remind(at("2027-01-01"))
    assert ("stale_information", "市里") in Message.objects.values_list("rule", "recipient__username")
    Expert.objects.update(confirmed_on=date(2026, 1, 1))
    assert remind(at("2027-04-01")) == []


def test_a_grant_that_ends_reminds_its_person_and_the_security_administrator(secadmin):
    person, other = worker("知悉一"), worker("知悉二")
    restrict(make_expert(), person, other, until=date(2026, 12, 31))
    NeedToKnow.objects.filter(user=other).update(expires_on=date(2027, 6, 1))
    due = [("grant_ending", "secadmin"), ("grant_expiring", "知悉一")]
    assert remind(at("2026-12-17")) == due
    assert remind(at("2026-12-18")) == []
    assert remind(at("2026-12-30")) == due
    assert set(PlannedReminder.objects.values_list("is_guarded", flat=True)) == {True}
    assert list(Message.objects.filter(recipient=secadmin).values_list("expert_id", flat=True)) == [
        None,
        None,
    ]
