"""The inbox behind the bell."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(recipient=user) if user.is_active else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Message(models.Model):
    """A line in one person's inbox with the page it leads to. Its text never names an expert."""

    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox")
    text = models.CharField("内容", max_length=200)
    url = models.CharField("链接", max_length=200, blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)
    read_at = models.DateTimeField("阅读时间", null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="message_inbox"),
            models.Index(
                fields=["recipient"], condition=models.Q(read_at__isnull=True), name="message_unread"
            ),
        ]

    def __str__(self) -> str:
        return self.text
