"""Questions to the roster: who fits a proposal, who should be on it, and what it was on any day."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Sum, Value, When

from accounts.models import Unit, User
from experts.enums import Label, Scope
from experts.models import Expert, Proposal, ProposalKind, RosterEntry, RosterTally
from experts.models.roster import RosterEntryQuerySet
from experts.visibility import covers_everything, on_list

MOST_NAMED = 20
DECEASED = "已登记去世"
ON, OFF, NEVER = "已经在本单位名单上", "不在本单位名单上", "没有列入过本单位名单，请用“纳入”"


def unfit(kind: ProposalKind | str, unit: Unit, experts: Iterable[Expert]) -> list[tuple[Expert, str]]:
    """Those whom such a proposal cannot be about, and why."""
    return unfit_of(kind, unit, Expert.objects.filter(pk__in={each.pk for each in experts}))


def unfit_of(kind: ProposalKind | str, unit: Unit, experts: QuerySet[Expert]) -> list[tuple[Expert, str]]:
    """The same of a set, in the order of names."""
    return [(each, _why(kind, each)) for each in _outside(kind, unit, experts)]


def what_stops(kind: ProposalKind | str, unit: Unit, experts: QuerySet[Expert]) -> list[str]:
    """The same in words, of the first few, with how many others there are; empty when all fit."""
    return first_few(_outside(kind, unit, experts), lambda each: f"{each.name}：{_why(kind, each)}")


def first_few(found: QuerySet[Any, Any], word: Callable[[Any], str]) -> list[str]:
    """A word for each of a few rows, and for the rest together: nobody reads ten thousand.

    All keys are asked for: under a LIMIT PostgreSQL walks everybody in the order of names instead."""
    keys = list(found.order_by().values_list("pk", flat=True))
    if not keys:
        return []
    named = [word(row) for row in found.filter(pk__in=keys[:MOST_NAMED])]
    others = len(keys) - len(named)
    return [*named, f"另有 {others:,} 人也须先处理"] if others else named


def _outside(kind: ProposalKind | str, unit: Unit, experts: QuerySet[Expert]) -> QuerySet[Any, Any]:
    found = with_standing(unit, experts).filter(_unfitting(kind)).order_by("sort_key")
    return found.only("uuid", "name", "died_on")


def _why(kind: ProposalKind | str, expert: Any) -> str:
    return why_not(kind, expert.is_on if expert.was_on else None, deceased=bool(expert.died_on))


def _unfitting(kind: ProposalKind | str) -> Q:
    dead = Q(died_on__isnull=False)
    if kind in {ProposalKind.EXIT, ProposalKind.RESCOPE}:
        return dead | Q(is_on=False)
    return dead | Q(is_on=True) | (Q(was_on=False) if kind == ProposalKind.READMIT else Q(pk__in=[]))


def admissible(unit: Unit, experts: QuerySet[Expert]) -> QuerySet[Expert]:
    """Those whom one admission may name together: living, not on the unit's roster, and not restricted, since
    a restricted expert has a document of their own."""
    fitting = Q(is_on=False, died_on__isnull=True, label__lt=Label.RESTRICTED)
    return with_standing(unit, experts).filter(fitting)


def with_standing(unit: Unit, experts: QuerySet[Expert]) -> QuerySet[Any, Any]:
    """With whether each is on the roster of the unit (`is_on`) and ever was (`was_on`)."""
    entries = RosterEntry.objects.of(unit).filter(expert=OuterRef("pk"))
    return experts.annotate(is_on=_yes_or_no(Exists(entries.open())), was_on=_yes_or_no(Exists(entries)))


def _yes_or_no(found: Exists) -> Case:
    """As a value, which PostgreSQL looks up one by one or hashes.

    A bare NOT EXISTS it makes a join, and takes the rows that a policy leaves for a handful: everybody is
    compared with every entry."""
    return Case(When(found, then=Value(True)), default=Value(False))


def named_in(user: User, proposal: Proposal) -> QuerySet[Expert]:
    """The experts of the proposal's lines, as the user sees them."""
    return Expert.objects.visible_to(user).filter(pk__in=proposal.lines.values("expert_id"))


