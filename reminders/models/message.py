"""The inbox behind the bell."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q

from reminders.enums import MailMode

if TYPE_CHECKING:
    from accounts.models import User


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(recipient=user) if user.is_active else self.none()

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)

    def open(self) -> Self:
        """Reminders of something that nobody has said to be done."""
        return self.filter(done_at__isnull=True).exclude(rule="")

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)


class Message(models.Model):
    """A line in one person's inbox with the page it leads to. Its text never names an expert: whom a reminder
    is about is looked up when the line is shown, with the rights that the reader has then.

    What a reminder leaves here: `reminder`, unique, makes it exactly one line; `mail` says how it goes out by
    e-mail and `letter` with which one it went.
    """

    uuid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox")
    text = models.CharField("内容", max_length=200)
    url = models.CharField("链接", max_length=200, blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)
    read_at = models.DateTimeField("阅读时间", null=True)
    done_at = models.DateTimeField("办结时间", null=True)
    rule = models.CharField(max_length=40, blank=True, db_default="")
    subject = models.BigIntegerField(null=True)
    expert_id = models.BigIntegerField(null=True)  # no foreign key: apps above own the table
    due_at = models.DateTimeField("到期", null=True)
    reminder = models.BigIntegerField(null=True, unique=True)
    mail = models.CharField(max_length=8, choices=MailMode, default=MailMode.OFF, db_default=MailMode.OFF)
    letter = models.ForeignKey(  # letters are forgotten after two months, messages are not
        "reminders.Letter", on_delete=models.DO_NOTHING, null=True, related_name="messages", db_index=False,
        db_constraint=False,
    )  # fmt: skip

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["recipient", "-id"], name="message_inbox"),
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="message_unread"),
            models.Index(
                fields=["recipient"],
                condition=Q(mail=MailMode.DIGEST, letter__isnull=True, read_at__isnull=True),
                name="message_for_digest",
            ),
            models.Index(fields=["letter"], condition=Q(letter__isnull=False), name="message_of_letter"),
        ]

    def __str__(self) -> str:
        return self.text
