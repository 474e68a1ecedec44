"""Roles held in a unit for a period; they reach down the unit's subtree."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts.enums import Duty
from accounts.roles import Role, roles_of


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    def in_force(self) -> Self:
        today = timezone.localdate()
        return self.filter(Q(until__isnull=True) | Q(until__gte=today), since__lte=today)


class RoleAssignment(models.Model):
    """`since` and `until` are both included. A composite foreign key (migration 0002) binds `duty`, which
    follows from the role, to the user's own: no account can mix duties."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="用户", on_delete=models.PROTECT, related_name="assignments"
    )
    role = models.CharField("角色", max_length=20, choices=Role)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="assignments"
    )
    since = models.DateField("自", default=timezone.localdate)
    until = models.DateField("至", null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="授予人",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
    )
    duty = models.GeneratedField(
        expression=Case(
            *[
                When(role__in=[role.value for role in roles_of(duty)], then=Value(duty.value))
                for duty in [Duty.SYSTEM, Duty.SECURITY, Duty.AUDIT]
            ],
            default=Value(Duty.WORK.value),
        ),
        output_field=models.CharField(max_length=10),
        db_persist=True,
    )

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "角色"
        ordering = ["-since", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="assignment_period_in_order"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="assignment_role_known"),
            models.UniqueConstraint(
                fields=["user", "role", "unit"], condition=Q(until__isnull=True), name="assignment_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.unit}"
