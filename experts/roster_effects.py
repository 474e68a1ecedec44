"""What an approved proposal does to the roster: all lines in one transaction, or none.

Lines are taken by the thousand, in the order in which the triggers of the tables lock records, so that a
hundred thousand take no more memory than two thousand, and the work can tell how far it is and be stopped.
"""

from collections.abc import Callable

from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value

from accounts.models import Unit, User
from core.bulk import insert_from
from experts.effects import Exited, on_exit
from experts.models import Expert, Holder, Proposal, ProposalKind, ProposalLine, RosterEntry
from experts.models.proposal import ProposalLineQuerySet
from experts.priorities import applying, basis_of_line
from experts.roster import first_few, named_in, what_stops
from experts.telling import tell_of_exits

Report = Callable[[int, int], None]
ENTRY = [
    "uuid", "unit_id", "place", "since", "opened_by_id",
    "expert_id", "label", "unit_order", "held", "sort_key", "scope", "category", "basis",
]  # fmt: skip
TOO_EARLY = "生效日期须晚于列入日期 {since}"
OVERLAP = "与以前的名单时间重叠，请改生效日期"
MEANWHILE = "办理期间有专家的资料发生变化，没有写入任何内容，请重新办理。"


def unheard(done: int, total: int) -> None:
    """For work that nobody follows."""


def apply(*, by: User, proposal: Proposal, tell: bool = True, report: Report = unheard) -> None:
    """Open, change or close the entries. ValidationError names the lines that stopped it. The officers
    concerned are told of exits, unless the act of which this is a part does so. `report` hears how many
    lines are done, of how many; what it raises stops the work."""
    if problems := what_stops(proposal.kind, proposal.unit, named_in(by, proposal)):
        raise ValidationError(problems)
    lines = ProposalLine.objects.visible_to(by).filter(proposal=proposal)
    admits = proposal.kind in {ProposalKind.ADMIT, ProposalKind.READMIT}
    if not admits:
        _check_days(proposal, lines)
        leaving = lines.filter(scope="")
        if tell and leaving.exists():
            tell_of_exits(leaving.values_list("expert__uuid", flat=True), units=[proposal.unit])
    done, total = 0, lines.count()
    for batch in lines.in_batches():
        done += _admit(proposal, batch) if admits else _change(by, proposal, batch)
        report(done, total)
    if done != total:  # somebody has left the approver's sight since they were counted
        raise ValidationError(MEANWHILE)


def _admit(proposal: Proposal, lines: ProposalLineQuerySet) -> int:
    """Held first, so that nothing that hangs on the expert has to follow."""
    _hold(proposal.unit, lines)
    return _open(proposal, lines)


def _open(proposal: Proposal, lines: ProposalLineQuerySet) -> int:
    """An entry for each of the lines, in one statement however many they are; returns how many."""
    unit, since = proposal.unit, proposal.effective_on
    same = (Value(unit.pk), Value(unit.order), Value(since), Value(proposal.pk))
    own = ("expert_id", "label", "unit_order", "held", "expert__sort_key", "scope", "category")
    basis = basis_of_line(applying(unit, since))
    try:
        with transaction.atomic():
            rows = lines.order_by("expert_id").values_list(RandomUUID(), *same, *own, basis)
            return insert_from(RosterEntry, ENTRY, rows)
    except IntegrityError as error:
        raise ValidationError(_overlapping(proposal)) from error


def _hold(unit: Unit, lines: ProposalLineQuerySet) -> None:
    """The unit sees those whom it lists though they are managed outside its subtree; should one of the others
    leave the subtree, the database makes it a holder then (migration 0022). The root sees everybody."""
    if not unit.parent_id:
        return
    outside = lines.exclude(unit_order__range=(unit.order, unit.order_end))
    rows = outside.order_by("expert_id").values_list("expert_id", Value(unit.pk), Value(unit.order))
    if outside.exists():  # even an empty statement would set off the triggers
        insert_from(Holder, ["expert_id", "unit_id", "unit_order"], rows, skip_known=True)


def _overlapping(proposal: Proposal) -> list[str]:
    taken = RosterEntry.objects.of(proposal.unit).filter(
        expert__in=proposal.lines.values("expert_id"), until__gt=proposal.effective_on
    )
    named = taken.order_by("sort_key").select_related("expert").only("expert__name")
    return first_few(named, lambda entry: f"{entry.expert.name}：{OVERLAP}") or [OVERLAP]


def _open_entries(proposal: Proposal, lines: QuerySet[ProposalLine]) -> QuerySet[RosterEntry]:
    return RosterEntry.objects.of(proposal.unit).open().filter(expert__in=lines.values("expert_id"))


def _check_days(proposal: Proposal, lines: ProposalLineQuerySet) -> None:
    """An entry lasts a day at least."""
    late = _open_entries(proposal, lines).filter(since__gte=proposal.effective_on).order_by("sort_key")
    named = late.select_related("expert").only("since", "expert__name")
    word = lambda entry: f"{entry.expert.name}：{TOO_EARLY.format(since=entry.since)}"  # noqa: E731
    if problems := first_few(named, word):
        raise ValidationError(problems)


def _change(by: User, proposal: Proposal, lines: ProposalLineQuerySet) -> int:
    """Close what they have, and open what they get instead."""
    closed = _open_entries(proposal, lines).update(until=proposal.effective_on, closed_by=proposal)
    _open(proposal, lines.exclude(scope=""))
    _leave(by, proposal.unit, [line.expert for line in lines.filter(scope="").select_related("expert")])
    return closed


def _leave(by: User, unit: Unit, experts: list[Expert]) -> None:
    """The unit no longer holds them; nothing of the person or the history is deleted (二（三）)."""
    if experts:
        Holder.objects.filter(expert__in=experts, unit=unit).delete()
    for expert in experts:
        on_exit.happened(Exited(expert, by, unit))
