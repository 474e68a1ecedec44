"""What each person has chosen for their own reminders."""

from datetime import time
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from reminders.enums import MailMode

if TYPE_CHECKING:
    from accounts.models import User


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(user=user) if user.is_active else self.none()


class Preference(models.Model):
    """How one rule's reminders leave by e-mail for one person, where it differs from the rule's own way."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    rule = models.CharField(max_length=40)
    mail = models.CharField("邮件", max_length=8, choices=MailMode)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提醒偏好"
        constraints = [models.UniqueConstraint(fields=["user", "rule"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.rule}"


class HabitQuerySet(models.QuerySet["Habit"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(user=user) if user.is_active else self.none()


class Habit(models.Model):
    """When a person is not to be written to, on the clock of Asia/Shanghai, and whether birthdays are named.
    Equal times: at any hour."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    quiet_from = models.TimeField("免打扰开始", default=time(21))
    quiet_until = models.TimeField("免打扰结束", default=time(8))
    hides_birthdays = models.BooleanField("生日提醒打开前不显示内容", default=False)

    objects = HabitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "提醒习惯"

    def __str__(self) -> str:
        return str(self.user_id)
