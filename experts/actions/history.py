"""Giving a field back a value that it had before."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ForeignKey

from accounts.models import User
from core.origin import coming_from
from experts.actions.register import update_expert
from experts.enums import Label
from experts.models import Expert, HistoryEvent, Origin, Subject
from experts.models.expert import MERGED

# What the form of the register edits; scope, confirmation and photo follow from acts of their own.
RESTORABLE = (
    "name", "former_names", "gender", "birth", "birth_day_known", "nationality", "political_affiliation",
    "employer", "post", "title", "discipline", "education", "fields_of_work", "unit", "category", "label",
    "works_in_beijing", "works_in_beijing_confirmed_on", "is_frontline", "office_phone", "email", "address",
)  # fmt: skip


def may_restore(expert: Expert, event: HistoryEvent, field: str) -> bool:
    """Whether the event keeps a value to give back; restrictions and merges have acts of their own."""
    if event.subject != Subject.EXPERT or field not in RESTORABLE or not event.changes.get(field):
        return False
    return field != "label" or not {Label.RESTRICTED, MERGED} & {expert.label, *event.changes[field]}


@transaction.atomic
def restore_value(*, by: User, expert: Expert, event: HistoryEvent, field: str, version: int) -> list[str]:
    """Give the field back what it was before the event, as an edit under the rules of every edit.

    Raises StaleSave, NotAllowed, and ValidationError when what it pointed to is gone.
    """
    if not may_restore(expert, event, field):
        raise ValidationError("这一项不能恢复。")
    with coming_from(Origin.RESTORE, str(event.uuid)):
        return update_expert(by=by, expert=expert, version=version, facts=facts_before(event, field))


def facts_before(event: HistoryEvent, field: str) -> dict[str, Any]:
    """The field as it was; a day of birth goes with whether it was known."""
    facts = {field: _stored(field, event.changes[field][0])}
    if field == "birth" and "birth_day_known" in event.changes:
        facts["birth_day_known"] = event.changes["birth_day_known"][0]
    return facts


def _stored(field: str, value: Any) -> Any:
    column = Expert._meta.get_field(field)
    if not isinstance(column, ForeignKey) or value is None:
        return column.to_python(value)  # type: ignore[union-attr]
    found = column.related_model._default_manager.filter(pk=value).first()
    if found is None:
        raise ValidationError("原来的取值已经不存在，请在编辑页面另选。")
    return found
