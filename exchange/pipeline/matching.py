"""Which rows are people whom the register already holds, and what the roster would change of them.

Only records the user may see take part: a hidden one neither matches nor holds a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from core.chinese import fold
from core.id_numbers import identity_key
from exchange.convert import as_attribute
from exchange.models import RowAction
from exchange.rows import RowContent
from experts.enums import SensitiveField
from experts.models import Award, Expert, SensitiveValue
from experts.sensitive import match_index, opened

UNCOMPARED = {"name", "birth_day_known"}


@dataclass(slots=True)
class Planned:
    """A row with what will be done about it."""

    number: int
    content: RowContent
    state: str
    action: str = ""
    duplicate_of: int | None = None
    expert: Expert | None = None
    awards: list[Award] = field(default_factory=list)


@dataclass
class _Known:
    """What the register holds about the people of one batch."""

    by_index: dict[bytes, list[Expert]]
    by_name: dict[str, list[Expert]]
    numbered: set[int]


def _load(by: User, rows: Iterable[Planned]) -> _Known:
    indexes = {index for row in rows if (index := _index(row))}
    values = SensitiveValue.objects.visible_to(by).filter(field=SensitiveField.ID_NUMBER)
    by_index: dict[bytes, list[Expert]] = {}
    if indexes:
        for value in values.filter(blind_index__in=list(indexes)).select_related("expert__unit"):
            by_index.setdefault(bytes(value.blind_index or b""), []).append(value.expert)
    by_name: dict[str, list[Expert]] = {}
    names = {row.content.facts["name"] for row in rows}
    for expert in Expert.objects.visible_to(by).filter(name__in=names).select_related("unit"):
        by_name.setdefault(expert.name, []).append(expert)
    ids = [expert.pk for experts in by_name.values() for expert in experts]
    numbered = set(values.filter(expert__in=ids).values_list("expert_id", flat=True)) if ids else set()
    return _Known(by_index, by_name, numbered)


def _index(row: Planned) -> bytes | None:
    number = row.content.values.get("id_number")
    return match_index(identity_key(number)) if number else None


def _hold(row: Planned, column: str, reason: str) -> None:
    row.state = "held"
    row.content.problems.append(
        {"column": column, "value": row.content.raw.get(column, ""), "reason": reason}
    )


def _find(row: Planned, known: _Known) -> Expert | None:
    """The record of this person, or None; holds the row when that cannot be told."""
    facts, index = row.content.facts, _index(row)
    same_number = known.by_index.get(index, []) if index else []
    if len(same_number) > 1:
        _hold(row, "id_number", f"专家库里有 {len(same_number)} 条记录登记了这个证件号码，请先核对")
        return None
    if same_number:
        expert = same_number[0]
        if facts["name"] in {expert.name, *expert.former_names} or expert.name in facts.get(
            "former_names", []
        ):
            return expert
        _hold(row, "id_number", f"专家库里登记了这个证件号码的人（{expert.record_number}）姓名不同")
        return None
    candidates = [
        expert
        for expert in known.by_name.get(facts["name"], [])
        if _same_birth_and_employer(expert, facts) and not (index and expert.pk in known.numbered)
    ]
    if len(candidates) > 1:
        _hold(row, "id_number", "专家库里有多位同名、同出生年月、同单位的专家，请补上证件号码")
        return None
    return candidates[0] if candidates else None


def _same_birth_and_employer(expert: Expert, facts: dict[str, Any]) -> bool:
    if expert.birth is None or "birth" not in facts or not expert.employer or not facts.get("employer"):
        return False
    same_month = expert.birth.strftime("%Y-%m") == facts["birth"][:7]
    return same_month and fold(expert.employer).replace(" ", "") == fold(facts["employer"]).replace(" ", "")


def _same(expert: Expert, name: str, new: Any, facts: dict[str, Any]) -> bool:
    old = getattr(expert, name)
    if name == "birth" and not facts.get("birth_day_known") and old is not None:
        return bool(old.strftime("%Y-%m") == new[:7])
    return bool(old == as_attribute(name, new))


def differences(expert: Expert, facts: dict[str, Any]) -> dict[str, Any]:
    """Facts of the row that the record does not hold yet."""
    changed = {
        name: value
        for name, value in facts.items()
        if name not in UNCOMPARED and value not in ("", []) and not _same(expert, name, value, facts)
    }
    if "birth" in changed:
        changed["birth_day_known"] = facts["birth_day_known"]
    return changed


def _shown(expert: Expert, name: str, value: Any) -> str:
    copy = Expert(**{name: as_attribute(name, value)})
    if name == "birth":
        copy.birth_day_known = True
        return copy.birth_text
    if name == "former_names":
        return "、".join(value)
    if name == "discipline_id":
        return str(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    shown = getattr(copy, f"get_{name}_display", None)
    return str(shown() if shown else value or "")


FIELD_LABELS = {field.attname: str(field.verbose_name) for field in Expert._meta.concrete_fields}


def _describe(expert: Expert, changed: dict[str, Any]) -> list[dict[str, str]]:
    lines = []
    for name, value in changed.items():
        if name == "birth_day_known":
            continue
        old = getattr(expert, name)
        before = (
            "" if old in (None, "", []) else _shown(expert, name, old.isoformat() if name == "birth" else old)
        )
        lines.append(
            {"field": name, "label": FIELD_LABELS[name], "old": before, "new": _shown(expert, name, value)}
        )
    return lines


def _secrets_changed(row: Planned, held: dict[str, SensitiveValue]) -> list[str]:
    """Which sensitive fields the row adds or replaces; compared in clear, never shown."""
    changed = []
    for name in (SensitiveField.ID_NUMBER, SensitiveField.PHONE):
        text, stored = row.content.values.get(name.value), held.get(name.value)
        if not text or row.expert is None:
            continue
        if stored is None or (name == SensitiveField.PHONE and opened(row.expert, stored) != text):
            changed.append(name.value)
    return changed


def _plan_update(row: Planned, awards: list[Award], held: dict[str, SensitiveValue]) -> None:
    """What the row changes of its record: facts, sensitive fields, new honours."""
    if row.expert is None:
        return
    changed = differences(row.expert, row.content.facts)
    row.content.changes = _describe(row.expert, changed)
    for name in _secrets_changed(row, held):
        label = SensitiveField(name).label
        row.content.changes.append(
            {
                "field": name,
                "label": label,
                "old": "已登记" if name in held else "",
                "new": "名册所填（已隐去）",
            }
        )
    known = {(award.honour.code, award.text): award for award in awards}
    for claim in row.content.honours:
        award = known.get((claim["code"], claim["award_text"]))
        if award is None:
            row.content.changes.append({"field": "honour", "label": "称号", "old": "", "new": claim["shown"]})
        elif claim["year"] and award.year is None:
            old, new = claim["shown"], f"{claim['shown']} {claim['year']}"
            row.content.changes.append({"field": "honour", "label": "称号", "old": old, "new": new})
    row.awards = awards
    row.action = RowAction.UPDATE if row.content.changes else RowAction.UNCHANGED


def match(by: User, rows: list[Planned]) -> None:
    """Decide for each row whether it creates, updates or changes nothing; may hold rows."""
    known = _load(by, rows)
    for row in rows:
        row.expert = _find(row, known)
        if row.state != "held" and row.expert is None:
            row.action = RowAction.CREATE
    found = [row for row in rows if row.expert is not None]
    if not found:
        return
    ids = {row.expert.pk for row in found if row.expert}
    changeable = set(Expert.objects.changeable_by(by).filter(pk__in=ids).values_list("pk", flat=True))
    awards: dict[int, list[Award]] = {}
    for award in Award.objects.visible_to(by).filter(expert__in=ids).select_related("honour"):
        awards.setdefault(award.expert_id, []).append(award)
    held: dict[int, dict[str, SensitiveValue]] = {}
    for value in SensitiveValue.objects.visible_to(by).filter(expert__in=ids):
        held.setdefault(value.expert_id, {})[value.field] = value
    for row in found:
        if row.expert is None:
            continue
        if row.expert.pk not in changeable:
            _hold(row, "name", f"此人由{row.expert.unit.short_name}管理，您不能修改，请与该单位联系")
            continue
        _plan_update(row, awards.get(row.expert.pk, []), held.get(row.expert.pk, {}))
