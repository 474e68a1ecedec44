"""What happened to the fields of an expert: written by triggers (0012) only, never changed."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.db import models
from django.db.models import Exists, OuterRef, Q

from experts.models.expert import Expert
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User


class Origin(models.TextChoices):
    """What an act says of itself (core/origin.py); one that says nothing is an edit."""

    EDIT = "edit", "编辑"
    IMPORT = "import", "名册导入"
    CHANGE = "change", "信息变动"
    MERGE = "merge", "合并档案"
    UNMERGE = "unmerge", "撤销合并"
    RECOMPUTE = "recompute", "重新认定"
    RESTORE = "restore", "恢复原值"


class Subject(models.TextChoices):
    EXPERT = "expert", "资料"
    AWARD = "award", "称号奖励"
    SENSITIVE = "sensitive", "敏感信息"


class HistoryAct(models.TextChoices):
    CREATED = "created", "新增"
    CHANGED = "changed", "修改"
    REMOVED = "removed", "删除"


class HistoryQuerySet(models.QuerySet["HistoryEvent"]):
    def visible_to(self, user: "User") -> Self:
        """The expert's own rule; that a sensitive field changed is told to those who may see the field."""
        it = Q(pk=OuterRef("expert_id"))
        seen = Exists(Expert.objects.visible_to(user).filter(it))
        open_to_all = ~Q(subject=Subject.SENSITIVE)
        return self.filter(
            seen, open_to_all | Exists(Expert.objects.filter(visible(user, right="sensitive"), it))
        )

    def touching(self, field: str) -> Self:
        """Events in which the field changed; the name of a subject stands for all of it."""
        if field in Subject.values:
            return self.filter(subject=field)
        return self.filter(~Q(subject=Subject.AWARD), changes__has_key=field)


class HistoryEvent(models.Model):
    """One record in one statement. `changes` maps a field to [was, became], or to [] where no value is kept;
    `about` says which honour it was, and all of it when it was removed."""

    # Without an index: always looked up beside the expert.
    uuid = models.UUIDField(db_default=RandomUUID(), editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField("时间", db_default=TransactionNow())
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="办理人",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    origin = models.CharField("来自", max_length=40, choices=Origin)
    reference = models.CharField("编号", max_length=40, blank=True)
    subject = models.CharField(max_length=10, choices=Subject)
    act = models.CharField(max_length=10, choices=HistoryAct)
    about = models.JSONField(null=True)
    changes = models.JSONField()

    objects = HistoryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "修改历史"
        indexes = [models.Index(fields=["expert", "id"], name="history_of_expert")]

    def __str__(self) -> str:
        return f"{self.expert_id}:{self.pk}"

    @property
    def key_of_act(self) -> tuple[Any, ...]:
        """What the events of one act share: the moment of its transaction, who and where from."""
        return self.at, self.by_id, self.origin, self.reference
