"""What is to be told to whom and when: written and settled by the system only (docs/architecture.md,
Reminders)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from reminders.enums import PlanState


class PlannedReminderQuerySet(models.QuerySet["PlannedReminder"]):
    def waiting(self) -> Self:
        return self.filter(state=PlanState.WAITING)


class PlannedReminder(models.Model):
    """One reminder, planned once whoever plans and however often: (rule, subject, recipient, due_at) is
    unique.

    It holds numbers only, no name and no text: those follow from the rule when it is delivered. `next_at` is
    when delivery is due, later than `due_at` after a failure. `is_guarded` rows concern a restricted expert
    or the lists of one, and are left out of every number that an administrator sees.
    """

    rule = models.CharField(max_length=40)
    subject = models.BigIntegerField()
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    expert_id = models.BigIntegerField(null=True)  # no foreign key: apps above own the table
    is_guarded = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    next_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=PlanState, default=PlanState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=100, blank=True)
    planned_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = PlannedReminderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "计划的提醒"
        constraints = [
            models.UniqueConstraint(fields=["rule", "subject", "recipient", "due_at"], name="reminder_once"),
            models.CheckConstraint(condition=Q(state__in=PlanState.values), name="reminder_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=[PlanState.WAITING, PlanState.FAILED], settled_at__isnull=True)
                | Q(state__in=[PlanState.SENT, PlanState.DROPPED], settled_at__isnull=False),
                name="reminder_settled_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"], condition=Q(state=PlanState.WAITING), name="reminder_waiting"
            ),
            models.Index(
                fields=["settled_at"], condition=Q(settled_at__isnull=False), name="reminder_settled"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}:{self.subject}:{self.recipient_id}"


class PlanMark(models.Model):
    """How far a rule is planned: the next tick looks from here on, however many ticks were missed."""

    rule = models.CharField(primary_key=True, max_length=40)
    planned_until = models.DateTimeField()
    ticked_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "计划到何时"

    def __str__(self) -> str:
        return self.rule


class Tally(models.Model):
    """How many reminders of a rule were due on a day and what became of them; guarded ones are not counted.
    `late_seconds` adds up how late they came, `latest_seconds` is the longest."""

    rule = models.CharField(max_length=40)
    day = models.DateField("日期")
    planned = models.PositiveIntegerField("计划", default=0)
    sent = models.PositiveIntegerField("已发", default=0)
    dropped = models.PositiveIntegerField("不再需要", default=0)
    failed = models.PositiveIntegerField("未发出", default=0)
    late_seconds = models.BigIntegerField(default=0)
    latest_seconds = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "提醒数量"
        constraints = [models.UniqueConstraint(fields=["rule", "day"], name="reminder_tally_once")]
        indexes = [models.Index(fields=["day"], name="reminder_tally_by_day")]

    def __str__(self) -> str:
        return f"{self.rule}:{self.day}"
