"""Training 研修 (四（一）): the yearly plan, its classes, who is nominated, who came, what was handed out."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from activities.enums import Attendance, ClassState, DayPart, NominationState, PlanState, TrainingKind
from core.vault import Vault
from experts.models.expert import Expert
from experts.models.kept import KeptFile
from experts.models.locked import LockedChild
from experts.visibility import NOTHING, placed_in_reach, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User

VAULT = Vault("training")
OPEN_STATES = [NominationState.NOMINATED, NominationState.CONFIRMED, NominationState.WAITING]


class TrainingPlanQuerySet(models.QuerySet["TrainingPlan"]):
    def visible_to(self, user: "User") -> Self:
        """Of units in reach; approved ones also of the units above the user's own."""
        if not user.is_active or not user.may("view"):
            return self.none()
        return self.filter(placed_in_reach(user, "view") | Q(state=PlanState.APPROVED) & _around(user))

    def changeable_by(self, user: "User") -> Self:
        """Of units in reach of the right to change."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))


def _around(user: "User", prefix: str = "") -> Q:
    """Units whose subtree meets the user's reach: those in it, and those above it."""
    meets = Q()
    for low, high in user.reach("view"):
        meets |= Q(**{f"{prefix}unit__order__lte": high, f"{prefix}unit__order_end__gte": low})
    return meets or NOTHING


class TrainingPlan(models.Model):
    """What a unit means to teach in a year. It has effect once a department head has approved it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey("accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+")
    place = models.BigIntegerField(editable=False, default=None)
    year = models.PositiveSmallIntegerField("年度")
    note = models.TextField("说明", max_length=2000, blank=True)
    state = models.CharField("状态", max_length=10, choices=PlanState, default=PlanState.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="起草人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("起草时间", auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="批准人", on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField("批准时间", null=True)

    objects = TrainingPlanQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "研修计划"
        constraints = [
            models.UniqueConstraint(fields=["unit", "year"], name="training_plan_once_a_year"),
            models.CheckConstraint(condition=Q(year__range=(2014, 2100)), name="training_plan_year_known"),
            models.CheckConstraint(
                condition=Q(state=PlanState.DRAFT, approved_by__isnull=True, approved_at__isnull=True)
                | Q(state=PlanState.APPROVED, approved_by__isnull=False, approved_at__isnull=False),
                name="training_plan_approved_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.year} 年研修计划"


class TrainingClassQuerySet(models.QuerySet["TrainingClass"]):
    def visible_to(self, user: "User") -> Self:
        """Classes of visible plans."""
        plans = TrainingPlan.objects.visible_to(user).order_by().values("pk")
        return self.filter(plan__in=plans)

    def changeable_by(self, user: "User") -> Self:
        """Of units in reach of the right to change: the organiser's."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def within(self, unit: "Unit") -> Self:
        """Organised by the unit and those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def of(self, user: "User") -> Self:
        """The user's own: of the very units they work for, laid out by them, or for which they or those units
        have put somebody forward."""
        units = user.held_units("view")
        put = Nomination.objects.visible_to(user).open().filter(Q(nominated_by=user) | Q(unit__in=units))
        return self.filter(Q(created_by=user) | Q(unit__in=units) | Q(pk__in=put.values("training")))

    def between(self, first: date, last: date) -> Self:
        """Touching these days, both included."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def held(self) -> Self:
        """That have begun, of approved plans, and were not called off."""
        begun = self.filter(plan__state=PlanState.APPROVED, starts_on__lte=timezone.localdate())
        return begun.exclude(state=ClassState.CANCELLED)

    def open_on(self, day: date) -> Self:
        """For which experts can be nominated that day."""
        return self.filter(state=ClassState.PLANNED, plan__state=PlanState.APPROVED, nominate_by__gte=day)


