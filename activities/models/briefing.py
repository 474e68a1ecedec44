"""Briefings 情况通报 (二（一）): a text with files for units and officers of experts, with receipts."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q

from activities.enums import BriefingState
from core.vault import Vault
from experts.models.expert import Expert
from experts.models.kept import KeptFile
from experts.models.locked import LockedChild
from experts.visibility import placed_in_reach, visible

if TYPE_CHECKING:
    from accounts.models import User

VAULT = Vault("briefings")


class BriefingQuerySet(models.QuerySet["Briefing"]):
    def visible_to(self, user: "User") -> Self:
        """What was sent by units in reach or to the user; drafts of units that the user keeps."""
        if not user.is_active or not user.may("view"):
            return self.none()
        told = Receipt.objects.filter(user=user).values("briefing")
        sent = placed_in_reach(user, "view") & Q(state=BriefingState.SENT)
        return self.filter(sent | placed_in_reach(user, "change") | Q(pk__in=told))

    def changeable_by(self, user: "User") -> Self:
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def with_receipts(self) -> Self:
        """With `told` and `read`: how many were told, of those whose receipts the reader sees."""
        read = Count("receipts", filter=Q(receipts__read_at__isnull=False))
        return self.annotate(told=Count("receipts"), read=read)


class Briefing(models.Model):
    """One briefing of a unit. `units` are those whose officers and heads are told; who that is, is settled
    when it is sent, and from then on it stays as it is."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="通报单位", on_delete=models.PROTECT, related_name="+"
    )
    place = models.BigIntegerField(editable=False, default=None)
    title = models.CharField("标题", max_length=120)
    text = models.TextField("内容", max_length=20000)
    units = ArrayField(models.BigIntegerField(), default=list, blank=True)
    state = models.CharField("状态", max_length=10, choices=BriefingState, default=BriefingState.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="起草人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("起草时间", auto_now_add=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="发送人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    sent_at = models.DateTimeField("发送时间", null=True)
    reminded_at = models.DateTimeField("提醒时间", null=True)

    objects = BriefingQuerySet.as_manager()
    told: int  # by with_receipts
    read: int  # by with_receipts

    class Meta:
        verbose_name = verbose_name_plural = "情况通报"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=BriefingState.DRAFT, sent_by__isnull=True, sent_at__isnull=True)
                | Q(state=BriefingState.SENT, sent_by__isnull=False, sent_at__isnull=False),
                name="briefing_sent_whole",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_draft(self) -> bool:
        return self.state == BriefingState.DRAFT


class BriefingFileQuerySet(models.QuerySet["BriefingFile"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible briefings."""
        return self.filter(briefing__in=Briefing.objects.visible_to(user).order_by().values("pk"))


class BriefingFile(KeptFile):
    """A file of a briefing, stored encrypted under the random name `stored_as`."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="files")

    objects = BriefingFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通报附件"
        ordering = ["id"]


class BriefingExpertQuerySet(models.QuerySet["BriefingExpert"]):
    def visible_to(self, user: "User") -> Self:
        """Visible experts of visible briefings."""
        briefings = Briefing.objects.visible_to(user).order_by().values("pk")
        return self.filter(visible(user, key="expert_id"), briefing__in=briefings)


class BriefingExpert(LockedChild):
    """An expert whose officers a briefing is for."""

    briefing = models.ForeignKey(Briefing, on_delete=models.CASCADE, related_name="experts")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )

    objects = BriefingExpertQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通报涉及的专家"
        indexes = [models.Index(fields=["expert"], name="briefing_expert_by_expert")]

    def __str__(self) -> str:
        return f"{self.briefing_id}:{self.expert_id}"


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def visible_to(self, user: "User") -> Self:
        """One's own, and those of briefings that the user keeps."""
        ours = Briefing.objects.changeable_by(user).order_by().values("pk")
        return self.filter(Q(user=user) | Q(briefing__in=ours)) if user.may("view") else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Receipt(models.Model):
    """One person who was told, and when they said that they have read it (阅知回执)."""

    briefing = models.ForeignKey(Briefing, on_delete=models.PROTECT, related_name="receipts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField("阅知时间", null=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "阅知回执"
        constraints = [models.UniqueConstraint(fields=["briefing", "user"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.briefing_id}:{self.user_id}"
