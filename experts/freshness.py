"""When key information counts as stale (二（二）): each unit sets the years, and its subtree follows."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from django.db.models import Case, Q, Value, When
from django.utils import timezone

from accounts.unit_settings import SETTINGS, set_below
from experts.models.expert import years_before

KEY = "confirmation_years"


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
        return Q(confirmed_on__isnull=True) | Q(confirmed_on__lt=limit)
