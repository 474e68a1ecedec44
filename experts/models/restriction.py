"""Requests to restrict a record or to lift the restriction (二（二）): one person asks, another decides."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from experts.enums import Label
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import changeable, visible

if TYPE_CHECKING:
    from accounts.models import User


class RestrictionKind(models.TextChoices):
    RESTRICT = "restrict", "设为限知悉"
    UNRESTRICT = "unrestrict", "解除限知悉"


class RestrictionState(models.TextChoices):
    PENDING = "pending", "待批准"
    APPROVED = "approved", "已批准"
    REFUSED = "refused", "未批准"
    WITHDRAWN = "withdrawn", "已撤回"


class RestrictionQuerySet(models.QuerySet["RestrictionRequest"]):
    def visible_to(self, user: "User") -> Self:
        """Those about records that the user sees."""
        return self.filter(visible(user, key="expert_id"))

    def pending(self) -> Self:
        return self.filter(state=RestrictionState.PENDING).select_related("requested_by")

    def decidable_by(self, user: "User") -> Self:
        """Pending ones that somebody else asked for and the user may decide."""
        return self.pending().filter(_decidable(user))

    def open_for(self, user: "User") -> Self:
        """Pending ones that the user asked for or can decide."""
        return self.pending().filter(Q(requested_by=user) | _decidable(user))


def _decidable(user: "User") -> Q:
    """Restricting is decided by who approves in the record's unit, lifting by who is on its list and may
    change it; never by who asked."""
    approves = Q(pk__in=[])
    for interval in user.reach("approve"):
        approves |= Q(unit_order__range=interval)
    restrict = Q(kind=RestrictionKind.RESTRICT) & approves
    lift = Q(kind=RestrictionKind.UNRESTRICT) & changeable(user, key="expert_id")
    return ~Q(requested_by=user) & (restrict | lift)


class RestrictionRequest(LockedChild):
    """`persons` are the users proposed for the list until `expires_on`; `new_label` is what lifting leads to.

    `secrecy_officer` (保密干部) confirmed in writing on `confirmed_on` that the record holds no state secret.
    Decided by `experts_decide_restriction` only (migration 0006).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="restrictions", db_constraint=False
    )
    kind = models.CharField("申请", max_length=10, choices=RestrictionKind)
    new_label = models.SmallIntegerField(
        "解除后的标签",
        choices=[(Label.INTERNAL.value, "内部"), (Label.SENSITIVE.value, "敏感")],
        null=True,
    )
    reason = models.CharField("申请理由", max_length=200)
    secrecy_officer = models.CharField("保密干部", max_length=60)
    confirmed_on = models.DateField("书面确认日期")
    persons = ArrayField(models.BigIntegerField(), verbose_name="知悉人", default=list)
    expires_on = models.DateField("有效至", null=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="申请人", on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField("申请时间", auto_now_add=True)
    state = models.CharField(
        "状态", max_length=10, choices=RestrictionState, default=RestrictionState.PENDING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="办理人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("办理时间", null=True)
    note = models.CharField("办理意见", max_length=200, blank=True)

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "限知悉申请"
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["expert"], condition=Q(state="pending"), name="restriction_pending_once"
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_by__isnull=True, decided_at__isnull=True)
                | Q(~Q(state="pending"), decided_by__isnull=False, decided_at__isnull=False),
                name="restriction_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(state="withdrawn", decided_by=F("requested_by"))
                | Q(~Q(state="withdrawn"), ~Q(decided_by=F("requested_by"))),
                name="restriction_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="restrict", new_label__isnull=True, expires_on__isnull=False, persons__len__gte=2
                )
                | Q(kind="unrestrict", new_label__in=[0, 1], expires_on__isnull=True, persons=[]),
                name="restriction_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"

    @property
    def is_pending(self) -> bool:
        return self.state == RestrictionState.PENDING
