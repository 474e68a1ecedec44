"""A unit's own priorities 联系重点, stated on top of the policy's scope (二（二）)."""

import secrets
import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from experts.enums import Category
from experts.models.expert import RECORD_ALPHABET
from experts.visibility import placed_in_reach

if TYPE_CHECKING:
    from accounts.models import Unit, User


class PriorityState(models.TextChoices):
    """Follows from the days; nothing stores it."""

    COMING = "coming", "尚未开始"
    IN_FORCE = "in_force", "生效中"
    ENDED = "ended", "已结束"


def new_priority_number() -> str:
    """What people call a priority: ZD-, the day, and six random characters."""
    tail = "".join(secrets.choice(RECORD_ALPHABET) for _ in range(6))
    return f"ZD-{timezone.localdate():%Y%m%d}-{tail}"


class PriorityQuerySet(models.QuerySet["Priority"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach, and what the units above have stated for those below them."""
        found = placed_in_reach(user, "view")
        for low, high in user.reach("view"):
            found |= Q(below=True, unit__order__lte=low, unit__order_end__gte=high)
        return self.filter(found).select_related("unit", "stated_by", "ended_by")

    def changeable_by(self, user: "User") -> Self:
        """Those that the user may end: of units in which they approve."""
        return self.filter(placed_in_reach(user, "approve"))

    def in_force(self, day: date) -> Self:
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), since__lte=day)

    def not_ended(self, day: date) -> Self:
        """In force, or still to come."""
        return self.filter(Q(until__isnull=True) | Q(until__gte=day) & Q(until__gte=F("since")))

    def applying_to(self, unit: "Unit") -> Self:
        """The unit's own, and those of units above that are for the units below as well."""
        above = Q(below=True, unit__order__lte=unit.order, unit__order_end__gte=unit.order)
        return self.filter(Q(unit=unit) | above)


class Priority(models.Model):
    """Whom a unit treats as its priority, beside those whom the policy makes key.

    Of `honours` (codes), the field (`disciplines` or `words` in the field of work), `posts` (words in post or
    title) and `categories` those that are stated must all hold; within one, any of its values will do. It
    never changes `Expert.scope`. `until` is the last day; one that ends before `since` was never in force.
    `is_noted`: the worklists of rosters go by it already (migration 0017).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField("编号", max_length=18, default=new_priority_number, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+")
    place = models.BigIntegerField(editable=False, default=None)
    name = models.CharField("名称", max_length=40)
    reason = models.CharField("理由或文件", max_length=200)
    honours = ArrayField(models.CharField(max_length=40), verbose_name="称号", default=list, blank=True)
    disciplines = ArrayField(models.CharField(max_length=3), verbose_name="学科", default=list, blank=True)
    words = ArrayField(models.CharField(max_length=20), verbose_name="研究方向", default=list, blank=True)
    posts = ArrayField(models.CharField(max_length=20), verbose_name="职务职称", default=list, blank=True)
    categories = ArrayField(
        models.CharField(max_length=30, choices=Category), verbose_name="类别", default=list, blank=True
    )
    below = models.BooleanField("也适用于所属单位", default=False)
    since = models.DateField("开始", default=timezone.localdate)
    until = models.DateField("最后一天", null=True, blank=True)
    stated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="设立人", on_delete=models.PROTECT, related_name="+"
    )
    stated_at = models.DateTimeField("设立时间", default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="结束人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField("结束时间", null=True)
    is_noted = models.BooleanField(default=True, editable=False)

    objects = PriorityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联系重点"
        constraints = [
            models.CheckConstraint(
                condition=~Q(honours=[], disciplines=[], words=[], posts=[], categories=[]),
                name="priority_says_whom",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False, until__isnull=False),
                name="priority_ended_whole",
            ),
        ]
        indexes = [models.Index(fields=["place", "-id"], name="priority_by_unit")]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> PriorityState:
        today = timezone.localdate()
        if self.until and (self.until < today or self.until < self.since):
            return PriorityState.ENDED
        return PriorityState.COMING if today < self.since else PriorityState.IN_FORCE

    @property
    def title(self) -> str:
        """How it is named where several units meet: 海淀区委联系重点：人工智能."""
        return f"{self.unit.short_name}联系重点：{self.name}"
