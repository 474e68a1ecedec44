"""Questions to the roster: who fits a proposal, who should be on it, and what it was on any day."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import Unit
from experts.models import Expert, ProposalKind, RosterEntry

ON, OFF, NEVER = "已经在本单位名单上", "不在本单位名单上", "没有列入过本单位名单，请用“纳入”"


def unfit(kind: ProposalKind | str, unit: Unit, experts: Iterable[Expert]) -> list[tuple[Expert, str]]:
    """Those whom such a proposal cannot be about, and why."""
    chosen = list(experts)
    entries = RosterEntry.objects.of(unit).filter(expert__in=[each.pk for each in chosen])
    ever = dict.fromkeys(entries.values_list("expert_id", flat=True), False)
    ever |= dict.fromkeys(entries.open().values_list("expert_id", flat=True), True)
    return [(each, why) for each in chosen if (why := _why_not(kind, ever.get(each.pk)))]


def _why_not(kind: ProposalKind | str, is_on: bool | None) -> str:
    """`is_on` None: never was on this roster."""
    if kind in {ProposalKind.EXIT, ProposalKind.RESCOPE}:
        return "" if is_on else OFF
    if is_on:
        return ON
    return NEVER if kind == ProposalKind.READMIT and is_on is None else ""


def described(entry: RosterEntry) -> dict[str, Any]:
    """One line as `manage.py roster --json` prints it."""
    return {
        "expert": entry.expert.record_number,
        "scope": entry.scope,
        "category": entry.category,
        "since": entry.since.isoformat(),
        "basis": entry.basis,
    }


def lines_as_of(entries: Any) -> Iterator[dict[str, Any]]:
    for entry in entries.select_related("expert").order_by("sort_key").iterator(chunk_size=2000):
        yield described(entry)
