"""Files that prove what is said about an expert: kept encrypted, seen by who sees what they prove."""

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models

from core.vault import Vault
from experts.models.exit import ExitState, MandatoryExit, deciding
from experts.models.expert import Expert
from experts.models.kept import KeptFile
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User

VAULT = Vault("evidence")


class EvidencePurpose(models.TextChoices):
    CHANGE = "change", "信息变动"
    EXIT = "exit", "应退办理"


class ExitPaper(models.TextChoices):
    """What a file of a mandatory exit is. It is called by this: its own name may tell the reason."""

    CONCLUSION = "conclusion", "结论文件"
    STATEMENT = "statement", "本人申辩"
    REVIEW = "review", "复核材料"
    OTHER = "other", "其他材料"


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: "User") -> Self:
        """Files about visible experts; sensitive ones need the right to sensitive fields as well, and those
        of a reversed exit the right to approve."""
        sensitive = visible(user, key="expert_id", right="sensitive")
        taken_back = MandatoryExit.objects.filter(state=ExitState.REVERSED, uuid=models.OuterRef("about"))
        return self.filter(
            visible(user, key="expert_id") & (models.Q(is_sensitive=False) | sensitive),
            ~models.Q(purpose=EvidencePurpose.EXIT)
            | ~models.Exists(taken_back)
            | deciding(user, "expert_id"),
        )

    def of(self, purpose: EvidencePurpose, about: uuid.UUID) -> Self:
        """The files of one report or case, oldest first."""
        return self.filter(purpose=purpose, about=about).select_related("added_by").order_by("id")


class Evidence(LockedChild, KeptFile):
    """`about` is the uuid of what the file proves, `purpose` says of which kind that is. The file is stored
    encrypted under the random name `stored_as`; `name` is what people called it."""

    expert = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="evidence", db_constraint=False)
    purpose = models.CharField("用途", max_length=10, choices=EvidencePurpose)
    about = models.UUIDField(db_index=True)
    is_sensitive = models.BooleanField("敏感", default=False)
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "佐证材料"
