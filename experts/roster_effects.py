"""What an approved proposal does to the roster: all lines in one transaction, or none."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from experts.effects import Exited, on_exit
from experts.models import Holder, Proposal, ProposalKind, ProposalLine, RosterEntry
from experts.roster import unfit

BATCH = 1_000
TOO_EARLY = "生效日期须晚于列入日期 {since}"
OVERLAP = "与以前的名单时间重叠，请改生效日期"


def apply(*, by: User, proposal: Proposal) -> None:
    """Open, change or close the entries. ValidationError names the lines that stopped it."""
    lines = list(
        ProposalLine.objects.visible_to(by).filter(proposal=proposal).select_related("expert").order_by("id")
    )
    problems = unfit(proposal.kind, proposal.unit, [line.expert for line in lines])
    if problems:
        raise ValidationError([f"{expert.name}：{why}" for expert, why in problems])
    if proposal.kind in {ProposalKind.ADMIT, ProposalKind.READMIT}:
        _open(proposal, lines)
        return
    _close(proposal, lines)
    staying = [line for line in lines if line.scope]
    _open(proposal, staying, hold=False)
    for line in lines:
        if not line.scope:
            _leave(by, proposal, line)


def _open(proposal: Proposal, lines: Sequence[ProposalLine], *, hold: bool = True) -> None:
    try:
        with transaction.atomic():
            RosterEntry.objects.bulk_create([_entry(proposal, line) for line in lines], BATCH)
    except IntegrityError as error:
        raise ValidationError(_overlapping(proposal, lines)) from error
    if hold and proposal.unit.parent_id:  # whoever sees the root's roster sees everybody anyhow
        others = [line.expert for line in lines if line.expert.unit_id != proposal.unit_id]
        Holder.objects.bulk_create(
            [Holder(expert=each, unit=proposal.unit, unit_order=proposal.place) for each in others],
            BATCH,
            ignore_conflicts=True,
        )


def _entry(proposal: Proposal, line: ProposalLine) -> RosterEntry:
    return RosterEntry(
        expert=line.expert,
        unit=proposal.unit,
        scope=line.scope,
        category=line.category,
        basis=line.expert.scope_basis,
        since=proposal.effective_on,
        opened_by=proposal,
    )


def _overlapping(proposal: Proposal, lines: Sequence[ProposalLine]) -> list[str]:
    taken = RosterEntry.objects.of(proposal.unit).filter(
        expert__in=[line.expert_id for line in lines], until__gt=proposal.effective_on
    )
    names = {line.expert_id: line.expert.name for line in lines}
    return [f"{names[number]}：{OVERLAP}" for number in taken.values_list("expert_id", flat=True)] or [
        OVERLAP
    ]


def _close(proposal: Proposal, lines: Sequence[ProposalLine]) -> None:
    experts = [line.expert_id for line in lines]
    entries = RosterEntry.objects.of(proposal.unit).open().filter(expert__in=experts)
    late = entries.filter(since__gte=proposal.effective_on).select_related("expert")
    if problems := [f"{entry.expert.name}：{TOO_EARLY.format(since=entry.since)}" for entry in late]:
        raise ValidationError(problems)
    entries.update(until=proposal.effective_on, closed_by=proposal)


def _leave(by: User, proposal: Proposal, line: ProposalLine) -> None:
    """The unit no longer holds the expert; nothing of the person or the history is deleted (二（三）)."""
    Holder.objects.filter(expert=line.expert, unit=proposal.unit).delete()
    on_exit.happened(Exited(line.expert, by, proposal.unit))
