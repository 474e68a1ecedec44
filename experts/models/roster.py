"""A unit's roster 联系专家名单 (二（二）): who was on it, from when to when, by which proposals."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from experts.enums import Category, Label, Scope
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import covers_everything, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User
    from experts.models.priority import Priority


class RosterEntryQuerySet(models.QuerySet["RosterEntry"]):
    def visible_to(self, user: "User") -> Self:
        """Entries of visible experts in rosters of units in reach."""
        seen = self.filter(visible(user, key="expert_id"))
        return seen if covers_everything(user) else seen.filter(_in_reach(user))

    def of(self, unit: "Unit") -> Self:
        """The roster of this very unit."""
        return self.filter(unit=unit)

    def within(self, unit: "Unit") -> Self:
        """The rosters of the unit and of those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def as_of(self, day: date) -> Self:
        """On the roster on that day."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)

    def open(self) -> Self:
        """Not closed, begun or not."""
        return self.filter(until__isnull=True)

    def entered_between(self, earlier: date, later: date) -> Self:
        """Opened after the one day and up to the other."""
        return self.filter(since__gt=earlier, since__lte=later)

    def left_between(self, earlier: date, later: date) -> Self:
        """Closed after the one day and up to the other."""
        return self.filter(until__gt=earlier, until__lte=later)

    def moved(self, kind: "Movement", first: date, last: date) -> Self:
        """Opened, rescoped or closed for good on these days, both included; as the tally of movements counts
        (migration 0018)."""
        if kind == Movement.LEFT:
            return self.filter(closed_by__kind="exit", until__range=(first, last))
        rescoped = Q(opened_by__kind="rescope")
        return self.filter(rescoped if kind == Movement.RESCOPED else ~rescoped, since__range=(first, last))


def _in_reach(user: "User") -> Q:
    intervals = Q()
    for interval in user.reach("view"):
        intervals |= Q(place__range=interval)
    return intervals or Q(pk__in=[])


class RosterEntry(LockedChild):
    """One expert on one unit's roster from `since` until the day before `until`.

    An exclusion constraint (migration 0008) lets no two entries of an expert and a unit overlap. `place` is
    the unit's pre-order number, `sort_key` the expert's; `basis` is why the scope was what it was.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="entries", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    place = models.BigIntegerField(editable=False, default=None)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False, default=None)
    scope = models.CharField("联系范围", max_length=8, choices=Scope)
    category = models.CharField("类别", max_length=30, choices=Category, blank=True)
    basis = models.JSONField(default=list)
    since = models.DateField("列入")
    until = models.DateField("退出", null=True, blank=True)
    opened_by = models.ForeignKey(
        "experts.Proposal", on_delete=models.PROTECT, related_name="opened", db_index=False
    )
    closed_by = models.ForeignKey(
        "experts.Proposal", on_delete=models.PROTECT, null=True, related_name="closed", db_index=False
    )

    objects = RosterEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="entry_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True, closed_by__isnull=True)
                | Q(until__isnull=False, closed_by__isnull=False),
                name="entry_closed_by_proposal",
            ),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="entry_scope_known"),
        ]
        indexes = [
            models.Index(fields=["unit", "sort_key", "id"], name="entry_by_name"),
            models.Index(fields=["sort_key", "id"], name="entry_by_name_anywhere"),
            models.Index(fields=["expert"], name="entry_by_expert"),
            models.Index(fields=["place", "since"], name="entry_by_since"),
            models.Index(fields=["place", "until"], condition=Q(until__isnull=False), name="entry_by_until"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.expert_id}:{self.since}"


class RosterTallyQuerySet(models.QuerySet["RosterTally"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach and labels seen by role; restricted ones are never in it for anybody to see."""
        return self.filter(_in_reach(user), label__lte=min(user.clearance, Label.SENSITIVE))

    def up_to(self, day: date) -> Self:
        return self.filter(day__lte=day)


class RosterTally(models.Model):
    """By how much the number on a unit's roster changes on a day; written by triggers (migration 0014)."""

    unit = models.ForeignKey("accounts.Unit", on_delete=models.PROTECT, related_name="+")
    place = models.BigIntegerField(editable=False)
    label = models.SmallIntegerField()
    scope = models.CharField(max_length=8, choices=Scope)
    day = models.DateField()
    change = models.IntegerField()

    objects = RosterTallyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单人数"
        constraints = [
            models.UniqueConstraint(fields=["unit", "label", "scope", "day"], name="roster_tally_once")
        ]
        indexes = [
            models.Index(
                fields=["place", "day"], include=["label", "scope", "change"], name="roster_tally_by_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.scope}:{self.day}"


class GapKind(models.TextChoices):
    """How a roster differs from what the rule and the unit's priorities say."""

    LACKING = "lacking", "符合条件未纳入"
    RISEN = "risen", "名单上是普遍联系，应为重点联系"
    FALLEN = "fallen", "在名单上但不再符合"


class RosterGapQuerySet(models.QuerySet["RosterGap"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible experts, in rosters of units in reach."""
        seen = self.filter(visible(user, key="expert_id"))
        return seen if covers_everything(user) else seen.filter(_in_reach(user))

    def of_kind(self, kind: GapKind) -> Self:
        return self.filter(kind=kind)

    def at(self, unit: "Unit", *, own: bool) -> Self:
        """In the roster of the unit, unless `own` also in those of the units below it."""
        return self.filter(place__range=(unit.order, unit.order if own else unit.order_end))


class RosterGap(LockedChild):
    """One expert whom a unit's roster lacks or holds otherwise than it should (二（二）).

    Lacking is asked of the unit that manages the expert only. `by_rule`: key by the policy's rule;
    `priorities` are the unit's priorities that the expert fits. Written by triggers (migration 0017).
    """

    pk = models.CompositePrimaryKey("expert_id", "unit_id")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey("accounts.Unit", on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.BigIntegerField(editable=False)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False)
    kind = models.CharField(max_length=8, choices=GapKind)
    by_rule = models.BooleanField()
    priorities = ArrayField(models.BigIntegerField(), default=list)

    objects = RosterGapQuerySet.as_manager()
    stated: list["Priority"]  # set by a list on its rows (experts/roster_worklists.py)
    left_on: date | None  # the same

    class Meta:
        verbose_name = verbose_name_plural = "名单差异"
        indexes = [
            models.Index(fields=["kind", "place"], name="roster_gap_by_place"),
            models.Index(fields=["kind", "sort_key", "place"], name="roster_gap_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.expert_id}:{self.kind}"


class Movement(models.TextChoices):
    ENTERED = "entered", "新列入"
    LEFT = "left", "退出"
    RESCOPED = "rescoped", "调整范围"


class RosterMovementQuerySet(models.QuerySet["RosterMovement"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach and labels seen by role; restricted ones are never in it for anybody to see."""
        intervals = Q(pk__in=[])
        for interval in user.reach("view"):
            intervals |= Q(unit__order__range=interval)
        return self.filter(intervals, label__lte=min(user.clearance, Label.SENSITIVE))


class RosterMovement(models.Model):
    """How many entries of a unit with its subtree were opened, closed for good or rescoped on a day (人次);
    written by triggers (migration 0018)."""

    unit = models.ForeignKey("accounts.Unit", on_delete=models.CASCADE, related_name="+", db_index=False)
    label = models.SmallIntegerField()
    kind = models.CharField(max_length=8, choices=Movement)
    day = models.DateField()
    number = models.IntegerField()

    objects = RosterMovementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单变动人次"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "day", "kind", "label"], include=["number"], name="roster_movement_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.kind}:{self.day}"
