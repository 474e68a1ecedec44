"""The outbox: what leaves the product. Nothing in it tells whom or what it is about."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.roles import Role
from reminders.enums import MailKind, MailState

if TYPE_CHECKING:
    from accounts.models import User


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: "User") -> Self:
        """One's own, and all for the system administrator, who sees to their delivery."""
        if not user.is_active:
            return self.none()
        return self if user.holds(Role.SYSTEM_ADMIN) else self.filter(recipient=user)

    def dead(self) -> Self:
        return self.filter(state=MailState.DEAD)


class Letter(models.Model):
    """One e-mail. It is sent at least once and always under the same `uuid`, which is its Message-ID; `key`
    says what it is for, so that nothing is put in twice. Where to is looked up when it is sent; `address` is
    filled for a test only. `lease_until` keeps it with the process that is sending it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("种类", max_length=8, choices=MailKind)
    key = models.CharField(max_length=80, unique=True)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    address = models.EmailField("测试地址", blank=True)
    rules = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField("建立时间")
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    state = models.CharField("状态", max_length=8, choices=MailState, default=MailState.WAITING)
    error = models.CharField("原因", max_length=200, blank=True)
    settled_at = models.DateTimeField("发出时间", null=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "邮件"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="letter_state_known"),
            models.CheckConstraint(
                condition=Q(kind=MailKind.TEST) | Q(address=""), name="letter_address_of_a_test"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"], condition=Q(state=MailState.WAITING), name="letter_waiting"
            ),
            models.Index(fields=["-id"], condition=Q(state=MailState.DEAD), name="letter_dead"),
            models.Index(fields=["created_at"], name="letter_by_time"),
        ]

    def __str__(self) -> str:
        return self.key
