"""The append-only trail: who did what to which record, without names, values or foreign keys."""

from typing import Any, Protocol, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.verbs import Verb
from core.moments import moment_text

AUDITOR = "security_auditor"


class Reader(Protocol):
    """An account that knows which roles it holds today."""

    is_active: Any

    def holds(self, role: Any) -> bool: ...


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, user: Reader) -> Self:
        """Lock one: the security auditor reads all, nobody else any (lock two: accounts/migrations/0004)."""
        return self if user.is_active and user.holds(AUDITOR) else self.none()

    def about(self, *record_numbers: str) -> Self:
        """What was done to an expert; for those who have seen the record (experts/migrations/0004)."""
        return self.filter(kind="expert", reference__in=record_numbers)


class Event(models.Model):
    """One act. `reference` is a record number, a code or a username; `fields` are names of fields, never
    values; `counts` holds whole numbers and digests. Insert-only by privilege and by trigger.

    Only `audit.actions.record` writes events, and `mark` says that it did (audit/chain.py).
    """

    at = models.DateTimeField("时间")
    nonce = models.UUIDField(editable=False)
    mark = models.CharField(max_length=64, unique=True, editable=False)
    actor = models.BigIntegerField("用户号", null=True)
    username = models.CharField("用户名", max_length=60, blank=True)
    address = models.CharField("来源地址", max_length=45, blank=True)
    channel = models.CharField("途径", max_length=10)
    verb = models.CharField("行为", max_length=20, choices=Verb)
    kind = models.CharField("对象", max_length=40)
    reference = models.CharField("编号", max_length=80, blank=True)
    fields = ArrayField(models.CharField(max_length=60), verbose_name="字段", default=list)
    reason = models.CharField("事由", max_length=200, blank=True)
    result = models.CharField("结果", max_length=20, default="ok")
    counts = models.JSONField("数量", default=dict)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_event_by_time"),
            models.Index(fields=["username", "at", "id"], name="audit_event_by_user"),
            models.Index(fields=["reference", "at", "id"], name="audit_event_by_reference"),
        ]

    def __str__(self) -> str:
        act = f"{self.get_verb_display()} {self.kind} {self.reference}"
        return f"{moment_text(self.at)} {self.username} {act}"


class SealQuerySet(models.QuerySet["Seal"]):
    def visible_to(self, user: Reader) -> Self:
        return self if user.is_active and user.holds(AUDITOR) else self.none()


class Seal(models.Model):
    """An event's place in the chain. The order is `number`, the order in which the sealer met the events:
    one with a lower id may be committed later. Insert-only like the events."""

    number = models.BigIntegerField("封存序号", primary_key=True)
    event_id = models.BigIntegerField(unique=True)  # no foreign key: a seal must outlive a deleted event
    digest = models.CharField("摘要", max_length=64)
    sealed_at = models.DateTimeField("封存时间")

    objects = SealQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审计封存"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


class Head(models.Model):
    """The end of the chain, one row, so that a cut tail is found."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "审计封存末端"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_head_single")]

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"
