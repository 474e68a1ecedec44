"""The preview: a plan's rows kept encrypted until they are written, discarded or purged."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from core.bulk import insert_rows
from exchange.models import RosterImport, RosterRow, RowAction, RowState
from exchange.pipeline.planning import Mended, Plan, Write
from exchange.rows import content, seal
from experts.models import Expert

COLUMNS = [
    "roster_id",
    "number",
    "owner_unit_id",
    "mended",
    "state",
    "action",
    "expert_id",
    "expert_version",
    "duplicate_of",
    "sealed",
    "key_id",
]
BATCH = 2000


def mended_rows(roster: RosterImport) -> Mended:
    """Corrections made so far, by row number."""
    found: Mended = {}
    for row in RosterRow.objects.filter(roster=roster, mended=True).select_related("roster"):
        kept = content(row)
        found[row.number] = (kept.fixes, kept.accepted)
    return found


def replace_rows(roster: RosterImport, plan: Plan) -> None:
    """Store the plan's rows instead of those of an earlier check."""
    RosterRow.objects.filter(roster=roster)._raw_delete("default")
    matched = [expert for *_, expert, _ in plan.packed if expert]
    versions = dict(Expert.objects.filter(pk__in=matched).values_list("pk", "version"))
    insert_rows(RosterRow, COLUMNS, _values(roster, plan, versions))


def _values(roster: RosterImport, plan: Plan, versions: dict[int, int]) -> Iterator[tuple[Any, ...]]:
    for number, state, action, duplicate_of, expert, row in plan.rows():
        sealed, key_id = seal(roster, number, row)
        mended = bool(row.fixes or row.accepted)
        version = versions.get(expert) if expert else None
        yield (
            roster.pk,
            number,
            roster.owner_unit_id,
            mended,
            state,
            action,
            expert,
            version,
            duplicate_of,
            sealed,
            key_id,
        )


def stored_writes(roster: RosterImport) -> Iterator[Write]:
    """What the stored preview asks to write, in row order."""
    rows = RosterRow.objects.filter(roster=roster, state=RowState.OK).exclude(action=RowAction.UNCHANGED)
    last = 0
    while batch := list(rows.filter(number__gt=last).order_by("number").select_related("roster")[:BATCH]):
        for row in batch:
            yield row.number, row.action, row.expert_id, row.expert_version, content(row)
        last = batch[-1].number


def remember(roster: RosterImport, created: Sequence[tuple[int, int]]) -> None:
    """Note beside the rows which records they became; updates and what was unchanged are known already."""
    numbers, experts = zip(*created, strict=True) if created else ((), ())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exchange_rosterrow line SET expert_id = made.expert"
            " FROM unnest(%s::integer[], %s::bigint[]) AS made (number, expert)"
            " WHERE line.roster_id = %s AND line.number = made.number",
            [list(numbers), list(experts), roster.pk],
        )
