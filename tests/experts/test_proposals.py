"""Proposals: three acts by at least two people, effects whole or not at all, history that never overlaps."""

import csv
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import UnitSetting
from audit.models import Event
from experts.actions import proposals as acts
from experts.effects import on_exit
from experts.enums import Label
from experts.errors import AlreadyDecided
from experts.exit_reasons import ExitReason, effect_of
from experts.models import Expert, Holder, Proposal, ProposalKind, ProposalLine, RosterEntry
from experts.roster import described
from tests.factories import make_expert, restrict, unit

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 10)
ADMIT, RESCOPE, EXIT, READMIT = (ProposalKind(kind) for kind in ("admit", "rescope", "exit", "readmit"))


@pytest.fixture
def people(officer_haidian, director_haidian, staff_city):
    return officer_haidian, director_haidian, staff_city


@pytest.fixture
def decide(as_app, people):
    """Draft, submit, review and approve as different people, each as liaison_app."""
    officer, director, _ = people

    def run(kind, *experts, day=DAY, unit_code="D04", **facts):
        with as_app(officer):
            proposal = acts.draft_proposal(
                by=officer, unit=unit(unit_code), kind=kind, experts=experts, effective_on=day
            )
            for line in proposal.lines.all():
                acts.change_line(by=officer, line=line, conditions_met=True, **facts)
            acts.submit(by=officer, proposal=proposal)
        with as_app(director):
            acts.review(by=director, proposal=proposal)
            acts.approve(by=director, proposal=proposal)
        return proposal

    return run


def roster(code="D04", day=DAY):
    return {
        entry.expert.name for entry in RosterEntry.objects.of(unit(code)).as_of(day).select_related("expert")
    }


def test_exit_reasons_are_those_of_the_reference_data():
    with (settings.BASE_DIR / "data/reference/exit_reasons.csv").open(encoding="utf-8-sig") as handle:
        rows = {row["code"]: (row["name"], row["effect"]) for row in csv.DictReader(handle)}
    assert rows == {reason.value: (reason.label, effect_of(reason).value) for reason in ExitReason}


def test_an_approved_admission_puts_experts_on_the_roster_from_its_day(decide):
    one, two = make_expert("甲"), make_expert("乙")
    proposal = decide(ADMIT, one, two)
    assert roster() == {"甲", "乙"}
    assert roster(day=DAY - timedelta(days=1)) == set()
    entry = RosterEntry.objects.get(expert=one)
    assert (entry.opened_by, entry.closed_by, entry.scope) == (proposal, None, one.scope)
    verbs = list(
        Event.objects.filter(reference=proposal.number).order_by("id").values_list("verb", flat=True)
    )
    assert verbs[0] == "create"
    assert verbs[-3:] == ["request", "confirm", "confirm"]


def test_an_exit_closes_the_entry_tells_others_and_keeps_the_person(decide):
    expert = make_expert("甲")
    decide(ADMIT, expert)
    told = []
    on_exit.register(told.append)
    try:
        decide(EXIT, expert, day=DAY + timedelta(days=30), scope="", reason="own_request")
    finally:
        on_exit.handlers.remove(told.append)
    assert roster(day=DAY + timedelta(days=29)) == {"甲"}
    assert roster(day=DAY + timedelta(days=30)) == set()
    assert [(event.expert, event.unit) for event in told] == [(expert, unit("D04"))]
    assert Expert.objects.filter(pk=expert.pk).exists()


def test_a_discretionary_exit_may_leave_someone_in_general_scope(decide):
    expert = make_expert("甲", awards=["CAS"])
    decide(ADMIT, expert, scope="key")
    decide(EXIT, expert, day=DAY + timedelta(days=5), scope="general", reason="cross_region_transfer")
    scopes = RosterEntry.objects.filter(expert=expert).order_by("since").values_list("scope", "until")
    assert list(scopes) == [("key", DAY + timedelta(days=5)), ("general", None)]


def test_a_change_of_scope_is_a_new_entry_from_its_day(decide):
    expert = make_expert("甲")
    decide(ADMIT, expert, scope="general")
    decide(RESCOPE, expert, day=DAY + timedelta(days=1), scope="key")
    for day, scope in ((DAY, "general"), (DAY + timedelta(days=1), "key")):
        line = described(RosterEntry.objects.of(unit("D04")).as_of(day).get())
        assert (line["expert"], line["scope"]) == (expert.record_number, scope)
        assert line["since"] == day.isoformat()


def test_who_left_comes_back_by_readmission(decide):
    expert = make_expert("甲")
    with pytest.raises(ValidationError, match="纳入"):
        decide(READMIT, expert)
    decide(ADMIT, expert)
    decide(EXIT, expert, day=DAY + timedelta(days=1), scope="", reason="own_request")
    decide(READMIT, expert, day=DAY + timedelta(days=2))
    assert roster(day=DAY + timedelta(days=2)) == {"甲"}


