"""Files that a proposal rests on: kept encrypted, seen by who sees everybody whom the proposal names."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from core.vault import Vault
from experts.models.proposal import Proposal

if TYPE_CHECKING:
    from accounts.models import User

VAULT = Vault("proposals")


class ProposalFileQuerySet(models.QuerySet["ProposalFile"]):
    def visible_to(self, user: "User") -> Self:
        """Files of visible proposals of which the user sees every line: a file may name all of them."""
        whole = Proposal.objects.seen_whole_by(user)
        return self.filter(proposal__in=whole.order_by().values("pk"))


class ProposalFile(models.Model):
    """A file of a proposal, stored encrypted under the random name `stored_as`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="files")
    name = models.CharField("文件名", max_length=120)
    size = models.PositiveIntegerField("大小")
    stored_as = models.CharField(max_length=60)
    stored_key = models.CharField(max_length=20)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = ProposalFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提案的佐证材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def bound_to(self) -> str:
        """What ties the stored file to its row."""
        return f"experts_proposalfile|{self.uuid}|file"
