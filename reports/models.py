"""Exports: what someone asked to take out of the product, and the file made of it. Templates of documents."""

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
    ROSTER = "roster", "联系专家名单"
    CHANGES = "changes", "名单变动"
    COVERAGE = "coverage", "联系覆盖名单"
    CARD = "card", "专家登记表"
    BRIEF = "brief", "走访一页纸"
    PROPOSAL = "proposal", "名单调整审批表"
    LEAVING = "leaving", "退出审批表"  # a proposal to leave
    DASHBOARD = "dashboard", "联系工作总览"
    EXIT = "exit", "退出审批表"  # a case of mandatory exit


class Format(models.TextChoices):
    """How a file ends, and what people call it."""

    EXCEL = "xlsx", "Excel 表格"
    WORD = "docx", "Word 文档"
    PDF = "pdf", "PDF 文档"


class Document(models.TextChoices):
    """The printed forms; each has a Typst template and a Word one in templates/documents."""

    ROSTER = "roster", "联系专家名单"
    CARD = "card", "专家登记表"
    PROPOSAL = "proposal", "名单调整审批表（提案）"
    EXIT = "exit", "退出审批表（应退）"


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
    """`query` is the list's URL query, or names what the document is of; `words` is the same for people and
    names nobody whom they may not see later. `records` holds the keys of exported rows (reports/sources), so
    that a fetch can tell whether all are still visible. The file is encrypted; it and the keys
    are purged after seven days, the row stays. `file_digest` is the SM3 of the file as it is fetched."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("导出编号", max_length=20, unique=True, default=new_number)
    kind = models.CharField("内容", max_length=10, choices=Kind)
    format = models.CharField("格式", max_length=4, choices=Format, default=Format.EXCEL)
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
        return f"{self.get_kind_display()}-{self.number}.{self.format}"

    @property
    def bound_to(self) -> str:
        """The associated data that ties the file to this export."""
        return f"reports_export|{self.uuid}|file"


class DocumentTemplateQuerySet(models.QuerySet["DocumentTemplate"]):
    def in_use(self, document: str) -> Self:
        """The one that replaces the shipped template of this document, if any."""
        return self.filter(document=document, is_used=True)


class DocumentTemplate(models.Model):
    """A Word template that an administrator has put in the place of the shipped one. Every version is kept;
    the one in use, if any, is what documents are made from."""

    document = models.CharField("文书", max_length=10, choices=Document)
    version = models.PositiveIntegerField("版本")
    name = models.CharField("文件名", max_length=120)
    content = models.BinaryField()
    digest = models.CharField("SM3", max_length=64)
    note = models.CharField("说明", max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    is_used = models.BooleanField("使用中", default=False)

    objects = DocumentTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "文书模板"
        ordering = ["document", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["document", "version"], name="template_version_once"),
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(is_used=True), name="template_used_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_display()} 第 {self.version} 版"
