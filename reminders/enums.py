"""Closed lists of the reminders."""

from django.db import models


class PlanState(models.TextChoices):
    """What became of a planned reminder. Dropped: no longer true, or no longer the recipient's to know."""

    WAITING = "waiting", "待发"
    SENT = "sent", "已发"
    DROPPED = "dropped", "不再需要"
    FAILED = "failed", "未发出"


class MailMode(models.TextChoices):
    """How a rule's reminders leave by e-mail; the inbox has them in any case."""

    OFF = "off", "不发邮件"
    DIGEST = "digest", "每日汇总"
    NOW = "now", "随时发送"


class MailState(models.TextChoices):
    """Where a letter stands. Needless: whoever it was for had read or done everything by then."""

    WAITING = "waiting", "待发"
    SENT = "sent", "已发"
    NEEDLESS = "needless", "不必再发"
    DEAD = "dead", "未发出"


class MailKind(models.TextChoices):
    MESSAGE = "message", "随时发送"
    DIGEST = "digest", "每日汇总"
    TEST = "test", "测试邮件"
