"""Writing to the register: experts, their sensitive fields, bulk assignment."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, JSONField, QuerySet, Value
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record, record_each
from audit.verbs import Verb
from core.chinese import as_written, clean_name
from core.markings import find_marking
from experts.actions.scoping import decide_scope
from experts.enums import Category, Label, SensitiveField
from experts.errors import NotAllowed, StaleSave
from experts.freshness import Source, confirm_fields, confirming, whole
from experts.identity import note_pairs
from experts.models import Expert, SearchToken, SensitiveValue
from experts.photos import reencoded
from experts.search import token_rows
from experts.sensitive import SensitiveInput, opened, sealed

IDENTITY = {"name", "birth", "employer", SensitiveField.ID_NUMBER.value}  # what duplicates are found by
NAMING = {"name", "former_names", "employer"}  # fields that search looks at


def _check_unit(by: User, unit: Unit) -> None:
    if not by.may("change", unit.order):
        raise NotAllowed({"unit": "您没有在该单位维护专家的权限，请选择本单位或所属单位。"})


def _check_label(by: User, label: int) -> None:
    if label > by.clearance:
        raise NotAllowed({"label": "您不能使用高于本人可见标签的标签。"})


def _check_change(by: User, current: Expert, changed: dict[str, Any]) -> None:
    """Unit and label matter when they change: someone on a need-to-know list edits beyond their units."""
    if "unit" in changed:
        _check_unit(by, changed["unit"])
    if "label" in changed:
        if current.label == Label.RESTRICTED:
            raise NotAllowed("限知悉须经另一人批准才能调整，不能在这里修改。")
        _check_label(by, changed["label"])


@transaction.atomic
def create_expert(*, by: User, facts: dict[str, Any], sensitive: Iterable[SensitiveInput] = ()) -> Expert:
    """Enter an expert (三). `facts` are model fields including `unit`; the scope follows by rule."""
    _check_unit(by, facts["unit"])
    _check_label(by, facts.get("label", Label.INTERNAL))
    expert = Expert(**facts)
    expert.name = clean_name(expert.name)
    expert.sort_key = expert.keyed()
    expert.unit_order = expert.unit.order
    expert.created_by = expert.updated_by = expert.confirmed_by = by
    expert.confirmed_on, expert.confirmations = timezone.localdate(), whole(by, Source.ENTRY)
    expert.save(force_insert=True)
    SearchToken.objects.bulk_create(token_rows(expert))
    for value in sensitive:
        _store_sensitive(expert, value)
    decide_scope(expert)
    note_pairs(expert)
    record(Verb.CREATE, by=by, kind="expert", reference=expert.record_number)
    return expert


@transaction.atomic
def update_expert(
    *,
    by: User,
    expert: Expert,
    version: int,
    facts: dict[str, Any],
    sensitive: Iterable[SensitiveInput] = (),
    source: Source = Source.EDIT,
) -> list[str]:
    """Save changed facts if nobody saved since `version`; returns the names of the changed fields.

    Key fields that change are confirmed with it; of a reported change all that it states. Raises StaleSave
    with the record as it stands, and NotAllowed when the record would leave the user's reach.
    """
    current = (
        Expert.objects.changeable_by(by)
        .select_related("unit")
        .select_for_update(of=("self",))
        .get(pk=expert.pk)
    )
    if current.version != version:
        raise StaleSave(current)
    changed = {name: value for name, value in facts.items() if getattr(current, name) != value}
    secrets = list(sensitive)
    stated = facts if source == Source.CHANGE else changed
    if not stated and not secrets:
        return []
    _check_change(by, current, changed)
    _apply(current, by, changed, stated, source)
    for value in secrets:
        _store_sensitive(current, value)
    decide_scope(current)
    if IDENTITY & {*changed, *(value.field.value for value in secrets)}:
        note_pairs(current)
    if not Expert.objects.changeable_by(by).filter(pk=current.pk).exists():
        raise NotAllowed("保存后您将看不到这条记录，请由上级单位办理。")
    names = [*changed, *(value.field.value for value in secrets)]
    record(Verb.CHANGE, by=by, kind="expert", reference=current.record_number, fields=names)
    return names


def _apply(expert: Expert, by: User, changed: dict[str, Any], stated: Iterable[str], source: Source) -> None:
    """Write the changed columns, and what follows from them, onto the locked row; what is `stated` holds
    today."""
    for name, value in changed.items():
        setattr(expert, name, value)
    if "name" in changed:
        expert.name = clean_name(expert.name)
        expert.sort_key = expert.keyed()
    if "unit" in changed:
        expert.unit_order = expert.unit.order
    expert.version += 1
    expert.updated_at, expert.updated_by = timezone.now(), by
    derived = {*confirm_fields(expert, stated, by=by, source=source)}
    derived |= {"sort_key"} if "name" in changed else set()
    expert.save(update_fields={*changed, *derived, "version", "updated_at", "updated_by"})
    if NAMING & changed.keys():
        expert.tokens.all().delete()
        SearchToken.objects.bulk_create(token_rows(expert))


def _store_sensitive(expert: Expert, value: SensitiveInput) -> None:
    """Replace one sensitive value; an empty text removes it."""
    expert.sensitive_values.filter(field=value.field).delete()
    if value.text:
        SensitiveValue.objects.bulk_create([sealed(expert, value)])
    if value.field == SensitiveField.ID_NUMBER and expert.id_type != value.kind:
        expert.id_type = value.kind
        expert.save(update_fields=["id_type"])


@transaction.atomic
def reveal(*, by: User, expert: Expert, field: SensitiveField, reason: str) -> str:
    """Show one sensitive value, on the record. Raises PermissionDenied without the right to it.

    The event is written first: when it cannot be, nothing is shown.
    """
    reason = as_written(reason)
    if not reason:
        raise ValidationError({"reason": "请写明查看事由。"})
    if find_marking(reason):
        raise ValidationError({"reason": "含有密级标志。本系统为非涉密系统，不得录入。"})
    row = SensitiveValue.objects.visible_to(by).filter(expert=expert, field=field).first()
    if row is None:
        raise PermissionDenied("您没有查看这项敏感信息的权限。")
    record(
        Verb.REVEAL,
        by=by,
        kind="expert",
        reference=expert.record_number,
        fields=[field.value],
        reason=reason,
    )
    return opened(expert, row)


def _bulk(by: User, experts: QuerySet[Expert], names: list[str], **values: Any) -> int:
    """One set-based change of records the user may change; returns how many changed."""
    rows = list(experts.select_for_update().values_list("pk", "record_number"))
    Expert.objects.filter(pk__in=[pk for pk, _ in rows]).update(
        **values, version=F("version") + 1, updated_at=timezone.now(), updated_by=by
    )
    record_each(Verb.CHANGE, by=by, kind="expert", references=[number for _, number in rows], fields=names)
    return len(rows)


@transaction.atomic
def assign_category(*, by: User, experts: QuerySet[Expert], category: Category) -> int:
    """Choose the category of several experts (三（一）)."""
    return _bulk(
        by, experts, ["category"], category=category, **confirming("category", by=by, source=Source.EDIT)
    )


@transaction.atomic
def assign_unit(*, by: User, experts: QuerySet[Expert], unit: Unit) -> int:
    """Hand several experts to a unit in the user's reach."""
    _check_unit(by, unit)
    confirmed = confirming("unit", by=by, source=Source.EDIT)
    return _bulk(by, experts, ["unit"], unit=unit, unit_order=unit.order, **confirmed)


