"""How a person stands with their own experts in the calendar quarter: the card of the workbench, and the
lists behind its numbers (四（一）)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Min
from django.urls import reverse

from accounts.models import Unit, User
from activities import coverage
from activities.coverage_page import percent
from activities.months import add_months, quarter_end
from activities.pairing_lists import mine
from core.parts import Part

PARTS = {"due": "本季度应联系", "met": "已联系", "left": "剩余", "late": "逾期"}


@dataclass(frozen=True)
class Quarter:
    """Keys of the user's own experts: `met` were kept in touch with in the quarter and are not due again in
    it, `left` are due by its end, `late` of those are past due. Who was called on ahead of time is among the
    `met`; who is on several of the user's rosters counts once, by the one that is due first."""

    everybody: frozenset[int]
    met: frozenset[int]
    left: frozenset[int]
    late: frozenset[int]

    @property
    def due(self) -> frozenset[int]:
        """应联系: who was called on, and who still has to be."""
        return self.met | self.left

    def part(self, name: str) -> frozenset[int]:
        """Those of one number; everybody for a name that is none."""
        found: frozenset[int] = getattr(self, name) if name in PARTS else self.everybody
        return found


def quarter_of(user: User, today: date) -> Quarter:
    """By today's settings of the units; one statement."""
    last = quarter_end(today)
    first = add_months(last, -2).replace(day=1)
    rows = mine(user).order_by().values("expert")
    found = list(rows.annotate(due=Min("due_on"), last=Max("last_on")).values_list("expert", "due", "last"))
    return Quarter(
        frozenset(expert for expert, _, _ in found),
        frozenset(expert for expert, due, met in found if due > last and met and met >= first),
        frozenset(expert for expert, due, _ in found if due <= last),
        frozenset(expert for expert, due, _ in found if due < today),
    )


def url_of(name: str) -> str:
    """The list behind a number."""
    return f"{reverse('pairings:mine')}?quarter={name}"


def tabs(quarter: Quarter, chosen: str) -> list[dict[str, Any]]:
    """All own experts, and those of each number."""
    everybody = {"label": "全部", "url": reverse("pairings:mine"), "active": chosen not in PARTS}
    return [everybody | {"count": len(quarter.everybody)}] + [
        {"label": label, "url": url_of(name), "active": name == chosen, "count": len(quarter.part(name))}
        for name, label in PARTS.items()
    ]


def card(user: User, today: date) -> Part:
    """The quarter of the user's own experts; for who has none, how their unit stands. At most three
    statements."""
    quarter = quarter_of(user, today)
    if not quarter.everybody:
        unit = _highest_unit(user)
        share = coverage.numbers(user, unit, today).key
        shown = {"unit": unit, "share": share, "rate": percent(share)}
        return Part("activities/unit_quarter_card.html", shown)
    numbers = {name: {"count": len(quarter.part(name)), "url": url_of(name)} for name in PARTS}
    days = (quarter_end(today) - today).days
    return Part("activities/own_quarter_card.html", {"numbers": numbers, "days": days})


def _highest_unit(user: User) -> Unit:
    """Where the user works, the highest of several; known from the roles, so nothing is asked."""
    held = set(user.held_units("view"))
    units = [each.unit for each in user.current_assignments if each.unit_id in held]
    return min(units, key=lambda unit: unit.order)