def why_not(kind: ProposalKind | str, is_on: bool | None, *, deceased: bool = False) -> str:
    """`is_on` None: never was on this roster."""
    if deceased:
        return DECEASED
    if kind in {ProposalKind.EXIT, ProposalKind.RESCOPE}:
        return "" if is_on else OFF
    if is_on:
        return ON
    return NEVER if kind == ProposalKind.READMIT and is_on is None else ""


@dataclass(frozen=True)
class Listing:
    """The roster of a unit, with those below it if asked, as it was on a day, as the user sees it."""

    user: User
    unit: Unit
    day: date
    below: bool = False

    def entries(self) -> RosterEntryQuerySet:
        return self._of(RosterEntry.objects.visible_to(self.user)).as_of(self.day)

    def _of(self, entries: RosterEntryQuerySet) -> RosterEntryQuerySet:
        return entries.within(self.unit) if self.below else entries.of(self.unit)

    def totals(self) -> dict[str, int]:
        """How many, by scope. Whoever sees every unit is told by the tally; others see fewer than their
        roster ever held, so theirs are counted."""
        if covers_everything(self.user):
            tally = RosterTally.objects.visible_to(self.user).up_to(self.day)
            place = (self.unit.order, self.unit.order_end if self.below else self.unit.order)
            counted = dict(tally.filter(place__range=place).values_list("scope").annotate(Sum("change")))
            listed = RosterEntry.objects.filter(on_list(self.user, key="expert_id"))
            rest = self._of(listed).as_of(self.day)
        else:
            counted, rest = {}, self.entries()
        for scope, number in rest.order_by().values_list("scope").annotate(Count("pk")):
            counted[scope] = counted.get(scope, 0) + number
        return {scope.value: counted.get(scope.value, 0) for scope in Scope}

    def changes_since(self, earlier: date) -> "Changes":
        seen = self._of(RosterEntry.objects.visible_to(self.user))
        begun = seen.as_of(self.day).entered_between(earlier, self.day)
        ended = seen.as_of(earlier).left_between(earlier, self.day)
        return Changes(
            entered=begun.filter(~Exists(_at(seen, earlier))),
            left=ended.filter(~Exists(_at(seen, self.day))),
            rescoped=begun.filter(Exists(_at(seen, earlier).exclude(scope=OuterRef("scope")))),
        )


@dataclass(frozen=True)
class Changes:
    """What differs between two days: who came, who left, and whose scope is another."""

    entered: RosterEntryQuerySet
    left: RosterEntryQuerySet
    rescoped: RosterEntryQuerySet


def _at(seen: RosterEntryQuerySet, day: date) -> RosterEntryQuerySet:
    """The entry of the same expert and unit on that day."""
    return seen.as_of(day).filter(expert=OuterRef("expert"), unit=OuterRef("unit"))


def turns(
    user: User,
    *,
    entered: Iterable[RosterEntry],
    left: Iterable[RosterEntry],
    rescoped: Iterable[RosterEntry],
) -> dict[int, RosterEntry]:
    """By key of the entry: the one with which the unbroken stay of somebody who entered began, or that of
    somebody who left ended; another scope in between does not break a stay, and is its own turn. One
    statement."""
    rows = [*entered, *left]
    experts, units = ({getattr(row, name) for row in rows} for name in ("expert_id", "unit_id"))
    known = RosterEntry.objects.visible_to(user).filter(expert__in=experts, unit__in=units) if rows else []
    by_start: dict[tuple[int, int, date | None], RosterEntry] = {
        (each.expert_id, each.unit_id, each.since): each for each in known
    }
    by_end = {(each.expert_id, each.unit_id, each.until): each for each in known}
    found = {row.pk: row for row in [*rows, *rescoped]}
    for row in entered:
        while before := by_end.get((row.expert_id, row.unit_id, found[row.pk].since)):
            found[row.pk] = before
    for row in left:
        while after := by_start.get((row.expert_id, row.unit_id, found[row.pk].until)):
            found[row.pk] = after
    return found


def described(entry: RosterEntry) -> dict[str, Any]:
    """One line as `manage.py roster --json` prints it."""
    return {
        "expert": entry.expert.record_number,
        "scope": entry.scope,
        "category": entry.category,
        "since": entry.since.isoformat(),
        "basis": entry.basis,
    }
