"""Closing and reopening the entries of one expert in the rosters that an approver reaches (二（三）).

An approved case decides: its proposals are made whole in the same act, so that every entry keeps the proposal
that closed it. Who registered has submitted, who checked has reviewed, who decides has approved; a reversal
is reviewed by who decides it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
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
from experts.roster_effects import apply
from experts.telling import tell_of_exits


def close_entries(*, by: User, asked_by: User, reviewed_by: User, expert: Expert) -> list[int]:
    """Close every open entry in rosters that `by` approves for, and tell the officers concerned, those of
    other units that hold the expert too; returns the proposals that did it."""
    found = RosterEntry.objects.visible_to(by).open().filter(_approved_by(by), expert=expert)
    entries = list(found.select_related("unit").order_by("place"))
    tell_of_exits([expert.uuid], units=[entry.unit for entry in entries])
    return [
        _decided(
            (asked_by, reviewed_by, by), ProposalKind.EXIT, entry.unit, expert, _not_before(entry.since)
        ).pk
        for entry in entries
    ]


def reopen_entries(
    *, by: User, asked_by: User, reviewed_by: User, expert: Expert, closed_by: Iterable[int]
) -> list[int]:
    """Readmit where these proposals closed an entry and none has been opened since, as it was; nobody
    who has died."""
    if expert.died_on:
        return []
    seen = RosterEntry.objects.visible_to(by).filter(_approved_by(by), expert=expert)
    back_on = set(seen.open().values_list("unit_id", flat=True))
    closed = seen.filter(closed_by__in=list(closed_by)).exclude(unit__in=back_on)
    return [
        _decided(
            (asked_by, reviewed_by, by), ProposalKind.READMIT, each.unit, expert, _after(each.until), each
        ).pk
        for each in closed.select_related("unit").order_by("place")
    ]


def _approved_by(user: User) -> Q:
    intervals = Q(pk__in=[])
    for interval in user.reach("approve"):
        intervals |= Q(place__range=interval)
    return intervals


def _not_before(since: date) -> date:
    """Today, but an entry lasts a day at least."""
    return max(timezone.localdate(), since + timedelta(days=1))


def _after(until: date | None) -> date:
    return max(timezone.localdate(), until or timezone.localdate())


def _decided(
    people: tuple[User, User, User],
    kind: ProposalKind,
    unit: Unit,
    expert: Expert,
    day: date,
    was: RosterEntry | None = None,
) -> Proposal:
    """A proposal of one line, made whole in one act by those who asked, reviewed and approve. Its reason
    stays blank: others read 退出."""
    by = people[-1]
    proposal = Proposal.objects.create(kind=kind, unit=unit, effective_on=day, drafted_by=by)
    ProposalLine.objects.create(
        proposal=proposal,
        expert=expert,
        scope=was.scope if was else "",
        category=was.category if was else expert.category,
        conditions_met=was is not None,
    )
    proposal.refresh_from_db()  # its place, from the unit
    proposal.state, proposal.line_count, proposal.reviews = ProposalState.APPROVED, 1, 1
    proposal.submitted_by, proposal.reviewed_by, proposal.approved_by = people
    proposal.approved_at = timezone.now()
    proposal.save()
    ProposalAct.objects.create(proposal=proposal, step=ProposalStep.APPROVE, by=by)
    record(Verb.CONFIRM, by=by, kind="proposal", reference=proposal.number, fields=["approve"])
    apply(by=by, proposal=proposal, tell=False)
    return proposal
