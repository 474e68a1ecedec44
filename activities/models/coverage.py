"""Whether experts were kept in touch with, for any unit and day (「确保覆盖到所有重点联系专家」, 三（二）).

The tables here are written by the database itself whenever a contact, a roster or a scope changes
(migration 0003, docs/adr/0013-coverage.md); nothing else writes them, so no number can be improved by hand.
"""

from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Exists, Expression, OuterRef, Q, Value, When

from activities.enums import CoverageList, CoverageState, GapCause, Hindrance, PairingKind, Way
from activities.models.contact import Contact
from activities.models.pairing import Pairing
from core.fields import DaySetField, numbers_of
from experts.enums import Label, Scope
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import on_list, placed_in_reach, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User

EXPECTED = (CoverageState.COVERED.value, CoverageState.GAP.value)


def _units_in_reach(user: "User") -> Q:
    intervals = Q(pk__in=[])
    for interval in user.reach("view"):
        intervals |= Q(unit__order__range=interval)
    return intervals


class CoverageQuerySet(models.QuerySet["Coverage"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible experts, on rosters of units in reach."""
        return self.filter(visible(user, key="expert_id")).filter(placed_in_reach(user, "view"))

    def listed_for(self, user: "User") -> Self:
        """Restricted ones on whose list the user is: no tally holds them."""
        return self.filter(on_list(user, key="expert_id")).filter(placed_in_reach(user, "view"))

    def within(self, unit: "Unit") -> Self:
        """Rows that count for the unit with its subtree, each expert once a day."""
        return self.filter(Q(is_alone=False) | Q(place=unit.order), place__range=(unit.order, unit.order_end))

    def key(self) -> Self:
        return self.filter(scope=Scope.KEY)

    def in_list(self, which: CoverageList, day: date) -> Self:
        """Those that the number of that name counts on that day."""
        days = EXPECTED if which == CoverageList.EXPECTED else (which.value,)
        return self.filter(reduce(or_, (Q(**{f"{each}__holds_day": day}) for each in days)))

    def with_state(self, day: date) -> Self:
        """With `state`, how it stood on that day, and `is_unled`; without those that were in no state."""
        cases = [
            When(**{f"{state.value}__holds_day": day}, then=Value(state.value)) for state in CoverageState
        ]
        unled = Case(When(unled__holds_day=day, then=True), default=False)
        state = Case(*cases, output_field=models.CharField())
        return self.annotate(state=state, is_unled=unled).filter(state__isnull=False)

    def with_cause(self, unit: "Unit", day: date, earliest: Expression) -> Self:
        """Of gaps on that day, with `cause`: the first that held then.

        Planned contacts are all those with the expert from `earliest` on, whichever unit planned them;
        leaders and officers are those whom the unit and those below it had named.
        """
        planned = Contact.objects.hindered().filter(
            expert=OuterRef("expert_id"), on__range=(OuterRef("earliest"), day)
        )
        paired = Pairing.objects.within(unit).as_of(day).filter(expert=OuterRef("expert_id"))
        leaders, officers = (paired.filter(kind=kind) for kind in (PairingKind.LEADER, PairingKind.OFFICER))
        conditions = {
            GapCause.NOT_ON_ROSTER: Q(is_listed=False),
            GapCause.ABROAD: Q(Exists(planned.filter(hindrance=Hindrance.ABROAD))),
            GapCause.DECLINED: Q(Exists(planned.filter(hindrance=Hindrance.DECLINED))),
            GapCause.NO_LEADER: ~Q(Exists(leaders)),
            GapCause.LEADER_LEFT: ~Q(Exists(leaders.in_post(day))),
            GapCause.OFFICER_LEFT: Q(Exists(officers)) & ~Q(Exists(officers.in_post(day))),
        }
        cases = [When(condition, then=Value(cause.value)) for cause, condition in conditions.items()]
        cause = Case(*cases, default=Value(GapCause.NOT_DONE.value), output_field=models.CharField())
        return self.annotate(earliest=earliest).annotate(cause=cause)

    def possible_for(self, cause: GapCause, unit: "Unit", day: date, since: date) -> Self:
        """No fewer than those with this cause: found by what brings it about, which is little, so that the
        causes of all the others need not be worked out. No contact before `since` matters."""
        hindered = Contact.objects.hindered().between(since, day)
        paired = Pairing.objects.within(unit)
        experts: dict[GapCause, models.QuerySet[Any]] = {
            GapCause.ABROAD: hindered.filter(hindrance=Hindrance.ABROAD),
            GapCause.DECLINED: hindered.filter(hindrance=Hindrance.DECLINED),
            GapCause.LEADER_LEFT: paired.vacant_of(PairingKind.LEADER, day),
            GapCause.OFFICER_LEFT: paired.vacant_of(PairingKind.OFFICER, day),
        }
        if cause in experts:
            return self.filter(expert__in=experts[cause].values("expert"))
        if cause == GapCause.NEWLY_LISTED:
            return self.none()  # they are told apart and no gaps
        return self.filter(is_listed=False) if cause == GapCause.NOT_ON_ROSTER else self


class Coverage(LockedChild):
    """How it stood with one expert for a unit and all above it, on every day.

    `fresh`, `covered` and `gap` are sets of days that share none: newly listed, kept in touch with in time,
    and not. A row counts for every unit that contains `place`; where several rosters hold the expert, there
    is one for each unit above any of them, which counts for that unit alone. `due_on` is when the next
    contact is due by today's settings, null once off the roster. `unled` are the days on which a key expert
    on the roster had nobody for a leader, `unled_since` the first of those that last until now. `is_away`:
    the expert is neither managed nor held by the unit or one below it any more, so that its own officers do
    not see the expert now.
    """

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="coverage", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    place = models.BigIntegerField()
    place_end = models.BigIntegerField()
    is_alone = models.BooleanField()
    is_away = models.BooleanField(editable=False)  # generated by the database
    sort_key = models.CharField(max_length=200, db_collation="C")
    scope = models.CharField("联系范围", max_length=8, choices=Scope)
    is_listed = models.BooleanField("在名单上")
    fresh = DaySetField()
    covered = DaySetField()
    gap = DaySetField()
    unled = DaySetField()
    unled_since = models.DateField("没有联系领导自", null=True)
    last_on = models.DateField("上次联系", null=True)
    due_on = models.DateField("应联系日期", null=True)

    objects = CoverageQuerySet.as_manager()
    state: str  # by with_state
    is_unled: bool  # by with_state
    cause: str  # by with_cause

    class Meta:
        verbose_name = verbose_name_plural = "联系覆盖"
        constraints = [
            models.UniqueConstraint(fields=["expert", "unit", "scope", "is_listed"], name="coverage_once")
        ]
        indexes = [
            models.Index(fields=["scope", "sort_key", "id"], name="coverage_by_name"),
            models.Index(fields=["place", "sort_key", "id"], name="coverage_by_unit"),
            models.Index(fields=["due_on"], condition=Q(due_on__isnull=False), name="coverage_by_due"),
            models.Index(
                fields=["place", "is_alone", "due_on"],
                condition=Q(scope="key", due_on__isnull=False),
                name="coverage_due_by_unit",
            ),
            models.Index(
                fields=["place", "is_alone", "unled_since"],
                condition=Q(unled_since__isnull=False),
                name="coverage_unled_by_unit",
            ),
            models.Index(fields=["sort_key", "id"], condition=Q(is_listed=False), name="coverage_unlisted"),
            models.Index(
                fields=["sort_key", "due_on"],
                condition=Q(due_on__isnull=False),
                name="coverage_due_by_name",
            ),
            models.Index(fields=["place"], condition=Q(is_away=True), name="coverage_away"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.expert_id}"

    def counts_for(self, unit: "Unit") -> bool:
        """As `within` asks of many."""
        return unit.contains(self.place) and (not self.is_alone or self.place == unit.order)

    def is_at_home_in(self, unit: "Unit") -> bool:
        """Whether the unit or one below it manages or holds the expert now."""
        return unit.contains(self.unit_order) or any(
            low <= unit.order_end and high > unit.order for low, high in numbers_of(self.held)
        )


class KeyPeriod(LockedChild):
    """From when to when an expert was key by rule and managed by a unit, on a roster or not."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "认定为重点的期间"
        constraints = [
            models.UniqueConstraint(
                fields=["expert"], condition=Q(until__isnull=True), name="key_period_open_once"
            )
        ]
        indexes = [models.Index(fields=["expert"], name="key_period_by_expert")]

    def __str__(self) -> str:
        return f"{self.expert_id}:{self.since}"


class TallyQuerySet(models.QuerySet["CoverageTally"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach and labels seen by role; restricted ones are never in it for anybody to see."""
        return self.filter(_units_in_reach(user), label__lte=min(user.clearance, Label.SENSITIVE))

    def up_to(self, day: date) -> tuple[Self, Self]:
        """What adds up to the number on that day, each part by an index: settled rows that together hold
        every day up to it once, and what is not settled yet."""
        return self.filter(is_loose=False, day__in=_halving(day)), self.filter(is_loose=True, day__lte=day)


def _halving(day: date) -> list[date]:
    """The day, and again and again the one before whose number lacks the lowest bit."""
    found, number = [], day.toordinal()
    while number:
        found.append(date.fromordinal(number))
        number &= number - 1
    return found


class CoverageTally(models.Model):
    """By how much the number of a unit with its subtree changes; distinct experts. `is_away` as in Coverage,
    but with regard to this unit.

    Writers leave loose rows, each of one day, which a task of the system settles. A settled row holds the
    changes of as many days up to `day` as the lowest bit of the day's number (date.toordinal) says: a Fenwick
    tree.
    """

    unit = models.ForeignKey(
        "accounts.Unit", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    label = models.SmallIntegerField()
    scope = models.CharField(max_length=8, choices=Scope)
    is_listed = models.BooleanField()
    state = models.CharField(max_length=8)  # the name of a set of days of Coverage
    is_away = models.BooleanField()
    is_loose = models.BooleanField()
    day = models.DateField()
    change = models.IntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联系覆盖人数"
        indexes = [
            models.Index(
                fields=["unit", "is_loose", "day"],
                include=["label", "scope", "is_listed", "is_away", "state", "change"],
                name="coverage_tally_sum",
            ),
            models.Index(fields=["id"], condition=Q(is_loose=True), name="coverage_tally_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.state}:{self.day}"


class ContactTallyQuerySet(models.QuerySet["ContactTally"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach and labels seen by role; restricted ones are never in it for anybody to see."""
        return self.filter(_units_in_reach(user), label__lte=min(user.clearance, Label.SENSITIVE))


class ContactTally(models.Model):
    """How many contacts of each way a unit with its subtree had on a day (人次); loose until settled."""

    unit = models.ForeignKey(
        "accounts.Unit", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    label = models.SmallIntegerField()
    way = models.CharField(max_length=10, choices=Way)
    day = models.DateField()
    is_loose = models.BooleanField()
    number = models.IntegerField()

    objects = ContactTallyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联系人次"
        indexes = [
            models.Index(
                fields=["unit", "day"],
                include=["label", "way", "is_loose", "number"],
                name="contact_tally_sum",
            ),
            models.Index(fields=["id"], condition=Q(is_loose=True), name="contact_tally_loose"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.way}:{self.day}"


class CoverageRefreshQuerySet(models.QuerySet["CoverageRefresh"]):
    def touching(self, unit: "Unit") -> Self:
        """That concern experts of the unit's subtree."""
        return self.filter(low__lte=unit.order_end, high__gte=unit.order)


class CoverageRefresh(models.Model):
    """A subtree whose settings changed: `low`..`high` are its pre-order numbers, `after` the last expert that
    was done. Worked off by activities.tasks; pages say so meanwhile."""

    low = models.BigIntegerField()
    high = models.BigIntegerField()
    after = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField(auto_now_add=True)

    objects = CoverageRefreshQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待重新计算"

    def __str__(self) -> str:
        return f"{self.low}–{self.high}"
