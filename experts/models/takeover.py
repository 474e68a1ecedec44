"""Asking another unit whether it takes an expert over who has moved to it (二（二）, 二（三）)."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from experts.enums import Label
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import changeable, on_list, visible

if TYPE_CHECKING:
    from accounts.models import User


class TakeOverState(models.TextChoices):
    WAITING = "waiting", "待答复"
    ACCEPTED = "accepted", "已接转"
    DECLINED = "declined", "未接转"
    WITHDRAWN = "withdrawn", "已撤回"


def _asked(user: "User") -> Q:
    """Of units in the reach of the right to change; nothing restricted."""
    places = Q()
    for interval in user.reach("change"):
        places |= Q(place__range=interval)
    return (places or Q(pk__in=[])) & Q(label__lte=min(user.clearance, Label.SENSITIVE))


class TakeOverQuerySet(models.QuerySet["TakeOver"]):
    def visible_to(self, user: "User") -> Self:
        """About visible experts; and those that wait for an answer of the user's units, of an expert who is
        another unit's until then."""
        if not user.is_active:
            return self.none()
        return self.filter(visible(user, key="expert_id") | Q(state=TakeOverState.WAITING) & _asked(user))

    def waiting(self) -> Self:
        return self.filter(state=TakeOverState.WAITING)

    def answerable_by(self, user: "User") -> Self:
        """Waiting for the user: asked by somebody else of a unit in the user's reach."""
        if not user.is_active:
            return self.none()
        places = Q(pk__in=[])
        for interval in user.reach("change"):
            places |= Q(place__range=interval)
        mine = _asked(user) | on_list(user, key="expert_id") & places
        return self.waiting().filter(mine).exclude(asked_by=user)

    def changeable_by(self, user: "User") -> Self:
        """About experts that the user may change: these may be withdrawn."""
        return self.filter(changeable(user, key="expert_id"))

    def for_page(self) -> Self:
        """With what a list or a page of its own shows; nothing of the record, which may be out of sight."""
        return self.select_related("unit", "from_unit", "asked_by", "decided_by")


class TakeOver(LockedChild):
    """`unit` is asked, `from_unit` managed the expert then. Who is asked sees these few columns of the expert
    and no more until the answer; `place` is the asked unit's pre-order number.

    Only `experts_answer_takeover` accepts or declines (migration 0021), and another person than who asked.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="takeovers", db_constraint=False
    )
    report = models.ForeignKey("experts.ChangeReport", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="征询单位", on_delete=models.PROTECT, related_name="+"
    )
    place = models.BigIntegerField(editable=False, default=None)
    from_unit = models.ForeignKey(
        "accounts.Unit", verbose_name="现联系单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField("姓名", max_length=60)
    employer = models.CharField("工作单位", max_length=120, blank=True)
    post = models.CharField("职务", max_length=80, blank=True)
    title = models.CharField("职称", max_length=60, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="征询人", on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField("征询时间", auto_now_add=True)
    state = models.CharField("状态", max_length=10, choices=TakeOverState, default=TakeOverState.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="办理人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField("办理时间", null=True)
    note = models.CharField("答复意见", max_length=200, blank=True)

    objects = TakeOverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接转征询"
        constraints = [
            models.UniqueConstraint(
                fields=["expert"], condition=Q(state="waiting"), name="takeover_waiting_once"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="takeover_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "withdrawn"]) | ~Q(decided_by=F("asked_by")),
                name="takeover_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(note=""), name="takeover_refusal_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["place", "id"], condition=Q(state="waiting"), name="takeover_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.expert_id} · {self.get_state_display()}"

    @property
    def is_waiting(self) -> bool:
        return self.state == TakeOverState.WAITING
