"""What a gathering has resolved, followed until it is done (议定事项, 二（一）)."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from activities.models.gathering import Gathering, units_in

if TYPE_CHECKING:
    from accounts.models import Unit, User


def late_on(day: date) -> Q:
    """Due before the day, and not done by its end."""
    late = Q(due_on__lt=day, done_at__isnull=True)
    return late if day >= timezone.localdate() else late | Q(due_on__lt=day, done_at__date__gt=day)


class ResolutionQuerySet(models.QuerySet["Resolution"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible gatherings; whoever owns one sees its gathering."""
        return self.filter(gathering__in=Gathering.objects.visible_to(user).order_by().values("pk"))

    def changeable_by(self, user: "User") -> Self:
        """Those that the user may report on: one's own, of units in reach of the right to change, and of the
        user's own gatherings."""
        ours = Gathering.objects.changeable_by(user).order_by().values("pk")
        mine = Q(owner=user) | units_in(user, "change", "unit")
        return self.visible_to(user).filter(mine | Q(gathering__in=ours))

    def of(self, user: "User") -> Self:
        """Owned by the user, or by the very units in which the user works."""
        return self.filter(Q(owner=user) | Q(owner__isnull=True, unit__in=user.held_units("view")))

    def within(self, unit: "Unit") -> Self:
        """Owned by the unit and those below it, or resolved by them."""
        below = (unit.order, unit.order_end)
        return self.filter(Q(unit__order__range=below) | Q(gathering__place__range=below))

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def overdue_on(self, day: date) -> Self:
        return self.filter(late_on(day))

    def between(self, first: date, last: date) -> Self:
        """Due on these days, both included."""
        return self.filter(due_on__range=(first, last))


class Resolution(models.Model):
    """One thing that was resolved: what, who sees to it (a colleague, a unit, or both), by when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="resolutions")
    text = models.CharField("议定事项", max_length=500)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="责任人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="责任单位", on_delete=models.PROTECT, null=True, related_name="+"
    )
    due_on = models.DateField("完成期限")
    done_at = models.DateTimeField("办结时间", null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField("办理结果", max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField("改动时间", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = ResolutionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "议定事项"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="resolution_says_what"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | Q(unit__isnull=False), name="resolution_has_an_owner"
            ),
            models.CheckConstraint(
                condition=Q(done_by__isnull=True, done_at__isnull=True, outcome="")
                | (Q(done_by__isnull=False, done_at__isnull=False) & ~Q(outcome="")),
                name="resolution_done_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], condition=Q(done_at__isnull=True), name="resolution_open"),
            models.Index(fields=["-due_on", "-id"], name="resolution_by_day"),
        ]

    def __str__(self) -> str:
        return self.text[:30]

    @property
    def is_open(self) -> bool:
        return self.done_at is None

    @property
    def whose(self) -> str:
        return "、".join(str(each) for each in (self.owner, self.unit) if each)


class ResolutionNoteQuerySet(models.QuerySet["ResolutionNote"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible resolutions."""
        return self.filter(resolution__in=Resolution.objects.visible_to(user).order_by().values("pk"))


class ResolutionNote(models.Model):
    """How far it is; a line stays as it was written."""

    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="notes")
    text = models.CharField("进展", max_length=500)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("时间", auto_now_add=True)

    objects = ResolutionNoteQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "办理进展"
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="resolution_note_says_what")]

    def __str__(self) -> str:
        return self.text[:30]
