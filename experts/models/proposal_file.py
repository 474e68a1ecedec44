"""Files that a proposal rests on: kept encrypted, seen by who sees everybody whom the proposal names."""

from typing import TYPE_CHECKING, Self

from django.db import models

from core.vault import Vault
from experts.models.kept import KeptFile
from experts.models.proposal import Proposal

if TYPE_CHECKING:
    from accounts.models import User

VAULT = Vault("proposals")


class ProposalFileQuerySet(models.QuerySet["ProposalFile"]):
    def visible_to(self, user: "User") -> Self:
        """Files of visible proposals of which the user sees every line: a file may name all of them."""
        whole = Proposal.objects.seen_whole_by(user)
        return self.filter(proposal__in=whole.order_by().values("pk"))


class ProposalFile(KeptFile):
    """A file of a proposal, stored encrypted under the random name `stored_as`."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="files")
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = ProposalFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提案的佐证材料"
        ordering = ["id"]
