"""The yearly review of key information (二（二）): one round per unit and year."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User


class RoundState(models.TextChoices):
    """Follows from the days of a round and whether it was closed; nothing stores it."""

    PLANNED = "planned", "未开始"
    OPEN = "open", "进行中"
    OVERDUE = "overdue", "已逾期"
    CLOSED = "closed", "已结束"


class ReviewRoundQuerySet(models.QuerySet["ReviewRound"]):
    def visible_to(self, user: "User") -> Self:
        """Rounds of units in the user's reach, and of the units above, whose rounds cover them."""
        if not user.is_active or not user.may("view"):
            return self.none()
        found = Q()
        for low, high in user.reach("view"):
            found |= Q(unit__order__lte=high, unit__order_end__gte=low)
        return self.filter(found).select_related("unit", "opened_by", "closed_by")

    def closable_by(self, user: "User") -> Self:
        """Rounds not yet closed of units in which the user approves."""
        if not user.is_active:
            return self.none()
        found = Q(pk__in=[])
        for interval in user.reach("approve"):
            found |= Q(unit__order__range=interval)
        return self.filter(found, closed_at__isnull=True)

    def running_on(self, day: date) -> Self:
        """Begun and not closed: open or overdue."""
        return self.filter(starts_on__lte=day, closed_at__isnull=True)


class ReviewRound(models.Model):
    """A unit asks that key information of every expert managed in its subtree be confirmed anew.

    Nothing is copied: an expert is done when the record's oldest confirmation is of `starts_on` or later.
    `result` keeps, from the close on, {number of the unit: [covered, confirmed]} of internal records, which
    all who reach that unit see. `opened_by` is None when the system opened it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    year = models.PositiveSmallIntegerField("年度")
    starts_on = models.DateField("开始日期")
    due_on = models.DateField("截止日期")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="发起人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField("发起时间", default=timezone.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="结束人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField("结束时间", null=True)
    note = models.CharField("小结", max_length=200, blank=True)
    result = models.JSONField(default=dict)

    objects = ReviewRoundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "年度复核"
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "year"], name="review_once_a_year"),
            models.CheckConstraint(condition=Q(due_on__gte=F("starts_on")), name="review_due_after_start"),
            models.CheckConstraint(condition=Q(starts_on__year=F("year")), name="review_year_of_start"),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True, closed_at__isnull=True, note="", result={})
                | Q(closed_by__isnull=False, closed_at__isnull=False),
                name="review_closed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.year} 年度复核"

    @property
    def state(self) -> RoundState:
        today = timezone.localdate()
        if self.closed_at:
            return RoundState.CLOSED
        if today < self.starts_on:
            return RoundState.PLANNED
        return RoundState.OVERDUE if today > self.due_on else RoundState.OPEN

    @property
    def is_running(self) -> bool:
        return self.state in {RoundState.OPEN, RoundState.OVERDUE}

    def covered(self) -> Q:
        """Living experts managed in the unit's subtree now who were on the register on the first day."""
        next_day = timezone.make_aware(datetime.combine(self.starts_on + timedelta(days=1), time()))
        subtree = Q(unit_order__range=(self.unit.order, self.unit.order_end))
        return subtree & Q(created_at__lt=next_day, died_on__isnull=True)

    def confirmed(self) -> Q:
        return Q(confirmed_on__gte=self.starts_on)

    def waiting(self) -> Q:
        """Covered and not yet confirmed since the first day."""
        return self.covered() & (Q(confirmed_on__isnull=True) | Q(confirmed_on__lt=self.starts_on))
