"""Deaths (二（三）): registered, not proposed; corrected by another person when registered by mistake."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User

CORRECTED_WITHIN = timedelta(days=30)


class DeathQuerySet(models.QuerySet["Death"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(visible(user, key="expert_id"))

    def standing(self) -> Self:
        """Not corrected."""
        return self.filter(corrected_at__isnull=True)


class Death(LockedChild):
    """Written by `experts_register_death` and `experts_correct_death` only (migration 0013), which close and
    reopen the entries on every roster; `proposals` are the ones that closed them."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="deaths", db_constraint=False)
    died_on = models.DateField("去世日期")
    source = models.CharField("信息来源", max_length=200)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField("登记时间")
    proposals = ArrayField(models.BigIntegerField(), default=list)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="更正人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    corrected_at = models.DateTimeField("更正时间", null=True)
    correction = models.CharField("更正理由", max_length=200, blank=True)

    objects = DeathQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "去世登记"
        constraints = [
            models.UniqueConstraint(
                fields=["expert"], condition=Q(corrected_at__isnull=True), name="death_standing_once"
            ),
            models.CheckConstraint(
                condition=Q(corrected_by__isnull=True, corrected_at__isnull=True)
                | Q(corrected_by__isnull=False, corrected_at__isnull=False)
                & ~Q(corrected_by=F("registered_by"))
                & ~Q(correction=""),
                name="death_corrected_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expert_id} · {self.died_on}"

    @property
    def may_still_be_corrected(self) -> bool:
        return self.corrected_at is None and timezone.now() < self.registered_at + CORRECTED_WITHIN
