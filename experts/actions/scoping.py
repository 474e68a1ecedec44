"""Storing what the rule of scope decides, for one expert or for all that a change of the catalogue moves."""

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from experts.enums import Scope
from experts.models import Award, Expert, RuleVersion
from experts.scope import Decision, decide

BATCH = 1000
DECIDED = ["scope", "scope_basis", "scope_rule", "scope_decided_at"]
WEIGHED = ["expert", "honour", "text", "year", "state"]  # the worker may read no more (liaison/privileges.py)


def current_rule() -> int:
    """The number of the catalogue's version in force."""
    return RuleVersion.objects.values_list("number", flat=True).order_by("-number").first() or 0


def decide_scope(expert: Expert) -> Decision:
    """Apply the rule to one expert and store the outcome with the rule's version."""
    awards = Award.objects.filter(expert=expert).select_related("honour")
    decision = decide(awards, works_in_beijing=expert.works_in_beijing, day=timezone.localdate())
    expert.scope, expert.scope_basis = decision.scope, decision.basis
    expert.scope_rule, expert.scope_decided_at = current_rule(), timezone.now()
    expert.save(update_fields=DECIDED)
    return decision


def _batches(experts: QuerySet[Expert]) -> Iterator[list[Expert]]:
    """All rows by ascending key, so that long work holds one batch in memory."""
    last = 0
    while batch := list(experts.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _awards_of(batch: Iterable[Expert]) -> dict[int, list[Award]]:
    awards: dict[int, list[Award]] = {expert.pk: [] for expert in batch}
    for award in Award.objects.filter(expert__in=awards).select_related("honour").only(*WEIGHED):
        awards[award.expert_id].append(award)
    return awards


def recompute(experts: QuerySet[Expert]) -> tuple[int, int]:
    """Apply the rule to all of them; returns (looked at, moved between key and general)."""
    today, rule, seen, moved = timezone.localdate(), current_rule(), 0, 0
    for batch in _batches(experts):
        awards = _awards_of(batch)
        for expert in batch:
            decision = decide(awards[expert.pk], works_in_beijing=expert.works_in_beijing, day=today)
            moved += decision.scope != expert.scope
            expert.scope, expert.scope_basis = decision.scope, decision.basis
            expert.scope_rule, expert.scope_decided_at = rule, timezone.now()
        with transaction.atomic():
            Expert.objects.bulk_update(batch, DECIDED)
        seen += len(batch)
    return seen, moved


def would_move(experts: QuerySet[Expert], honours_after: dict[int, object]) -> tuple[list[Expert], int, int]:
    """Whom a changed catalogue would move: (a first page of them, to key, to general).

    `honours_after` maps honour ids to the honour as it would be.
    """
    today = timezone.localdate()
    shown: list[Expert] = []
    to_key = to_general = 0
    for batch in _batches(experts):
        awards = _awards_of(batch)
        for expert in batch:
            for award in awards[expert.pk]:
                award.honour = honours_after.get(award.honour_id, award.honour)  # type: ignore[assignment]
            decision = decide(awards[expert.pk], works_in_beijing=expert.works_in_beijing, day=today)
            if decision.scope == expert.scope:
                continue
            to_key += decision.scope == Scope.KEY
            to_general += decision.scope == Scope.GENERAL
            if len(shown) < 50:
                expert.scope = decision.scope
                shown.append(expert)
    return shown, to_key, to_general
