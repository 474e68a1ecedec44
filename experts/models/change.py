"""Reported changes about an expert (二（二）): one person reports, another verifies, then it takes effect."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from experts.enums import ChangeKind
from experts.models.catalogue import Honour
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import changeable, visible

if TYPE_CHECKING:
    from accounts.models import User


class ChangeState(models.TextChoices):
    REPORTED = "reported", "待核实"
    EFFECTIVE = "effective", "已生效"
    REFUSED = "refused", "未予采纳"
    WITHDRAWN = "withdrawn", "已撤回"


class Across(models.TextChoices):
    """What a transfer crosses, in the words of 二（三）."""

    REGION = "region", "跨区域"
    DEPARTMENT = "department", "跨部门"
    FIELD = "field", "跨领域"


class ChangeReportQuerySet(models.QuerySet["ChangeReport"]):
    def visible_to(self, user: "User") -> Self:
        """Those about visible experts; of illnesses, nothing without the right to sensitive fields."""
        allowed = ~Q(kind=ChangeKind.SERIOUS_ILLNESS) | visible(user, key="expert_id", right="sensitive")
        return self.filter(visible(user, key="expert_id") & allowed)

    def changeable_by(self, user: "User") -> Self:
        """Visible ones about experts that the user may change."""
        return self.visible_to(user).filter(changeable(user, key="expert_id"))

    def waiting(self) -> Self:
        return self.filter(state=ChangeState.REPORTED)

    def verifiable_by(self, user: "User") -> Self:
        """Waiting ones that somebody else reported and the user may verify."""
        return self.changeable_by(user).waiting().exclude(reported_by=user)

    def for_page(self) -> Self:
        """With what a list or the report's own page shows."""
        return self.select_related("expert__unit", "new_unit", "honour", "reported_by", "decided_by")


class ChangeReport(LockedChild):
    """A change of one of the five kinds. Which of the columns are filled depends on the kind; what is said of
    an illness stands in `ciphertext` only. The facts never change after the report (migration 0009)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="changes", db_constraint=False)
    kind = models.CharField("变动", max_length=20, choices=ChangeKind)
    happened_on = models.DateField("发生日期")
    source = models.CharField("信息来源", max_length=120)
    employer = models.CharField("新工作单位", max_length=120, blank=True)
    post = models.CharField("新职务", max_length=80, blank=True)
    title = models.CharField("新职称", max_length=60, blank=True)
    new_unit = models.ForeignKey(
        "accounts.Unit", verbose_name="新联系单位", on_delete=models.PROTECT, null=True, related_name="+"
    )
    across = ArrayField(
        models.CharField(max_length=12, choices=Across), verbose_name="调动范围", default=list, blank=True
    )
    text = models.CharField("内容", max_length=1000, blank=True)
    honour = models.ForeignKey(
        Honour, verbose_name="称号", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    year = models.PositiveSmallIntegerField("年度", null=True)
    document = models.CharField("证明文件", max_length=120, blank=True)
    ciphertext = models.BinaryField(null=True)
    key_id = models.CharField(max_length=20, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="报送人", on_delete=models.PROTECT, related_name="+"
    )
    reported_at = models.DateTimeField("报送时间", auto_now_add=True)
    state = models.CharField("状态", max_length=10, choices=ChangeState, default=ChangeState.REPORTED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="办理人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("办理时间", null=True)
    note = models.CharField("办理意见", max_length=200, blank=True)

    objects = ChangeReportQuerySet.as_manager()
    tone: str  # set by a list on its rows (experts/changes.py)

    class Meta:
        verbose_name = verbose_name_plural = "信息变动"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="reported", decided_by__isnull=True, decided_at__isnull=True)
                | Q(~Q(state="reported"), decided_by__isnull=False, decided_at__isnull=False),
                name="change_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(state="withdrawn", decided_by=F("reported_by"))
                | Q(~Q(state="withdrawn"), ~Q(decided_by=F("reported_by"))),
                name="change_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(note=""), name="change_refusal_says_why"
            ),
            models.CheckConstraint(
                condition=Q(kind="transfer") & ~Q(employer="")
                | Q(kind="post_change") & (~Q(post="") | ~Q(title=""))
                | Q(kind="serious_illness", ciphertext__isnull=False)
                | Q(kind="major_achievement") & ~Q(text="")
                | Q(kind="award", honour__isnull=False),
                name="change_says_what",
            ),
            models.CheckConstraint(
                condition=Q(~Q(kind="serious_illness"), ciphertext__isnull=True, key_id="")
                | Q(kind="serious_illness", text="", document="", ciphertext__isnull=False) & ~Q(key_id=""),
                name="change_illness_sealed",
            ),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="reported"), name="change_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"

    @property
    def is_waiting(self) -> bool:
        return self.state == ChangeState.REPORTED

    @property
    def is_illness(self) -> bool:
        return self.kind == ChangeKind.SERIOUS_ILLNESS

    @property
    def bound_to(self) -> str:
        """What ties the ciphertext to its row."""
        return f"experts_changereport|{self.uuid}|text"

    @property
    def across_text(self) -> str:
        return "、".join(Across(each).label for each in self.across)

    @property
    def summary(self) -> str:
        """What changed, in one line; nothing of an illness."""
        if self.kind == ChangeKind.TRANSFER:
            return " ".join(part for part in (self.employer, self.post, self.title) if part)
        if self.kind == ChangeKind.POST_CHANGE:
            return " / ".join(part for part in (self.post, self.title) if part)
        if self.kind == ChangeKind.AWARD:
            return " ".join(part for part in (self.text or str(self.honour), str(self.year or "")) if part)
        return self.text