@transaction.atomic
def assign_label(*, by: User, experts: QuerySet[Expert], label: Label) -> int:
    """Label several experts internal or sensitive; restricting is an act of its own with approval."""
    if label not in {Label.INTERNAL, Label.SENSITIVE} or label > by.clearance:
        raise NotAllowed("您不能使用这个标签。")
    return _bulk(by, experts.exclude(label=Label.RESTRICTED), ["label"], label=label)


@transaction.atomic
def confirm_information(*, by: User, experts: QuerySet[Expert]) -> int:
    """State that key information of the living among them is still right as of today (二（二）)."""
    return _bulk(
        by,
        experts.filter(died_on__isnull=True),
        ["confirmed_on"],
        confirmed_on=timezone.localdate(),
        confirmed_by=by,
        confirmations=Value(whole(by, Source.REVIEW), JSONField()),
    )


@transaction.atomic
def set_photo(*, by: User, expert: Expert, upload: Any) -> None:
    """Replace the photo by a re-encoded copy; the old file goes once the change is committed."""
    old = expert.photo.name
    picture = reencoded(upload)
    expert.photo.save(str(picture.name), picture, save=False)
    Expert.objects.changeable_by(by).filter(pk=expert.pk).update(photo=expert.photo.name)
    record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["photo"])
    if old:
        transaction.on_commit(lambda: expert.photo.storage.delete(old))
