"""Rosters of the demo: approved admissions of most key experts of each unit, proposals that wait for
somebody, and in D04 what has happened since: more admitted, one rescoped, one who has left."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import Unit, User
from experts.enums import Label, Scope
from experts.exit_reasons import ExitReason
from experts.models import (
    Expert,
    Proposal,
    ProposalAct,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
    RosterEntry,
)
from experts.models.proposal import new_proposal_number
from liaison.demo import DEMO_UNIT
from liaison.demo.accounts import HEAD, OFFICER, nearest

LEFT_OUT = 7  # every seventh is still 符合条件未纳入
LISTED_SINCE = 500  # days
ADDED, RESCOPED, LEFT = 120, 20, 10  # days ago
ADDED_GENERAL = 6
STEPS = (ProposalStep.SUBMIT, ProposalStep.REVIEW, ProposalStep.APPROVE)


def add_rosters(experts: list[Expert], units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """One approved admission for each unit; in D04 one proposal to review and one to approve. The demo's own
    unit has no roster yet."""
    by_unit: dict[str, list[Expert]] = defaultdict(list)
    for each in experts:
        if each.label == Label.INTERNAL and each.scope == Scope.KEY and each.unit.code != DEMO_UNIT:
            by_unit[each.unit.code].append(each)
    for code, own in by_unit.items():
        submitter, head = _who(users, code)
        chosen = [each for number, each in enumerate(own, start=1) if number % LEFT_OUT]
        day = today - timedelta(days=LISTED_SINCE)
        proposal = _proposal(units[code], chosen, day, submitter, head, steps=3, note="首批名单")
        _enter(chosen, proposal, Scope.KEY)
    waiting = by_unit["D04"][LEFT_OUT - 1 :: LEFT_OUT]
    general = [each for each in experts if each.unit.code == "D04" and _is_plain(each)][:ADDED_GENERAL]
    _add_movements(waiting[3], general, units["D04"], _who(users, "D04"), today)
    for steps, chosen in ((2, waiting[2:3]), (1, waiting[:2])):
        _proposal(units["D04"], chosen, today, *_who(users, "D04"), steps=steps, note="年度增补")


def _is_plain(expert: Expert) -> bool:
    return expert.label == Label.INTERNAL and expert.scope == Scope.GENERAL and not expert.died_on


def _add_movements(
    risen: Expert, general: list[Expert], unit: Unit, people: tuple[User, User], today: date
) -> None:
    """Admitted with the others as general, `risen` has become key since; the last of the others has left."""
    added, rescoped, left = (today - timedelta(days=days) for days in (ADDED, RESCOPED, LEFT))
    chosen, leaving = [risen, *general], general[-1]
    proposal = _proposal(unit, chosen, added, *people, steps=3, note="年中增补", scope=Scope.GENERAL)
    _enter(chosen, proposal, Scope.GENERAL)
    proposal = _proposal(
        unit, [risen], rescoped, *people, steps=3, note="获得重要奖励后调整", kind=ProposalKind.RESCOPE
    )
    _close(risen, proposal)
    _enter([risen], proposal, Scope.KEY)
    proposal = _proposal(
        unit, [leaving], left, *people, steps=3, note="本人提出", kind=ProposalKind.EXIT, scope="",
        reason=ExitReason.OWN_REQUEST,
    )  # fmt: skip
    _close(leaving, proposal)


def _enter(experts: list[Expert], proposal: Proposal, scope: Scope) -> None:
    """On the roster from the day of the proposal; the basis is that of a key expert's rule."""
    RosterEntry.objects.bulk_create(
        RosterEntry(
            expert=each, unit=proposal.unit, scope=scope, category=each.category,
            basis=each.scope_basis if scope == Scope.KEY else [], since=proposal.effective_on,
            opened_by=proposal,
        )
        for each in experts
    )  # fmt: skip


def _close(expert: Expert, proposal: Proposal) -> None:
    open_one = RosterEntry.objects.of(proposal.unit).open().filter(expert=expert)
    open_one.update(until=proposal.effective_on, closed_by=proposal)


def _who(users: dict[str, User], code: str) -> tuple[User, User]:
    """Who submits for a unit, and who reviews and approves."""
    return users[nearest(OFFICER, code)], users[nearest(HEAD, code)]


def _proposal(
    unit: Unit,
    experts: list[Expert],
    day: date,
    submitter: User,
    head: User,
    *,
    steps: int,
    note: str,
    kind: ProposalKind = ProposalKind.ADMIT,
    scope: str = Scope.KEY,
    reason: str = "",
) -> Proposal:
    """A proposal on which so many of the three acts have been done, a day each."""
    done = (ProposalState.SUBMITTED, ProposalState.REVIEWED, ProposalState.APPROVED)[steps - 1]
    begun = timezone.make_aware(datetime.combine(day - timedelta(days=steps), time(10)))
    proposal = Proposal.objects.create(
        number=new_proposal_number(begun.date()),
        kind=kind,
        state=done,
        unit=unit,
        effective_on=day,
        note=note,
        line_count=len(experts),
        reviews=min(steps - 1, 1),
        drafted_by=submitter,
        submitted_by=submitter,
        reviewed_by=head if steps > 1 else None,
        approved_by=head if steps > 2 else None,
        approved_at=begun + timedelta(days=2) if steps > 2 else None,
    )
    Proposal.objects.filter(pk=proposal.pk).update(drafted_at=begun - timedelta(hours=1))
    _add_lines(proposal, experts, scope, reason)
    _add_acts(proposal, [submitter, head, head][:steps], begun)
    return proposal


def _add_lines(proposal: Proposal, experts: list[Expert], scope: str, reason: str) -> None:
    ProposalLine.objects.bulk_create(
        ProposalLine(
            proposal=proposal,
            expert=each,
            scope=scope,
            category=each.category,
            reason=reason,
            conditions_met=proposal.kind == ProposalKind.ADMIT,
        )
        for each in experts
    )


def _add_acts(proposal: Proposal, people: list[User], begun: datetime) -> None:
    """One of STEPS by each of the people, a day apart."""
    acts = ProposalAct.objects.bulk_create(
        ProposalAct(proposal=proposal, step=step, by=by) for step, by in zip(STEPS, people, strict=False)
    )
    for number, act in enumerate(acts):
        ProposalAct.objects.filter(pk=act.pk).update(at=begun + timedelta(days=number))
