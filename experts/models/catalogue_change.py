"""A change of the honour catalogue (三（二）): first it shows whom it would move."""

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from core.jobs import Job
from experts.models.catalogue import Honour

if TYPE_CHECKING:
    from accounts.models import User

# The city department's own number in the unit tree: who holds the right there keeps the catalogue.
CITY = 0


class ChangeStage(models.TextChoices):
    PREVIEW = "preview", "待确认"
    APPLIED = "applied", "已修改"
    DROPPED = "dropped", "已放弃"


class CatalogueChangeQuerySet(models.QuerySet["CatalogueChange"]):
    def visible_to(self, user: "User") -> Self:
        """Whoever asked for it, while they keep the catalogue; previews count what one person may see."""
        if not user.is_active or not user.may("catalogue", order=CITY):
            return self.none()
        return self.filter(requested_by=user)


class CatalogueChange(Job):
    """The proposed facts of one entry (`honour` is None for a new one) and what they would do.

    The job is first the preview, run for the person, and after they confirm the recomputation, run by the
    system for every record. The latter counts in per cent: it also meets records that the person may not see.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    honour = models.ForeignKey(
        Honour, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="称号"
    )
    honour_version = models.PositiveIntegerField("改动所依据的版本", default=0)
    code = models.CharField("代码", max_length=40)
    facts = models.JSONField("改后", default=dict, encoder=DjangoJSONEncoder)
    before = models.JSONField("改前", default=dict, encoder=DjangoJSONEncoder)
    stage = models.CharField("阶段", max_length=10, choices=ChangeStage, default=ChangeStage.PREVIEW)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="改动人"
    )
    requested_at = models.DateTimeField("提出时间", auto_now_add=True)
    to_key = models.PositiveIntegerField("转为重点联系", default=0)
    to_general = models.PositiveIntegerField("转为普遍联系", default=0)
    shown = models.JSONField("举例", default=list)
    rule = models.PositiveIntegerField("规则版本", null=True)
    applied_at = models.DateTimeField("修改时间", null=True)

    objects = CatalogueChangeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "称号目录改动"
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    stage="applied", honour__isnull=False, rule__isnull=False, applied_at__isnull=False
                )
                | Q(~Q(stage="applied"), rule__isnull=True, applied_at__isnull=True),
                name="catalogue_change_applied_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.get_stage_display()}"

    def values(self) -> dict[str, Any]:
        """The proposed facts as the fields of Honour hold them."""
        fields = {field.name: field for field in Honour._meta.fields}
        return {name: fields[name].to_python(value) for name, value in self.facts.items()}

    def proposed(self) -> Honour:
        """The honour as it would be; not saved, and apart from the one that is in force."""
        return Honour(pk=self.honour_id, code=self.code, **self.values())
