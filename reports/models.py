"""Exports: what someone asked to take out of the product, and the file made of it."""

import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, QuerySet
from django.utils import timezone

from core.jobs import Job, JobState
from core.vault import Vault

if TYPE_CHECKING:
    from accounts.models import User

KEEP = timedelta(days=7)
VAULT = Vault("exports")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: the number is read over the telephone


class Kind(models.TextChoices):
    EXPERTS = "experts", "专家名单"
    TRAIL = "trail", "审计记录"


def new_number() -> str:
    """What people call an export: DC-20261123-7KQ2MP."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"DC-{timezone.localdate():%Y%m%d}-{drawn}"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: "User") -> Self:
        """One's own."""
        return self.filter(user=user) if user.is_active else self.none()

    def for_list(self) -> Self:
        return self.defer("records")

    def unfinished(self) -> Self:
        return self.filter(job_state__in=[JobState.WAITING, JobState.RUNNING])

    def record_keys(self) -> QuerySet["Export", int]:
        """Keys of the exported records, for a subquery."""
        keys = Func("records", function="unnest", output_field=models.BigIntegerField())
        return self.annotate(record=keys).values("record")  # type: ignore[return-value]


class Export(Job):
    """`query` is the list's URL query, `words` the same for people. `records` holds the keys of exported
    experts, so that a fetch can tell whether all are still visible. The file is encrypted; it and the keys
    are purged after seven days, the row stays. `file_digest` is the SM3 of the file as it is fetched."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("导出编号", max_length=20, unique=True, default=new_number)
    kind = models.CharField("内容", max_length=10, choices=Kind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="导出人", on_delete=models.PROTECT, related_name="+"
    )
    query = models.CharField(max_length=1000, blank=True)
    words = models.CharField("筛选", max_length=500, blank=True)
    reason = models.CharField("事由", max_length=200)
    requested_at = models.DateTimeField("申请时间", auto_now_add=True)
    rows = models.PositiveIntegerField("行数", default=0)
    records = ArrayField(models.BigIntegerField(), default=list)
    stored_as = models.CharField(max_length=60, blank=True)
    stored_key = models.CharField(max_length=20, blank=True)
    file_digest = models.CharField("SM3", max_length=64, blank=True)
    expires_at = models.DateTimeField("保留至", null=True)
    fetched_at = models.DateTimeField("下载时间", null=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导出"
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="export_by_user")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_ready(self) -> bool:
        """Whether the file is there to be fetched."""
        return bool(self.stored_as) and self.expires_at is not None and self.expires_at > timezone.now()

    @property
    def file_name(self) -> str:
        return f"{self.get_kind_display()}-{self.number}.xlsx"

    @property
    def bound_to(self) -> str:
        """The associated data that ties the file to this export."""
        return f"reports_export|{self.uuid}|file"
