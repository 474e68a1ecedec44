"""Saying that two records are two persons; merging two that are one; undoing that within 30 days."""

import copy
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.crypto import decrypt
from core.origin import coming_from
from experts.actions.need_to_know import called
from experts.actions.scoping import decide_scope
from experts.enums import Label, SensitiveField
from experts.errors import NotAllowed, StaleSave
from experts.freshness import carried
from experts.identity import note_pairs
from experts.models import DuplicatePair, Expert, Merge, Origin, SearchToken
from experts.photos import stored_name
from experts.search import token_rows
from experts.sensitive import SensitiveInput, bound_to, check_id_number, open_snapshot, seal, seal_snapshot

KEEP = timedelta(days=30)
# What may be taken from the other record; the unit and the label stay the surviving one's.
CHOSEN = (
    "photo", "name", "gender", "birth", "nationality", "political_affiliation", "employer", "post", "title",
    "discipline_id", "education", "fields_of_work", "category", "works_in_beijing",
    "works_in_beijing_confirmed_on", "is_frontline", "office_phone", "email", "address",
)  # fmt: skip
CONFIRMED = ("confirmations", "confirmed_on", "confirmed_by_id")  # may go on while a merge can be undone
REFUSALS = {
    "unknown": "您不能合并这两条记录，须对两条记录都有维护权限。",
    "death": "两条记录中只有一条登记了去世，不能合并。请先核实：确是同一人的，在另一条上也登记去世；"
    "登记有误的，由登记人以外的另一人更正去世登记。两条一致后再合并。",
    "label": "合并后的标签不能降低：请保留标签更高的那条记录。",
    "pending": "有一条记录正在申请设为或解除限知悉，请先办理申请，再合并。",
    "over": "这次合并已经撤销，或已超过 30 天，不能再撤销。",
    "later": "合并后的记录又并入了另一条，请先撤销后来的那次合并。",
}
# table: what the user calls the rows in it
TABLES = {
    "experts_award": "称号奖励",
    "experts_sensitivevalue": "敏感信息",
    "experts_rosterentry": "联系专家名单",
    "experts_changereport": "变动情况",
    "experts_mandatoryexit": "应退事项",
    "experts_proposalline": "名单提案",
    "activities_pairing": "联系结对",
    "activities_nomination": "研修推荐",
}
TAKEN = "两条记录都有在办的{}，请先办结其中一条的，再合并。"


@transaction.atomic
def dismiss_pair(*, by: User, pair: DuplicatePair) -> None:
    """State that the two are two persons; forgotten when name, birth, employer or ID of either changes."""
    open_ones = DuplicatePair.objects.changeable_by(by).open().filter(pk=pair.pk)
    if not open_ones.update(dismissed_by=by, dismissed_at=timezone.now()):
        raise PermissionDenied
    for expert in (pair.expert, pair.other):
        record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["duplicate"])


@transaction.atomic
def merge_records(
    *, by: User, stay: Expert, gone: Expert, versions: tuple[int, int], taken: Iterable[str]
) -> Merge:
    """Keep `stay` with the fields in `taken` and everything that hangs on `gone`, and put `gone` away.

    `versions` are those that were shown, of `stay` and `gone`: StaleSave when either has changed since.
    NotAllowed says what stands against it.
    """
    stay, gone = _locked(by, stay, gone, versions)
    taken, act = set(taken), uuid.uuid4()
    changed = {name: _stored(gone, name) for name in CHOSEN if name in taken} | _follows(stay, gone, taken)
    picture = _picture(gone) if "photo" in taken else None
    if picture:
        changed["photo"] = picture.name
    added, replaced = _values(stay, gone, taken)
    if any(line["field"] == SensitiveField.ID_NUMBER for line in added):
        changed["id_type"] = gone.id_type
    changed |= carried(stay, gone, taken)
    before = {name: _stored(stay, name) for name in changed}
    for expert in (stay, gone):  # first: whoever loses sight of a record cannot write about it any more
        record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["merge"])
    sealed, key_id = seal_snapshot(
        act, json.dumps({"before": before, "after": changed, "values": replaced}, cls=DjangoJSONEncoder)
    )
    with coming_from(Origin.MERGE, str(act)):
        _write(stay, by, changed)
        _call(
            "experts_merge_records",
            act, stay.uuid, gone.uuid, json.dumps(added), sealed, key_id,
            before.get("photo", ""), timezone.now() + KEEP,
        )  # fmt: skip
        decide_scope(stay)
    if picture:  # last, so that a refusal leaves no file
        stay.photo.storage.save(str(picture.name), picture)
    note_pairs(stay)
    return Merge.objects.visible_to(by).get(uuid=act)


