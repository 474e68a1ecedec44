"""Deciding scopes anew for all holders of an honour: by the system, restricted records too."""

from dataclasses import dataclass

from django.db import transaction

from core.origin import coming_from
from experts.actions.scoping import recompute
from experts.models import Award, Expert, Origin

BATCH = 1000
# The worker reads nothing else of an expert (liaison/privileges.py).
READ = ("works_in_beijing", "scope")


@dataclass(frozen=True)
class Batch:
    """What was done: up to which expert, how many were looked at and how many moved."""

    last: int
    seen: int
    moved: int


def holders(honour_id: int) -> int:
    """How many records hold the honour."""
    return Award.objects.filter(honour_id=honour_id).values("expert_id").distinct().count()


@transaction.atomic
def recompute_batch(*, honour_id: int, after: int) -> Batch | None:
    """Decide the next holders anew; None when none are left.

    The records are locked before their awards are read, so an award entered meanwhile is never overlooked.
    """
    rows = Award.objects.filter(honour_id=honour_id, expert_id__gt=after).order_by("expert_id")
    keys = list(rows.values_list("expert_id", flat=True).distinct()[:BATCH])
    if not keys:
        return None
    experts = Expert.objects.filter(pk__in=keys).only(*READ).select_for_update()
    with coming_from(Origin.RECOMPUTE):
        seen, moved = recompute(experts)
    return Batch(keys[-1], seen, moved)
