"""Acts of the system administrator that wait for the security administrator (三员分立)."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.enums import ConfirmationKind, ConfirmationState


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def pending(self) -> Self:
        return self.filter(state=ConfirmationState.PENDING)


class Confirmation(models.Model):
    """A requested password reset or unit move. `payload` holds a password hash or the new parent's id."""

    kind = models.CharField("事项", max_length=20, choices=ConfirmationKind)
    state = models.CharField(
        "状态", max_length=10, choices=ConfirmationState, default=ConfirmationState.PENDING, editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="用户",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    unit = models.ForeignKey(
        "accounts.Unit",
        verbose_name="单位",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
    )
    payload = models.JSONField("内容", default=dict, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="申请人", on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField("申请时间", auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="确认人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("确认时间", null=True)

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待确认事项"
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="confirmation_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="confirmation_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(kind=ConfirmationKind.PASSWORD_RESET, user__isnull=False, unit__isnull=True)
                | Q(kind=ConfirmationKind.UNIT_MOVE, user__isnull=True, unit__isnull=False),
                name="confirmation_one_subject",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(state=ConfirmationState.PENDING), name="confirmation_user_once"
            ),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state=ConfirmationState.PENDING), name="confirmation_unit_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.user or self.unit}"

    @property
    def reference(self) -> str:
        """Username or unit code, as the audit names it."""
        return self.user.username if self.user else self.unit.code if self.unit else ""
