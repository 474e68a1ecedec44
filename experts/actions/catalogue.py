"""Keeping the catalogue of honours: each change is a new version of the rule."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts.models import Honour, RuleVersion


def new_version(*, by: User | None, summary: str) -> RuleVersion:
    """Number the catalogue's new state; decisions made from now on name it."""
    last = RuleVersion.objects.aggregate(last=Max("number"))["last"] or 0
    return RuleVersion.objects.create(number=last + 1, summary=summary[:200], made_by=by)


@transaction.atomic
def save_honour(*, by: User, honour: Honour, facts: dict[str, Any]) -> RuleVersion | None:
    """Add or change an entry; returns the new rule version, or None when nothing changed."""
    changed = [name for name, value in facts.items() if getattr(honour, name) != value]
    if honour.pk and not changed:
        return None
    adding = honour.pk is None
    for name, value in facts.items():
        setattr(honour, name, value)
    honour.version += 0 if adding else 1
    honour.save()
    version = new_version(by=by, summary=f"{'新增' if adding else '修改'}称号“{honour.name}”")
    record(
        Verb.CREATE if adding else Verb.CHANGE, by=by, kind="honour", reference=honour.code, fields=changed
    )
    return version
