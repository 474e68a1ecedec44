"""Roles held in a unit for a period; they reach down the unit's subtree."""

from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts.enums import Duty
from accounts.roles import Role, roles_of

if TYPE_CHECKING:
    from accounts.models.unit import Unit


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    def in_force(self) -> Self:
        return self.not_ended().filter(since__lte=timezone.localdate())

    def not_ended(self) -> Self:
        """Held today or from a later day on."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=timezone.localdate()))

    def working_at(self, unit: "Unit") -> Self:
        """Roles of the work itself held in this very unit today."""
        return (
            self.in_force()
            .filter(unit=unit, user__is_active=True, duty=Duty.WORK)
            .select_related("user")
            .order_by("role", "since", "id")
        )

    def overlapping(self, since: date, until: date | None) -> Self:
        """Held on at least one day of the period (`until` None: without end)."""
        started = Q() if until is None else Q(since__lte=until)
        return self.filter(started, Q(until__isnull=True) | Q(until__gte=since))


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
