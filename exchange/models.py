"""A roster on its way into the register: the uploaded sheet, how its columns are read, and each row."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from core.jobs import Job

if TYPE_CHECKING:
    from accounts.models import User


class Stage(models.TextChoices):
    READING = "reading", "读取文件"
    MAPPING = "mapping", "核对列"
    CHECKING = "checking", "检查"
    PREVIEW = "preview", "预览"
    COMMITTING = "committing", "写入"
    COMMITTED = "committed", "已导入"
    PROPOSING = "proposing", "起草提案"


class RowState(models.TextChoices):
    OK = "ok", "可导入"
    HELD = "held", "待处理"
    DUPLICATE = "duplicate", "重复行"


class RowAction(models.TextChoices):
    CREATE = "create", "新增"
    UPDATE = "update", "更新"
    UNCHANGED = "unchanged", "无变化"


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    def visible_to(self, user: "User") -> Self:
        """Imports of the units in which the user holds a role with the right to change, no others."""
        return self.filter(owner_unit__in=user.held_units("change"))


class RosterImport(Job):
    """One uploaded roster. `unit` receives new experts; `owner_unit` is the uploader's, whose people alone
    see it. The stored file is encrypted; file and rows are purged after seven days."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+")
    owner_unit = models.ForeignKey("accounts.Unit", on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    file_name = models.CharField("文件", max_length=200)
    file_digest = models.CharField("SM3", max_length=64, blank=True)
    stored_as = models.CharField(max_length=60, blank=True)
    stored_key = models.CharField(max_length=20, blank=True)
    stage = models.CharField("步骤", max_length=12, choices=Stage, default=Stage.READING)
    sheet_name = models.CharField("工作表", max_length=100, blank=True)
    layout = models.JSONField(default=dict)
    sample_sealed = models.BinaryField(default=bytes)
    sample_key = models.CharField(max_length=20, blank=True)
    counts = models.JSONField(default=dict)
    committed_at = models.DateTimeField("导入时间", null=True)
    proposal = models.ForeignKey(
        "experts.Proposal", verbose_name="名单提案", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名册导入"
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner_unit", "-id"], name="import_by_unit")]

    def __str__(self) -> str:
        return self.file_name


class RosterRowQuerySet(models.QuerySet["RosterRow"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(owner_unit_id__in=user.held_units("change"))


class RosterRow(models.Model):
    """One row. `sealed` is the encrypted content (cells, corrections, checked values, problems, differences);
    in clear stand only numbers, states and the record it was matched to, or became."""

    pk = models.CompositePrimaryKey("roster_id", "number")
    roster = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField("行号")
    owner_unit_id = models.BigIntegerField()
    mended = models.BooleanField("有更正", default=False)
    state = models.CharField("状态", max_length=10, choices=RowState, blank=True)
    action = models.CharField("处理", max_length=10, choices=RowAction, blank=True)
    expert_id = models.BigIntegerField(null=True)
    expert_version = models.PositiveIntegerField(null=True)
    duplicate_of = models.PositiveIntegerField(null=True)
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=20)

    objects = RosterRowQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名册行"
        indexes = [models.Index(fields=["roster", "state", "number"], name="roster_row_by_state")]

    def __str__(self) -> str:
        return f"{self.roster_id}:{self.number}"


class ColumnMemory(models.Model):
    """How a unit's columns were read last time: header text to field ("" for a column left out)."""

    unit = models.ForeignKey("accounts.Unit", on_delete=models.CASCADE, related_name="+")
    header = models.CharField(max_length=100)
    field = models.CharField(max_length=30, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "列的记忆"
        constraints = [models.UniqueConstraint(fields=["unit", "header"], name="column_memory_once")]

    def __str__(self) -> str:
        return f"{self.header} → {self.field}"
