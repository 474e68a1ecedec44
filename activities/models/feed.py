"""The private address under which somebody subscribes to their calendar."""

import hashlib
import secrets
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: "User") -> Self:
        """One's own."""
        return self.filter(user=user) if user.is_active else self.none()


class CalendarFeed(models.Model):
    """One person's subscription. Only the digest of the token is kept; the token is 256 random bits, so that
    a plain digest is as good as a slow one. The database counts the asks of an hour (migration 0008)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    used_at = models.DateTimeField("最近使用", null=True)
    hour = models.DateTimeField(null=True, editable=False)
    asks = models.PositiveIntegerField(default=0, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "日历订阅"

    def __str__(self) -> str:
        return f"{self.user_id}"


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
