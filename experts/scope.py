"""The rule of scope (三（二）): key if any valid key honour whose condition holds, else general.

Decided by rule, never by hand, and explained. `decide` is the only implementation: entry, import and
recomputation all call it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from experts.enums import AwardState, Category, HonourCondition, Scope
from experts.models import Award, Honour

BEIJING_MISSING = "须在京工作；在京工作得到确认后即为重点联系"


@dataclass(frozen=True)
class Ground:
    """One award in the light of the rule: `holds` says whether it makes the expert key, `why_not` why it
    does not and what would change that."""

    award: Award
    holds: bool
    why_not: str = ""

    def as_stored(self) -> dict[str, Any]:
        return {
            "honour": self.award.honour.code,
            "name": str(self.award),
            "year": self.award.year,
            "clause": self.award.honour.clause_short,
        }


@dataclass(frozen=True)
class Decision:
    scope: Scope
    grounds: list[Ground]

    @property
    def basis(self) -> list[dict[str, Any]]:
        """What is stored with a key decision, strongest first (catalogue order)."""
        return [ground.as_stored() for ground in self.grounds if ground.holds]

    @property
    def category_hint(self) -> Category | None:
        """The category that the honours point to; a person chooses."""
        return suggest_category(ground.award.honour for ground in self.grounds)

    @property
    def near_misses(self) -> list[Ground]:
        return [ground for ground in self.grounds if not ground.holds]


def _obstacle(award: Award, works_in_beijing: bool, day: date) -> str:
    """Why this award does not make the expert key; empty when it does."""
    honour = award.honour
    if award.state == AwardState.REJECTED:
        return "经核实未予认定"
    if award.state == AwardState.PENDING:
        return "尚未核实；核实属市级及以上奖项后即为重点联系"
    if honour.scope != Scope.KEY:
        return "该称号不在重点联系范围"
    if not honour.is_valid_on(day):
        return "称号目录中该称号已停用或尚未生效"
    if honour.condition == HonourCondition.WORKS_IN_BEIJING and not works_in_beijing:
        return BEIJING_MISSING
    return ""


def decide(awards: Iterable[Award], *, works_in_beijing: bool, day: date) -> Decision:
    """Apply the rule to awards (each with its honour loaded)."""
    grounds = []
    for award in sorted(awards, key=lambda each: (each.honour_id, each.year or 0)):
        obstacle = _obstacle(award, works_in_beijing, day)
        grounds.append(Ground(award, holds=not obstacle, why_not=obstacle))
    scope = Scope.KEY if any(ground.holds for ground in grounds) else Scope.GENERAL
    return Decision(scope, grounds)


def suggest_category(honours: Iterable[Honour]) -> Category | None:
    """The category that the honours point to, if they all point to one. A person chooses (三（一）)."""
    hints = {honour.category_hint for honour in honours if honour.category_hint}
    return Category(hints.pop()) if len(hints) == 1 else None