class TrainingClass(models.Model):
    """One class. `taken` counts the confirmed, as a trigger keeps it (migration 0013); no act lets it pass
    `places`. Restricted experts are never in it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plan = models.ForeignKey(TrainingPlan, on_delete=models.PROTECT, related_name="classes")
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="主办单位", on_delete=models.PROTECT, related_name="+"
    )
    place = models.BigIntegerField(editable=False, default=None)
    kind = models.CharField("类型", max_length=10, choices=TrainingKind)
    title = models.CharField("名称", max_length=120)
    base = models.CharField("办班地点", max_length=120)
    starts_on = models.DateField("开始")
    ends_on = models.DateField("结束")
    nominate_by = models.DateField("推荐截止")
    places = models.PositiveSmallIntegerField("名额")
    taken = models.PositiveIntegerField("已确认", default=0, editable=False)
    note = models.TextField("说明", max_length=2000, blank=True)
    state = models.CharField("状态", max_length=10, choices=ClassState, default=ClassState.PLANNED)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField("改动时间", auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = TrainingClassQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "研修班次"
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="class_days_in_order"),
            models.CheckConstraint(
                condition=Q(nominate_by__lte=F("starts_on")), name="class_nominated_before_it_starts"
            ),
            models.CheckConstraint(condition=Q(places__range=(1, 2000)), name="class_places_known"),
        ]
        indexes = [models.Index(fields=["-starts_on", "-id"], name="class_by_day")]

    def __str__(self) -> str:
        return self.title

    @property
    def room(self) -> int:
        return max(0, self.places - self.taken)

    @property
    def is_approved(self) -> bool:
        return self.plan.state == PlanState.APPROVED

    @property
    def standing(self) -> str:
        """How far it is, in words for a list."""
        if self.is_open:
            return "可以推荐"
        if self.state == ClassState.PLANNED and not self.is_approved:
            return "计划待批准"
        return str(self.get_state_display())

    @property
    def tone(self) -> str:
        if self.is_open:
            return "ok"
        return "warn" if self.state == ClassState.PLANNED and not self.is_approved else "neutral"

    @property
    def is_open(self) -> bool:
        """Whether units may nominate today."""
        return (
            self.state == ClassState.PLANNED and self.is_approved and self.nominate_by >= timezone.localdate()
        )


class TrainingSessionQuerySet(models.QuerySet["TrainingSession"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible classes."""
        return self.filter(training__in=TrainingClass.objects.visible_to(user).order_by().values("pk"))


class TrainingSession(models.Model):
    """A part of a day of a class, for attendance."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    training = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="sessions")
    on = models.DateField("日期")
    part = models.CharField("时段", max_length=10, choices=DayPart, default=DayPart.WHOLE)
    topic = models.CharField("内容", max_length=120, blank=True)

    objects = TrainingSessionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "课程"
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["training", "on", "part"], name="training_session_once")
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.get_part_display()}"


class NominationQuerySet(models.QuerySet["Nomination"]):
    def visible_to(self, user: "User") -> Self:
        """Visible experts, for those in whose reach the nominating unit or the organiser lies."""
        ours = placed_in_reach(user, "view") | Q(
            training__in=TrainingClass.objects.filter(placed_in_reach(user, "view")).order_by().values("pk")
        )
        return self.filter(visible(user, key="expert_id")).filter(ours)

    def changeable_by(self, user: "User") -> Self:
        """Visible ones of classes that the user organises."""
        ours = TrainingClass.objects.changeable_by(user).order_by().values("pk")
        return self.visible_to(user).filter(training__in=ours)

    def nominated_by(self, user: "User") -> Self:
        """Visible ones of units in reach of the right to change, which may withdraw them."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def within(self, unit: "Unit") -> Self:
        """Put forward by the unit and those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def trained(self) -> Self:
        """Who has registered for a class that was held."""
        classes = TrainingClass.objects.held().order_by().values("pk")
        return self.filter(registered_at__isnull=False, training__in=classes)


class Nomination(LockedChild):
    """One expert for one class, by a unit whose expert they are. `attendance` says by uuid of the session
    whether they came. Taking part is no contact and moves no clock."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    training = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="nominations")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="nominations", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="推荐单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    place = models.BigIntegerField(editable=False, default=None)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False, default=None)
    state = models.CharField(
        "状态", max_length=10, choices=NominationState, default=NominationState.NOMINATED
    )
    note = models.CharField("说明", max_length=200, blank=True)
    nominated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="推荐人", on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    nominated_at = models.DateTimeField("推荐时间", auto_now_add=True)
    registered_at = models.DateTimeField("报到时间", null=True)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    attendance = models.JSONField("考勤", default=dict, blank=True)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "研修推荐"
        constraints = [
            models.UniqueConstraint(
                fields=["training", "expert"], condition=Q(state__in=OPEN_STATES), name="nomination_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=NominationState.values), name="nomination_state_known"
            ),
            models.CheckConstraint(
                condition=Q(registered_by__isnull=True, registered_at__isnull=True)
                | Q(registered_by__isnull=False, registered_at__isnull=False),
                name="nomination_registered_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["training", "sort_key", "id"], name="nomination_by_name"),
            models.Index(fields=["expert"], name="nomination_by_expert"),
        ]

    def __str__(self) -> str:
        return f"{self.training_id}:{self.expert_id}"

    @property
    def times_there(self) -> int:
        """For how many sessions they came."""
        return sum(word == Attendance.CAME for word in self.attendance.values())


class TrainingFileQuerySet(models.QuerySet["TrainingFile"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible classes."""
        return self.filter(training__in=TrainingClass.objects.visible_to(user).order_by().values("pk"))


class TrainingFile(KeptFile):
    """Material of a class, stored encrypted under the random name `stored_as`."""

    training = models.ForeignKey(TrainingClass, on_delete=models.CASCADE, related_name="files")
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = TrainingFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "研修材料"
        ordering = ["id"]
