"""What the address of the calendar asks for; whatever is wrong in it is left out."""

from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils import timezone

from accounts.models import Unit, User
from activities.calendar.entries import Asked
from activities.calendar.grid import EARLIEST, LATEST, View, bounds
from activities.calendar.sources import kinds
from experts.filters import chosen_unit

MINE, UNIT = "mine", "unit"


@dataclass(frozen=True)
class CalendarFilter:
    view: str
    on: date
    scope: str
    unit: Unit | None
    kinds: set[str]

    @classmethod
    def read(cls, params: QueryDict, user: User) -> "CalendarFilter":
        view, scope = params.get("view", ""), params.get("scope", "")
        unit = chosen_unit(user, params.get("unit", "")) if scope == UNIT else None
        return cls(
            view if view in View.values else View.MONTH.value,
            _day(params.get("on", "")),
            UNIT if scope == UNIT else MINE,
            unit,
            set(params.getlist("kind")) & set(kinds()),
        )

    @property
    def asked(self) -> Asked:
        first, last = bounds(self.view, self.on)
        return Asked(first, last, mine=self.scope == MINE, unit=self.unit)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return min(max(day, EARLIEST), LATEST)
