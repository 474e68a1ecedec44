"""How well a unit keeps in touch with its experts on any day, and with whom it does not.

「确保覆盖到所有重点联系专家」, 三（二）. The numbers come from tallies that hold nothing of restricted
experts; those on the reader's own lists are added from their rows, so that nobody else's number can hint at
them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from django.db.models import Count, DateField, QuerySet, Sum, Value
from django.db.models.functions import TruncMonth

from accounts.models import Unit, User
from activities.enums import CoverageList, CoverageState, GapCause, Way
from activities.models import Contact, ContactTally, Coverage, CoverageRefresh, CoverageTally, Pairing
from activities.models.coverage import CoverageQuerySet
from activities.months import months_between
from activities.rules import Rules
from experts.enums import Label, Scope
from experts.models import Expert
from experts.visibility import covers_everything, on_list, placed_in_reach

# Who is on several rosters counts once: in touch if so for any, then not in touch, then newly listed.
PRECEDENCE = [CoverageState.COVERED.value, CoverageState.GAP.value, CoverageState.FRESH.value]
TALLIED = ("unit_id", "scope", "state", "is_listed")


@dataclass
class Share:
    """Experts of one scope on a day: newly listed, kept in touch with in time, and not. `unlisted` of the
    last two are on no roster, although the rule says key; `unlisted_gap` of the last. `unled` of all are key,
    on a roster, and nobody is their leader."""

    fresh: int = 0
    covered: int = 0
    gap: int = 0
    unlisted: int = 0
    unlisted_gap: int = 0
    unled: int = 0

    @property
    def expected(self) -> int:
        """应联系: everybody but the newly listed."""
        return self.covered + self.gap

    @property
    def rate(self) -> float | None:
        """The covered part of those expected, 0 to 1; None when nobody was."""
        return self.covered / self.expected if self.expected else None

    @property
    def overdue(self) -> int:
        """Of the gaps those on a roster: their contact was due and is not done."""
        return self.gap - self.unlisted_gap

    def of(self, which: CoverageList, cause: GapCause | None = None, *, listed: bool = False) -> int:
        """How many are in the list; with a cause, or `listed` on a roster alone, no fewer than there are."""
        if cause == GapCause.NOT_ON_ROSTER:
            return self.unlisted_gap
        if listed and which == CoverageList.GAP:
            return self.overdue
        number: int = getattr(self, which.value)
        return number

    def add(self, state: str, is_listed: bool, number: int) -> None:
        setattr(self, state, getattr(self, state) + number)
        if not is_listed:
            self.unlisted += number
            self.unlisted_gap += number if state == CoverageState.GAP else 0


@dataclass
class Numbers:
    """How it stood in a unit with its subtree on a day; distinct experts."""

    key: Share = field(default_factory=Share)
    general: Share = field(default_factory=Share)

    @classmethod
    def of_rows(cls, rows: Iterable[Coverage]) -> Self:
        """Of rows with a `state`."""
        found = cls()
        for row in rows:
            found.add(row)
        return found

    def add(self, row: Coverage) -> None:
        """One with a `state`."""
        share = self.of(row.scope)
        share.add(row.state, row.is_listed, 1)
        share.unled += row.is_unled

    def of(self, scope: str) -> Share:
        return self.key if scope == Scope.KEY else self.general


@dataclass(frozen=True)
class Standing:
    """When an expert was last kept in touch with in a way that counts, and when that is due again."""

    scope: str
    last_on: date | None
    due_on: date

    def overdue_days(self, today: date) -> int:
        """How many days past due; 0 when it is not."""
        return max((today - self.due_on).days, 0)


def numbers(user: User, unit: Unit, day: date) -> Numbers:
    """The numbers of the unit with its subtree, as the user may know them; two statements."""
    return _counted(user, unit, [], [day])[day][unit.pk]


def with_children(
    user: User, unit: Unit, day: date, *earlier: date
) -> tuple[Numbers, list[tuple[Unit, Numbers]], list[Numbers]]:
    """The same for the unit, for each directly below it in the order of the tree, and for the unit on earlier
    days; three statements."""
    below = list(unit.children.order_by("order"))
    found = _counted(user, unit, below, [day, *earlier])
    then = [found[each][unit.pk] for each in earlier]
    return found[day][unit.pk], [(each, found[day][each.pk]) for each in below], then


def _counted(
    user: User, unit: Unit, below: Sequence[Unit], days: Sequence[date]
) -> dict[date, dict[int, Numbers]]:
    """By day and unit: of the unit on all the days, of those below on the first."""
    asked = {day: [unit] for day in days} | {days[0]: [unit, *below]}
    found = {day: {each.pk: Numbers() for each in units} for day, units in asked.items()}
    for day, unit_id, scope, state, is_listed, number in _tallied(user, asked):
        found[day][unit_id].of(scope).add(state, is_listed, number)
    for row in _beside(user, unit, days):
        for each in asked[row.on]:
            if row.counts_for(each) and (row.label == Label.RESTRICTED or not row.is_at_home_in(each)):
                found[row.on][each.pk].add(row)
    return found


def _tallied(user: User, asked: dict[date, list[Unit]]) -> Iterable[Any]:
    tally = CoverageTally.objects.visible_to(user)
    if not covers_everything(user):
        tally = tally.filter(is_away=False)
    parts = (
        part.annotate(on=_day(day)).values_list("on", *TALLIED).annotate(Sum("change"))
        for day, units in asked.items()
        for part in tally.filter(unit__in=[each.pk for each in units]).up_to(day)
    )
    return _together(parts)


def _beside(user: User, unit: Unit, days: Sequence[date]) -> Iterable[Any]:
    """What the tallies do not tell the user, who sees it all the same: restricted experts on whose list they
    are, and, unless they see every unit, those who have left the unit of the row for another one in reach."""
    rows = Coverage.objects.filter(place__range=(unit.order, unit.order_end))
    found = [rows.listed_for(user)]
    if not covers_everything(user):
        found.append(rows.visible_to(user).filter(is_away=True, label__lt=Label.RESTRICTED))
    return _together(each.with_state(day).annotate(on=_day(day)) for each in found for day in days)


def _together(parts: Iterable[QuerySet[Any, Any]]) -> Iterable[Any]:
    """Of each part by an index of its own, in one statement; no row is in two of them."""
    first, *others = parts
    return first.union(*others, all=True) if others else first


def _day(day: date) -> Value:
    return Value(day, output_field=DateField())


def listing(
    user: User, unit: Unit, day: date, which: CoverageList, scope: Scope = Scope.KEY
) -> CoverageQuerySet:
    """The rows behind a number, in no order, with a `state` where they differ in it; see `last_contacts`."""
    rows = Coverage.objects.visible_to(user).within(unit).filter(scope=scope).in_list(which, day)
    rows = rows.with_state(day) if which.is_mixed else rows
    return rows.select_related("expert", "unit")


def gaps(
    user: User, unit: Unit, day: date, cause: GapCause | None = None, scope: Scope = Scope.KEY
) -> CoverageQuerySet:
    """Those not kept in touch with, each with its `cause`; all of them, or those with one cause."""
    rows = listing(user, unit, day, CoverageList.GAP, scope)
    rules = Rules.now()
    if cause:
        rows = rows.possible_for(cause, unit, day, rules.earliest_of_all(scope, day))
    rows = rows.with_cause(unit, day, rules.earliest(scope, day))
    return rows.filter(cause=cause) if cause else rows  # type: ignore[misc]


def behind(
    user: User,
    unit: Unit,
    day: date,
    which: CoverageList,
    scope: Scope = Scope.KEY,
    cause: GapCause | None = None,
    *,
    listed: bool = False,
) -> CoverageQuerySet:
    """The rows behind a number, of gaps each with its `cause`; with `listed` those on a roster alone."""
    if which == CoverageList.GAP:
        rows = gaps(user, unit, day, cause, scope)
    else:
        rows = listing(user, unit, day, which, scope)
    return rows.filter(is_listed=True) if listed else rows


def last_contacts(rows: Sequence[Coverage], day: date) -> dict[int, tuple[date, Way]]:
    """By key of the row: day and way of the last contact up to `day` that the row's rules count, for rows
    that have one; two statements."""
    experts = {row.expert_id for row in rows}
    done = Contact.objects.done().filter(expert__in=experts, on__lte=day).exclude(way="")
    latest = done.order_by("expert_id", "way", "-on").distinct("expert_id", "way")
    by_expert: dict[int, list[tuple[date, Way]]] = defaultdict(list)
    for expert, way, on in latest.values_list("expert_id", "way", "on"):
        by_expert[expert].append((on, Way(way)))
    rules = Rules.now()
    found = {}
    for row in rows:
        ways = rules.ways_within(row.unit) if row.is_alone else rules.ways(row.place)
        counting = [each for each in by_expert[row.expert_id] if each[1] in ways]
        if counting:
            found[row.pk] = max(counting)
    return found


def contacts_by_month(user: User, unit: Unit, first: date, last: date) -> list[tuple[date, dict[Way, int]]]:
    """How many contacts of each way the unit with its subtree had in each month (人次), every month named
    from that of `first` to that of `last`; two statements."""
    found = {month: dict.fromkeys(Way, 0) for month in months_between(first, last)}
    tally = ContactTally.objects.visible_to(user).filter(unit=unit, day__range=(first, last))
    restricted = Contact.objects.filter(on_list(user, key="expert_id"), placed_in_reach(user, "view"))
    restricted = restricted.within(unit).done().between(first, last).exclude(way="")
    for rows in (
        tally.annotate(month=TruncMonth("day")).values_list("month", "way").annotate(Sum("number")),
        restricted.annotate(month=TruncMonth("on")).values_list("month", "way").annotate(Count("pk")),
    ):
        for month, way, number in rows.order_by():
            found[month][Way(way)] += number
    return list(found.items())


def portfolio(user: User, person: User, day: date) -> list[Coverage]:
    """The experts with whom `person` was paired on that day, as the user sees them: for each one row with its
    `state`, key before general, in the order of names; one statement."""
    experts = Pairing.objects.visible_to(user).of(person).as_of(day).values("expert")
    rows = Coverage.objects.visible_to(user).filter(expert__in=experts).with_state(day)
    best: dict[int, Coverage] = {}
    for row in sorted(rows.select_related("expert", "unit"), key=_speaks_first):
        best.setdefault(row.expert_id, row)
    return sorted(best.values(), key=lambda row: (row.sort_key, row.pk))


def _speaks_first(row: Coverage) -> tuple[bool, int]:
    return row.scope != Scope.KEY, PRECEDENCE.index(row.state)


def standing(user: User, experts: Iterable[Expert]) -> dict[int, Standing]:
    """By key of the expert, for those on a roster that the user sees or key by rule; one statement.

    Of several rosters the one of the highest unit in reach speaks, as key before general.
    """
    rows = Coverage.objects.visible_to(user).filter(expert__in=[each.pk for each in experts])
    due = rows.filter(due_on__isnull=False)
    found: dict[int, Standing] = {}
    for row in due.order_by("-scope", "place").only("expert_id", "scope", "last_on", "due_on"):
        assert row.due_on is not None  # filtered
        found.setdefault(row.expert_id, Standing(row.scope, row.last_on, row.due_on))
    return found


def is_refreshing(unit: Unit) -> bool:
    """Whether the numbers of the subtree are being worked out anew after a change of settings."""
    return CoverageRefresh.objects.touching(unit).exists()
