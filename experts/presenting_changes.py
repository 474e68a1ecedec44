"""A change of the catalogue in words: which fields, from what to what."""

from typing import Any, TypedDict

from experts.models import CatalogueChange, Honour


class Row(TypedDict):
    """One field of the comparison table (core.components.conflict_table)."""

    label: str
    mine: Any
    theirs: Any
    differs: bool


def shown(name: str, value: Any) -> str:
    """The value of a field as the catalogue shows it."""
    field = Honour._meta.get_field(name)
    if name == "aliases":
        return "、".join(value or []) or "—"
    choices = dict(getattr(field, "flatchoices", None) or [])
    return str(choices.get(value, value)) if value not in (None, "") else "—"


def _rows(mine: dict[str, Any], theirs: dict[str, Any]) -> list[Row]:
    rows = []
    for name, value in mine.items():
        new, old = shown(name, value), shown(name, theirs[name]) if name in theirs else "—"
        label = str(Honour._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        rows.append(Row(label=label, mine=new, theirs=old, differs=new != old))
    return rows


def rows_of(change: CatalogueChange) -> list[Row]:
    """What differs between the entry as it was and as it would be; everything for a new one."""
    return [row for row in _rows(change.facts, change.before) if row["differs"]]


def rows_since(honour: Honour, facts: dict[str, Any]) -> list[Row]:
    """What someone wants beside what stands in the catalogue by now."""
    return _rows(facts, {name: getattr(honour, name) for name in facts})