@transaction.atomic
def undo_merge(*, by: User, merge: Merge) -> Expert:
    """Take a merge back, whole: fields, values, what had moved. ValidationError says what stops it."""
    stay = Expert.objects.changeable_by(by).select_for_update(of=("self",)).filter(pk=merge.expert_id).first()
    current = Merge.objects.visible_to(by).filter(pk=merge.pk).first()
    if stay is None or current is None:
        raise PermissionDenied
    if not current.may_be_undone or current.into_id != stay.pk:
        raise ValidationError(REFUSALS["over" if not current.may_be_undone else "later"])
    kept = json.loads(open_snapshot(current.uuid, bytes(current.sealed), current.key_id))
    _check_untouched(stay, kept["after"])
    values = [_resealed(stay, line) for line in kept["values"]]
    with coming_from(Origin.UNMERGE, str(current.uuid)):
        _call("experts_undo_merge", current.uuid, json.dumps(values))
        _write(stay, by, _given_back(stay, kept))
        decide_scope(stay)
    back = Expert.objects.changeable_by(by).get(pk=current.gone_id)
    note_pairs(stay, back)
    for expert in (stay, back):
        record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["merge_undo"])
    _drop_files([kept["after"].get("photo", "")])
    return back


@transaction.atomic
def forget_expired() -> int:
    """As the worker: drop what undoing needed, photos put aside too, of merges older than 30 days."""
    old = Merge.objects.filter(expires_at__lt=timezone.now()).exclude(key_id="")
    _drop_files(list(old.values_list("photo_aside", flat=True)))
    return old.update(sealed=b"", key_id="", photo_aside="")


def _drop_files(names: Iterable[str]) -> None:
    """Delete photos once the change is committed."""
    storage = Expert._meta.get_field("photo").storage
    for name in filter(None, names):
        transaction.on_commit(lambda name=name: storage.delete(name))  # type: ignore[misc]


def _picture(gone: Expert) -> ContentFile | None:
    """A copy of the photo under a name of its own: the record that goes keeps its file."""
    if not gone.photo:
        return None
    try:
        with gone.photo.open("rb") as file:
            return ContentFile(file.read(), name=stored_name())
    except FileNotFoundError:
        raise NotAllowed("并入的记录的照片读不出来，请改选保留的记录的照片。") from None


def _stored(expert: Expert, name: str) -> Any:
    """A column as it is stored: of a photo its file's name."""
    value = getattr(expert, name)
    return str(value) if name == "photo" else value


