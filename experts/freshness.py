"""When key information was last confirmed, by whom and from what, and when it counts as stale (二（二）).

Confirmations stand in one jsonb column of the expert, not in a table of their own: one is only ever read with
its record, so it needs no join, no locks and no policies of its own; confirming a thousand records stays one
UPDATE, and an import writes one short constant per row. `Expert.confirmed_on` is the oldest of them: lists,
filters and rounds look at a plain column and nothing else.

The column maps a key field to [day, user, source]. `ALL` speaks for every field without an entry of its own,
and a field that neither names was confirmed with the record (`confirmed_on`, `confirmed_by`). A field that is
empty has nothing to confirm. Each unit sets the years until stale, and its subtree follows.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Case, Field, Func, JSONField, Q, TextChoices, Value, When
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.unit_settings import SETTINGS, set_below
from experts.models.expert import Expert, years_before

if TYPE_CHECKING:
    from accounts.models import User

KEY = "confirmation_years"
ALL = "all"
# What a unit must be able to rely on, and for what.
KEY_FIELDS = {
    "name": "识别本人",
    "employer": "知道到哪里联系",
    "post": "按岗位安排联系和服务",
    "title": "按专业水平安排联系和服务",
    "unit": "明确由谁联系",
    "works_in_beijing": "认定重点联系的条件",
    "category": "三（一）的七类",
    "discipline": "按专业安排联系和服务",
}


class Source(TextChoices):
    """What a confirmation rests on."""

    ENTRY = "entry", "录入"
    EDIT = "edit", "修改"
    IMPORT = "import", "导入名册"
    REVIEW = "review", "核实"
    CHANGE = "change", "变动登记"


Stamp = list[Any]  # [day as YYYY-MM-DD, the user's key, source]


def stamp(by: "User", source: Source) -> Stamp:
    """A confirmation of today, as it is stored."""
    return [timezone.localdate().isoformat(), by.pk, source.value]


def whole(by: "User", source: Source) -> dict[str, Stamp]:
    """All key fields confirmed today: the same short value for any number of records."""
    return {ALL: stamp(by, source)}


@dataclass(frozen=True)
class Confirmation:
    """Who confirmed a field, when and from what; `source` is empty where that was not kept."""

    on: date
    by_id: int | None
    source: str = ""

    @property
    def source_text(self) -> str:
        return str(Source(self.source).label) if self.source else ""


def key_column(name: str) -> "Field[Any, Any]":
    return {field.name: field for field in Expert._meta.fields}[name]


def is_filled(expert: Expert, name: str) -> bool:
    return getattr(expert, key_column(name).attname) not in (None, "")


def confirmation_of(expert: Expert, name: str) -> Confirmation | None:
    """The last confirmation of a key field; None when there was none."""
    stored = expert.confirmations.get(name) or expert.confirmations.get(ALL)
    if stored:
        return Confirmation(date.fromisoformat(stored[0]), stored[1], stored[2])
    if expert.confirmed_on:
        return Confirmation(expert.confirmed_on, expert.confirmed_by_id)
    return None


def confirm_fields(expert: Expert, names: Iterable[str], *, by: "User", source: Source) -> list[str]:
    """Note on the (unsaved) record that these of its key fields hold today; returns the columns to save.

    The record as a whole is as old as the oldest of its fields that hold something.
    """
    confirmed = KEY_FIELDS.keys() & set(names)
    if not confirmed:
        return []
    if confirmed == KEY_FIELDS.keys():
        expert.confirmations = whole(by, source)
    else:
        expert.confirmations = expert.confirmations | dict.fromkeys(sorted(confirmed), stamp(by, source))
    oldest = _oldest(confirmation_of(expert, name) for name in KEY_FIELDS if is_filled(expert, name))
    expert.confirmed_on = oldest.on if oldest else None
    expert.confirmed_by_id = oldest.by_id if oldest else None
    return ["confirmations", "confirmed_on", "confirmed_by"]


def _oldest(found: Iterable[Confirmation | None]) -> Confirmation | None:
    """None when one of them was never confirmed."""
    known = list(found)
    if None in known:
        return None
    return min(filter(None, known), key=lambda each: each.on, default=None)


def _latest(*found: Confirmation | None) -> Confirmation | None:
    return max(filter(None, found), key=lambda each: each.on, default=None)


def carried(stay: Expert, other: Expert, taken: Collection[str]) -> dict[str, Any]:
    """What the columns of confirmation become when `stay` takes these columns from `other`: a field keeps the
    confirmation of the record that it comes from; where both say the same, the later one counts."""
    kept: dict[str, Confirmation | None] = {}
    filled = []
    for name in KEY_FIELDS:
        column = key_column(name).attname
        mine, theirs = confirmation_of(stay, name), confirmation_of(other, name)
        agree = getattr(stay, column) == getattr(other, column)
        kept[name] = _latest(mine, theirs) if agree else theirs if column in taken else mine
        if is_filled(other if column in taken else stay, name):
            filled.append(name)
    oldest = _oldest(kept[name] for name in filled)
    return {
        "confirmations": {
            name: [each.on.isoformat(), each.by_id, each.source] for name, each in kept.items() if each
        },
        "confirmed_on": oldest.on if oldest else None,
        "confirmed_by_id": oldest.by_id if oldest else None,
    }


def _filled_sql(name: str) -> str:
    """SQL: the key field holds something."""
    column = key_column(name)
    is_text = column.empty_strings_allowed and not column.null
    return f"{column.column} <> ''" if is_text else f"{column.column} IS NOT NULL"


def confirming(name: str, *, by: "User", source: Source) -> dict[str, Any]:
    """Columns of a set-based UPDATE that changes one key field of many records, which confirms it: the record
    is then as old as the oldest of its other fields that hold something."""
    others = ", ".join(
        f"({_filled_sql(each)}, coalesce(confirmations -> '{each}', confirmations -> '{ALL}',"
        " jsonb_build_array(confirmed_on, confirmed_by_id)))"
        for each in KEY_FIELDS
        if each != name
    )
    oldest = (
        f"(SELECT {{}} FROM (VALUES {others}) other (is_filled, stamp)"  # noqa: S608  names of columns
        " WHERE is_filled ORDER BY (stamp ->> 0)::date NULLS FIRST LIMIT 1)"
    )
    added = Value({name: stamp(by, source)}, JSONField())
    return {
        "confirmations": Func(
            "confirmations", added, template="(%(expressions)s)", arg_joiner=" || ", output_field=JSONField()
        ),
        "confirmed_on": RawSQL(oldest.format("(stamp ->> 0)::date"), []),  # noqa: S611  names of columns
        "confirmed_by": RawSQL(oldest.format("(stamp ->> 1)::bigint"), []),  # noqa: S611  as above
    }


@dataclass(frozen=True)
class ConfirmationLimits:
    """The last day still fresh, by default and in subtrees that decide otherwise (inner first)."""

    default: date
    within: list[tuple[int, int, date]]

    @classmethod
    def today(cls) -> Self:
        """As the units have set it now; one query."""
        day = timezone.localdate()
        within = [(low, high, years_before(day, years)) for low, high, years in set_below(KEY)]
        return cls(years_before(day, SETTINGS[KEY].default), within)

    def of(self, unit_order: int) -> date:
        return next((limit for low, high, limit in self.within if low <= unit_order <= high), self.default)

    def is_stale(self, confirmed_on: date | None, unit_order: int) -> bool:
        return confirmed_on is None or confirmed_on < self.of(unit_order)

    def stale(self) -> Q:
        """The same as a condition on experts."""
        cases = [When(unit_order__range=(low, high), then=Value(limit)) for low, high, limit in self.within]
        limit = Case(*cases, default=Value(self.default)) if cases else Value(self.default)
        return Q(died_on__isnull=True) & (Q(confirmed_on__isnull=True) | Q(confirmed_on__lt=limit))