def test_a_roster_of_another_unit_gives_it_sight_and_an_exit_takes_it_back(
    as_app, staff_city, officer_chaoyang
):
    expert = make_expert("甲", unit_code="D04")
    proposal = Proposal.objects.create(unit=unit("D03"), kind=ADMIT, drafted_by=staff_city, effective_on=DAY)
    ProposalLine.objects.create(proposal=proposal, expert=expert, scope="general", conditions_met=True)
    from experts.roster_effects import apply

    apply(by=staff_city, proposal=proposal)
    assert Expert.objects.visible_to(officer_chaoyang).filter(pk=expert.pk).exists()
    assert RosterEntry.objects.visible_to(officer_chaoyang).filter(expert=expert).exists()
    leaving = Proposal.objects.create(
        unit=unit("D03"), kind=EXIT, drafted_by=staff_city, effective_on=DAY + timedelta(days=9)
    )
    ProposalLine.objects.create(proposal=leaving, expert=expert, reason="own_request")
    apply(by=staff_city, proposal=leaving)
    assert not Holder.objects.filter(expert=expert).exists()
    assert not Expert.objects.visible_to(officer_chaoyang).filter(pk=expert.pk).exists()


@pytest.mark.parametrize("kind", [RESCOPE, EXIT, READMIT])
def test_who_is_not_on_the_roster_can_only_be_admitted(as_app, people, kind):
    with as_app(people[0]), pytest.raises(ValidationError, match="甲"):
        acts.draft_proposal(by=people[0], unit=unit("D04"), kind=kind, experts=[make_expert("甲")])


def test_who_is_on_the_roster_is_not_admitted_again(decide):
    expert = make_expert("甲")
    decide(ADMIT, expert)
    with pytest.raises(ValidationError, match="已经在本单位名单上"):
        decide(ADMIT, expert)


def test_what_is_incomplete_is_not_submitted(as_app, people):
    officer, expert = people[0], make_expert("甲")
    with as_app(officer):
        proposal = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[expert])
        with pytest.raises(ValidationError, match="基本条件"):
            acts.submit(by=officer, proposal=proposal)
        acts.remove_lines(by=officer, proposal=proposal, lines=proposal.lines.all())
        with pytest.raises(ValidationError, match="还没有专家"):
            acts.submit(by=officer, proposal=proposal)


@pytest.mark.parametrize("reason", ["academic_misconduct", "deceased"])
def test_mandatory_reasons_and_death_are_not_proposed_here(decide, as_app, people, reason):
    expert = make_expert("甲")
    decide(ADMIT, expert)
    with pytest.raises(ValidationError, match="应退"):
        decide(EXIT, expert, day=DAY + timedelta(days=1), reason=reason)


def test_nobody_approves_what_they_submitted(as_app, people):
    _, director, _ = people
    with as_app(director):
        proposal = acts.draft_proposal(by=director, unit=unit("D04"), kind=ADMIT, experts=[make_expert("甲")])
        acts.change_line(by=director, line=proposal.lines.get(), conditions_met=True)
        acts.submit(by=director, proposal=proposal)
        acts.review(by=director, proposal=proposal)
        with pytest.raises(ValidationError, match="另一人"):
            acts.approve(by=director, proposal=proposal)
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE experts_proposal SET state = 'approved', approved_by_id = submitted_by_id,"
                " approved_at = now() WHERE id = %s",
                [proposal.pk],
            )
    assert roster() == set()


def test_an_officer_does_not_approve(as_app, people):
    officer, _, staff = people
    with as_app(officer):
        proposal = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[make_expert("甲")])
        acts.change_line(by=officer, line=proposal.lines.get(), conditions_met=True)
        acts.submit(by=officer, proposal=proposal)
    with as_app(staff):
        acts.review(by=staff, proposal=proposal)
        with pytest.raises(PermissionDenied):
            acts.approve(by=staff, proposal=proposal)


def test_no_step_is_skipped_or_taken_twice(as_app, people, decide):
    officer, director, _ = people
    with as_app(officer):
        proposal = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[make_expert("甲")])
        for act in (acts.review, acts.approve):
            with pytest.raises(AlreadyDecided):
                act(by=officer, proposal=proposal)
    done = decide(ADMIT, make_expert("乙"))
    for act in (acts.review, acts.approve, acts.withdraw, acts.submit):
        with as_app(director), pytest.raises(AlreadyDecided):
            act(by=director, proposal=done)


def test_a_unit_may_ask_for_more_reviews_by_different_people(as_app, people):
    officer, director, staff = people
    UnitSetting.objects.create(unit=unit("D04"), key="proposal_reviews", value=2)
    with as_app(officer):
        proposal = acts.draft_proposal(
            by=officer, unit=unit("D04"), kind=ADMIT, experts=[make_expert("甲")], effective_on=DAY
        )
        acts.change_line(by=officer, line=proposal.lines.get(), conditions_met=True)
        acts.submit(by=officer, proposal=proposal)
        with pytest.raises(ValidationError, match="多级审核"):
            acts.review(by=officer, proposal=proposal)
    with as_app(director):
        acts.review(by=director, proposal=proposal)
        with pytest.raises(ValidationError, match="已经审核过"):
            acts.review(by=director, proposal=proposal)
        with pytest.raises(AlreadyDecided):
            acts.approve(by=director, proposal=proposal)
    with as_app(staff):
        acts.review(by=staff, proposal=proposal)
    with as_app(director):
        acts.approve(by=director, proposal=proposal)
    assert roster() == {"甲"}