def _given_back(stay: Expert, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The columns as they were before the merge. What was confirmed since stays so, of the fields that do not
    change with the undoing."""
    facts = {name: _typed(name, value) for name, value in kept["before"].items()}
    if stay.confirmations != kept["after"].get("confirmations", stay.confirmations):
        was = copy.copy(stay)
        for name, value in facts.items():
            setattr(was, name, value)
        facts |= carried(stay, was, facts.keys() - set(CONFIRMED))
    return facts


def _locked(by: User, stay: Expert, gone: Expert, versions: tuple[int, int]) -> tuple[Expert, Expert]:
    """Both rows, locked in the order of their keys, if the user may change them and saw them so."""
    rows = Expert.objects.changeable_by(by).select_for_update(of=("self",)).select_related("unit")
    found = {row.pk: row for row in rows.filter(pk__in=[stay.pk, gone.pk]).order_by("pk")}
    if len(found) < 2:
        raise NotAllowed(REFUSALS["unknown"])
    for row, version in zip((found[stay.pk], found[gone.pk]), versions, strict=True):
        if row.version != version:
            raise StaleSave(row)
    if found[gone.pk].label == Label.RESTRICTED != found[stay.pk].label:
        raise NotAllowed(REFUSALS["label"])
    return found[stay.pk], found[gone.pk]


def _follows(stay: Expert, gone: Expert, taken: set[str]) -> dict[str, Any]:
    """What changes with the choices: the names either went by, the day of birth, the higher label."""
    name = gone.name if "name" in taken else stay.name
    names = [*stay.former_names, *gone.former_names, stay.name, gone.name]
    former = [each for each in dict.fromkeys(names) if each != name]
    facts: dict[str, Any] = {} if former == stay.former_names else {"former_names": former}
    if "birth" in taken:
        facts["birth_day_known"] = gone.birth_day_known
    if "name" in taken:
        facts["sort_key"] = Expert(name=gone.name, record_number=stay.record_number).keyed()
    if gone.label > stay.label:
        facts["label"] = gone.label
    return facts


def _write(stay: Expert, by: User, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        setattr(stay, name, value)
    stay.version += 1
    stay.updated_at, stay.updated_by = timezone.now(), by
    stay.save(update_fields={*facts, "version", "updated_at", "updated_by"})
    stay.tokens.all().delete()
    SearchToken.objects.bulk_create(token_rows(stay))


def _values(stay: Expert, gone: Expert, taken: set[str]) -> tuple[list[Any], list[Any]]:
    """Sensitive values that `stay` gets, sealed for it, and those of its own that they replace, in clear, to
    be sealed with the snapshot. A value that only `gone` has goes along; nobody is shown any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM experts_values_of(%s, %s)", [stay.uuid, gone.uuid])
        rows = {(owner, field): rest for owner, field, *rest in cursor.fetchall()}
    added, replaced = [], []
    for field in SensitiveField.values:
        mine, theirs = rows.get((stay.uuid, field)), rows.get((gone.uuid, field))
        if theirs is None or (mine is not None and field not in taken):
            continue
        added.append(_line(stay, field, _clear(gone, field, theirs)))
        replaced.append({"field": field, "text": _clear(stay, field, mine) if mine else None})
    return added, replaced


def _clear(expert: Expert, field: str, row: Any) -> str:
    ciphertext, key_id, _ = row
    return decrypt(ciphertext, key_id=key_id, bound_to=bound_to(expert.uuid, field))


def _line(expert: Expert, field: str, text: str) -> dict[str, Any]:
    """A value as the database takes it."""
    value = (
        check_id_number(text)
        if field == SensitiveField.ID_NUMBER
        else SensitiveInput(SensitiveField(field), text)
    )
    ciphertext, key_id, index = seal(expert.uuid, value)
    return {
        "field": field,
        "ciphertext": ciphertext.hex(),
        "key_id": key_id,
        "blind_index": index.hex() if index else None,
    }


def _resealed(stay: Expert, line: dict[str, Any]) -> dict[str, Any]:
    return _line(stay, line["field"], line["text"]) if line["text"] else {"field": line["field"]}


def _typed(name: str, value: Any) -> Any:
    column = next(each for each in Expert._meta.concrete_fields if each.attname == name)
    return column.to_python(value)


def _check_untouched(stay: Expert, after: Mapping[str, Any]) -> None:
    """ValidationError naming the fields that were merged and have been edited since."""
    touched = [
        name
        for name, value in after.items()
        if name not in CONFIRMED and _stored(stay, name) != _typed(name, value)
    ]
    if touched:
        columns = {each.attname: str(each.verbose_name) for each in Expert._meta.concrete_fields}
        words = "、".join(columns[name] for name in touched if name != "sort_key")
        raise ValidationError(f"合并后{words}已被修改，不能整体撤销；请直接编辑资料。")


def _call(function: str, *values: Any) -> None:
    """ValidationError says why the database refused."""
    try:
        with transaction.atomic():
            word = called(function, *values)
    except IntegrityError as error:
        table = getattr(getattr(error.__cause__, "diag", None), "table_name", "")
        raise NotAllowed(TAKEN.format(TABLES.get(table, "内容"))) from None
    if word.startswith("changed "):
        what = TABLES.get(word.removeprefix("changed "), "随同转入的内容")
        raise ValidationError(f"合并后{what}已有改动，不能整体撤销；请直接编辑资料。")
    if word != "done":
        raise NotAllowed(REFUSALS[word])
