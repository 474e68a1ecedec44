"""A unit states its own priorities 联系重点, and ends them (二（二）). Nothing is changed or deleted: another
wording is another priority, so that what a roster entry rests on stays readable."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
from core.markings import MARKED, find_marking
from experts.models import Priority

KIND = "priority"
CONDITIONS = ("honours", "disciplines", "words", "posts", "categories")


@transaction.atomic
def state_priority(
    *,
    by: User,
    unit: Unit,
    name: str,
    reason: str,
    since: date,
    until: date | None = None,
    below: bool = False,
    **conditions: list[str],
) -> Priority:
    """State a priority of the unit, as its department head. ValidationError when it says of nobody."""
    if not by.may("approve", unit.order):
        raise PermissionDenied
    stated = {kind: values for kind in CONDITIONS if (values := conditions.get(kind))}
    if not stated:
        raise ValidationError("请至少填写一类条件：称号、领域、岗位或类别。")
    for field, text in {"name": name, "reason": reason, "words": " ".join(stated.get("words", []))}.items():
        if find_marking(text):
            raise ValidationError({field: MARKED})
    priority = Priority.objects.create(
        unit=unit, name=name, reason=reason, since=since, until=until, below=below, stated_by=by, **stated
    )
    record(Verb.CREATE, by=by, kind=KIND, reference=priority.number, fields=sorted(stated))
    return priority


@transaction.atomic
def end_priority(*, by: User, priority: Priority, until: date) -> None:
    """Say which day is its last: yesterday, so that it ends at once, or later. ValidationError when it has
    ended before. One that ends before it began was never in force."""
    if not by.may("approve", priority.place):
        raise PermissionDenied
    today = timezone.localdate()
    current = Priority.objects.not_ended(today).select_for_update().filter(pk=priority.pk).first()
    if current is None:
        raise ValidationError("这项联系重点已经结束。")
    if until < today - timedelta(days=1):
        raise ValidationError({"until": "最后一天请填昨天或以后的日期。"})
    current.until, current.ended_by, current.ended_at = until, by, timezone.now()
    current.save(update_fields=["until", "ended_by", "ended_at"])
    record(Verb.CHANGE, by=by, kind=KIND, reference=current.number, fields=["until"])
