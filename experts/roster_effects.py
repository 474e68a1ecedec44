"""What an approved proposal does to the roster: all lines in one transaction, or none."""

from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value

from accounts.models import User
from core.bulk import insert_from
from experts.effects import Exited, on_exit
from experts.models import Holder, Proposal, ProposalKind, ProposalLine, RosterEntry
from experts.priorities import applying, basis_of_line
from experts.roster import named_in, unfit_of
from experts.telling import tell_of_exits

BATCH = 1_000
ENTRY = [
    "uuid", "unit_id", "place", "since", "opened_by_id",
    "expert_id", "label", "unit_order", "held", "sort_key", "scope", "category", "basis",
]  # fmt: skip
TOO_EARLY = "生效日期须晚于列入日期 {since}"
OVERLAP = "与以前的名单时间重叠，请改生效日期"


def apply(*, by: User, proposal: Proposal, tell: bool = True) -> None:
    """Open, change or close the entries. ValidationError names the lines that stopped it. The officers
    concerned are told of exits, unless the act of which this is a part does so."""
    problems = unfit_of(proposal.kind, proposal.unit, named_in(by, proposal))
    if problems:
        raise ValidationError([f"{expert.name}：{why}" for expert, why in problems])
    lines = ProposalLine.objects.visible_to(by).filter(proposal=proposal)
    if proposal.kind in {ProposalKind.ADMIT, ProposalKind.READMIT}:
        _open(proposal, lines)
        _hold(proposal, lines)
        return
    leaving = lines.filter(scope="")
    if tell and leaving.exists():
        tell_of_exits(leaving.values_list("expert__uuid", flat=True), units=[proposal.unit])
    _close(proposal, lines)
    _open(proposal, lines.exclude(scope=""))
    for line in leaving.select_related("expert").order_by("id"):
        _leave(by, proposal, line)


def _open(proposal: Proposal, lines: QuerySet[ProposalLine]) -> None:
    """An entry for each of the lines, in one statement however many they are."""
    unit, since = proposal.unit, proposal.effective_on
    same = (Value(unit.pk), Value(unit.order), Value(since), Value(proposal.pk))
    own = ("expert_id", "label", "unit_order", "held", "expert__sort_key", "scope", "category")
    basis = basis_of_line(applying(unit, since))
    try:
        with transaction.atomic():
            rows = lines.order_by("id").values_list(RandomUUID(), *same, *own, basis)
            insert_from(RosterEntry, ENTRY, rows)
    except IntegrityError as error:
        raise ValidationError(_overlapping(proposal, lines)) from error


def _hold(proposal: Proposal, lines: QuerySet[ProposalLine]) -> None:
    """The unit sees those whom others manage; whoever sees the root's roster sees everybody anyhow."""
    if not proposal.unit.parent_id:
        return
    others = lines.exclude(expert__unit=proposal.unit_id).values_list("expert_id", flat=True)
    Holder.objects.bulk_create(
        [Holder(expert_id=each, unit=proposal.unit, unit_order=proposal.unit.order) for each in others],
        BATCH,
        ignore_conflicts=True,
    )


def _overlapping(proposal: Proposal, lines: QuerySet[ProposalLine]) -> list[str]:
    taken = RosterEntry.objects.of(proposal.unit).filter(
        expert__in=lines.values("expert_id"), until__gt=proposal.effective_on
    )
    names = taken.order_by("sort_key").values_list("expert__name", flat=True)
    return [f"{name}：{OVERLAP}" for name in names] or [OVERLAP]


def _close(proposal: Proposal, lines: QuerySet[ProposalLine]) -> None:
    entries = RosterEntry.objects.of(proposal.unit).open().filter(expert__in=lines.values("expert_id"))
    late = entries.filter(since__gte=proposal.effective_on).select_related("expert")
    if problems := [f"{entry.expert.name}：{TOO_EARLY.format(since=entry.since)}" for entry in late]:
        raise ValidationError(problems)
    entries.update(until=proposal.effective_on, closed_by=proposal)


def _leave(by: User, proposal: Proposal, line: ProposalLine) -> None:
    """The unit no longer holds the expert; nothing of the person or the history is deleted (二（三）)."""
    Holder.objects.filter(expert=line.expert, unit=proposal.unit).delete()
    on_exit.happened(Exited(line.expert, by, proposal.unit))