def test_a_returned_proposal_is_mended_and_goes_the_whole_way_again(as_app, people):
    officer, director, _ = people
    expert = make_expert("甲")
    with as_app(officer):
        proposal = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[expert])
        acts.change_line(by=officer, line=proposal.lines.get(), conditions_met=True)
        acts.submit(by=officer, proposal=proposal)
    with as_app(director):
        acts.review(by=director, proposal=proposal)
        with pytest.raises(ValidationError, match="理由"):
            acts.give_back(by=director, proposal=proposal, note=" ")
        acts.give_back(by=director, proposal=proposal, note="请补充依据")
        with pytest.raises(AlreadyDecided):
            acts.approve(by=director, proposal=proposal)
    with as_app(officer):
        acts.submit(by=officer, proposal=proposal)
        with pytest.raises(AlreadyDecided):
            acts.approve(by=officer, proposal=proposal)
        acts.withdraw(by=officer, proposal=proposal)
    assert Proposal.objects.get().state == "withdrawn"


def test_a_line_that_no_longer_fits_stops_everything(as_app, people, decide):
    officer, director, _ = people
    first, second = make_expert("甲"), make_expert("乙")
    with as_app(officer):
        late = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[first, second])
        for line in late.lines.all():
            acts.change_line(by=officer, line=line, conditions_met=True)
        acts.submit(by=officer, proposal=late)
    decide(ADMIT, second)
    with as_app(director):
        acts.review(by=director, proposal=late)
        with pytest.raises(ValidationError, match="乙：已经在本单位名单上"):
            acts.approve(by=director, proposal=late)
    assert roster() == {"乙"}
    assert Proposal.objects.get(pk=late.pk).state == "reviewed"


def test_restricted_experts_are_proposed_alone_and_seen_by_their_list_only(as_app, people, cleared_city):
    officer = people[0]
    hidden = restrict(make_expert("金丝雀"), cleared_city, approver=officer)
    with as_app(cleared_city):
        with pytest.raises(ValidationError, match="单独成文"):
            acts.draft_proposal(
                by=cleared_city, unit=unit("D04"), kind=ADMIT, experts=[hidden, make_expert("甲")]
            )
        alone = acts.draft_proposal(by=cleared_city, unit=unit("D04"), kind=ADMIT, experts=[hidden])
    for user in people:
        assert not Proposal.objects.visible_to(user).exists()
        with as_app(user):
            assert Proposal.objects.count() == ProposalLine.objects.count() == 0
    assert Proposal.objects.visible_to(cleared_city).get() == alone


def test_nobody_decides_on_lines_that_they_do_not_see(as_app, people):
    officer, director, _ = people
    one, two = make_expert("甲"), make_expert("乙")
    with as_app(officer):
        proposal = acts.draft_proposal(by=officer, unit=unit("D04"), kind=ADMIT, experts=[one, two])
        for line in proposal.lines.all():
            acts.change_line(by=officer, line=line, conditions_met=True)
        acts.submit(by=officer, proposal=proposal)
    Expert.objects.filter(pk=two.pk).update(label=Label.RESTRICTED)
    with as_app(director), pytest.raises(ValidationError, match="有变化"):
        acts.review(by=director, proposal=proposal)


def test_entries_of_one_expert_and_unit_never_overlap_in_the_database(decide):
    expert = make_expert("甲")
    proposal = decide(ADMIT, expert)
    facts = {"expert": expert, "unit": unit("D04"), "scope": "key", "opened_by": proposal}
    with pytest.raises(DatabaseError, match="entry_no_overlap"), transaction.atomic():
        RosterEntry.objects.create(since=DAY + timedelta(days=400), **facts)
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterEntry.objects.create(since=DAY - timedelta(days=9), until=DAY - timedelta(days=8), **facts)
    other = RosterEntry.objects.create(since=DAY, **facts | {"unit": unit("BJ")})
    other.refresh_from_db()
    assert other.place == unit("BJ").order


def test_both_locks_agree_on_proposals_lines_and_entries(decide, personas_again, as_app):
    decide(ADMIT, make_expert("甲"))
    shared = make_expert("乙", label=Label.SENSITIVE)
    decide(ADMIT, shared)
    for user in personas_again:
        for model in (Proposal, ProposalLine, RosterEntry):
            expected = set(model.objects.visible_to(user).values_list("pk", flat=True))
            with as_app(user), connection.cursor() as cursor:
                cursor.execute(f"SELECT id FROM {model._meta.db_table}")
                found = {number for (number,) in cursor.fetchall()}
            if model is ProposalLine:  # a line shows with its expert; the proposal itself by unit
                assert found == expected
            else:
                assert found == expected, (user, model)


@pytest.fixture
def personas_again(people, officer_chaoyang, leader_city, cleared_city, sysadmin, secadmin, auditor, no_role):
    return [*people, officer_chaoyang, leader_city, cleared_city, sysadmin, secadmin, auditor, no_role]
