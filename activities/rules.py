"""How often experts are to be kept in touch with, and what counts: as each unit has set it (四（一）)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.db.models import Case, DateField, Value, When

from accounts.models import Unit, UnitSetting
from accounts.unit_settings import SETTINGS
from activities.enums import Way
from activities.months import earliest_within
from experts.enums import Scope

FREQUENCY = {Scope.KEY: "key_contact_months", Scope.GENERAL: "general_contact_months"}
# A leader in person always counts.
COUNTS = {
    Way.OFFICER: "officer_contact_counts",
    Way.REMOTE: "remote_contact_counts",
    Way.SYMPOSIUM: "symposium_counts",
}
KEYS = (*FREQUENCY.values(), *COUNTS.values())


@dataclass(frozen=True)
class Rules:
    """What the units have set, by key: bounds of a subtree and its value, inner subtrees first."""

    set_below: dict[str, list[tuple[int, int, int]]]

    @classmethod
    def now(cls) -> Self:
        """One statement."""
        rows = UnitSetting.objects.filter(key__in=KEYS)
        found: dict[str, list[tuple[int, int, int]]] = {key: [] for key in KEYS}
        for key, low, high, value in rows.values_list("key", "unit__order", "unit__order_end", "value"):
            found[key].append((low, high, value))
        return cls({key: sorted(each, key=lambda row: row[1] - row[0]) for key, each in found.items()})

    def value(self, key: str, place: int) -> int:
        inner = (value for low, high, value in self.set_below[key] if low <= place <= high)
        return next(inner, SETTINGS[key].default)

    def months(self, scope: str, place: int) -> int:
        return self.value(FREQUENCY[Scope(scope)], place)

    def ways(self, place: int) -> set[Way]:
        """What resets the clock of experts on the roster of the unit with this pre-order number."""
        return {Way.LEADER} | {way for way, key in COUNTS.items() if self.value(key, place)}

    def ways_within(self, unit: Unit) -> set[Way]:
        """What does on any roster of the subtree."""
        return self.ways(unit.order).union(*(self.ways(place) for place in self._inside(unit)))

    def _inside(self, unit: Unit) -> Iterator[int]:
        for key in COUNTS.values():
            yield from (low for low, _, _ in self.set_below[key] if unit.contains(low))

    def earliest_of_all(self, scope: Scope, day: date) -> date:
        """The first day whose contacts still count on `day` for any unit."""
        key = FREQUENCY[scope]
        months = [SETTINGS[key].default, *(value for _, _, value in self.set_below[key])]
        return earliest_within(day, max(months))

    def earliest(self, scope: Scope, day: date) -> Case | Value:
        """The first day whose contacts still count on `day`, for rows with a `place`."""
        key = FREQUENCY[scope]
        default = Value(earliest_within(day, SETTINGS[key].default), output_field=DateField())
        cases = [
            When(place__range=(low, high), then=Value(earliest_within(day, months)))
            for low, high, months in self.set_below[key]
        ]
        return Case(*cases, default=default, output_field=DateField()) if cases else default
