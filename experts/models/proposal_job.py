"""Work on a large proposal that a worker does for a person."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from core.jobs import Job, JobState
from experts.models.proposal import Proposal

if TYPE_CHECKING:
    from accounts.models import User


class JobAct(models.TextChoices):
    """What takes long with many lines; every other act is one row."""

    FILL = "fill", "统一填写"
    SUBMIT = "submit", "提交"
    APPROVE = "approve", "批准"


class ProposalJobQuerySet(models.QuerySet["ProposalJob"]):
    def visible_to(self, user: "User") -> Self:
        """One's own."""
        return self.filter(by=user) if user.is_active else self.none()

    def active(self) -> Self:
        return self.filter(job_state__in=[JobState.WAITING, JobState.RUNNING])


class ProposalJob(Job):
    """One act of one person on one proposal, and theirs alone: its numbers count lines, its words may name
    people that another reader of the proposal does not see. That somebody is at work is told to all by
    `Proposal.busy_by`. `asked` are the arguments of the act, emptied when it ends; `version` is the
    proposal's when it was asked for."""

    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    act = models.CharField("办理", max_length=10, choices=JobAct)
    asked = models.JSONField(default=dict)
    version = models.PositiveIntegerField()
    asked_at = models.DateTimeField("开始", auto_now_add=True)

    objects = ProposalJobQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提案的后台办理"

    def __str__(self) -> str:
        return f"{self.proposal_id}:{self.act}"
