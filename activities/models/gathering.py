"""Regular meetings (二（一）) and symposia (四（一）): series, single gatherings, agenda, invitations."""

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, F, Q

from activities.enums import (
    Attendance,
    Every,
    GatheringKind,
    GatheringState,
    Reply,
    Weekday,
    WeekOfMonth,
)
from activities.recurrence import Rhythm
from experts.visibility import NOTHING, placed_in_reach

if TYPE_CHECKING:
    from accounts.models import Unit, User


def units_in(user: "User", right: str, key: str) -> Q:
    """Rows whose unit lies in reach of the right; `key` names the column of the unit."""
    found = NOTHING
    for interval in user.reach(right):  # type: ignore[arg-type]
        found |= Q(**{f"{key}__order__range": interval})
    return found


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: "User") -> Self:
        """Series of units in reach."""
        return self.filter(placed_in_reach(user, "view")) if user.is_active else self.none()

    def changeable_by(self, user: "User") -> Self:
        return self.filter(placed_in_reach(user, "change")) if user.is_active else self.none()

    def running(self) -> Self:
        return self.filter(ended_at__isnull=True)


class Series(models.Model):
    """A meeting that a unit holds again and again. Its rhythm is a day of the month, or a weekday of a week
    of the month; times are Asia/Shanghai. `people` and `units` are invited to every meeting, `agenda` stands
    on every agenda, one item a line."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="召集单位", on_delete=models.PROTECT, related_name="+"
    )
    place = models.BigIntegerField(editable=False, default=None)
    title = models.CharField("名称", max_length=80)
    every = models.PositiveSmallIntegerField("多久一次", choices=Every, default=Every.QUARTER)
    day = models.PositiveSmallIntegerField("几日", null=True, blank=True)
    week = models.PositiveSmallIntegerField("第几个", choices=WeekOfMonth, null=True, blank=True)
    weekday = models.PositiveSmallIntegerField("星期几", choices=Weekday, null=True, blank=True)
    moves_off_holidays = models.BooleanField("遇周末和节假日顺延到下一个工作日", default=True)
    first_on = models.DateField("从哪天起")
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    room = models.CharField("地点", max_length=120, blank=True)
    agenda = models.TextField("常设议题", max_length=2000, blank=True)
    people = ArrayField(models.BigIntegerField(), default=list, blank=True)
    units = ArrayField(models.BigIntegerField(), default=list, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="建立人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("建立时间", auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField("停止时间", null=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "例会安排"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="series_times_in_order"),
            models.CheckConstraint(condition=Q(every__in=Every.values), name="series_rhythm_known"),
            models.CheckConstraint(
                condition=Q(day__range=(1, 31), week__isnull=True, weekday__isnull=True)
                | Q(day__isnull=True, week__range=(1, 5), weekday__range=(1, 7)),
                name="series_day_or_weekday",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="series_ended_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.first_on, self.every, self.day, self.week, self.weekday)

    @property
    def rhythm_text(self) -> str:
        """每季度第一个星期三 14:00, or 每月 15 日 09:00."""
        on = f" {self.day} 日" if self.day else f"{self.get_week_display()}{self.get_weekday_display()}"
        return f"{self.get_every_display()}{on} {self.starts:%H:%M}"

    @property
    def agenda_items(self) -> list[str]:
        return [line.strip() for line in self.agenda.splitlines() if line.strip()]


class GatheringQuerySet(models.QuerySet["Gathering"]):
    def visible_to(self, user: "User") -> Self:
        """Those of units in reach, unless for the invited only; those that the user or a unit in reach is
        invited to or has a resolution of. What experts they are about is another question (Guest)."""
        if not user.is_active or not user.may("view"):
            return self.none()
        from activities.models.resolution import Resolution

        ours = placed_in_reach(user, "view") & (Q(invited_only=False) | Q(created_by=user))
        invited = Invitation.objects.filter(reaching(user)).values("gathering")
        owned = Resolution.objects.filter(owned_in_reach(user)).values("gathering")
        return self.filter(ours | Q(pk__in=invited) | Q(pk__in=owned))

    def changeable_by(self, user: "User") -> Self:
        """Visible ones of units in reach of the right to change."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def within(self, unit: "Unit") -> Self:
        """Held by the unit and those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def of(self, user: "User") -> Self:
        """The user's own: called by the user, or the user, a delegate or a unit they work for is invited."""
        invited = Invitation.objects.filter(inviting(user)).values("gathering")
        return self.filter(Q(created_by=user) | Q(pk__in=invited))

    def between(self, first: date, last: date) -> Self:
        """On these days, both included."""
        return self.filter(on__range=(first, last))

    def planned(self) -> Self:
        return self.filter(state=GatheringState.PLANNED)

    def meetings_held(self) -> Self:
        return self.filter(kind=GatheringKind.MEETING, state=GatheringState.DONE)

    def with_replies(self) -> Self:
        """With `asked` and `replied`: how many invitations there are and how many were answered."""
        return self.annotate(
            asked=Count("invitations"), replied=Count("invitations", filter=~Q(invitations__reply=""))
        )


class Gathering(models.Model):
    """One meeting or symposium on one day; times are Asia/Shanghai. `slot` is the day on which its series put
    it; `is_moved` says that somebody has changed it by hand, so that the series leaves it alone. `version`
    counts its own changes, never what hangs on it: it leaves the system as a calendar's sequence."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("类型", max_length=10, choices=GatheringKind)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, related_name="gatherings")
    slot = models.DateField(null=True, editable=False)
    is_moved = models.BooleanField(default=False, editable=False)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="召集单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    place = models.BigIntegerField(editable=False, default=None)
    title = models.CharField("名称", max_length=120)
    on = models.DateField("日期")
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    room = models.CharField("地点", max_length=120, blank=True)
    room_key = models.CharField(max_length=120, blank=True, editable=False, db_collation="C")
    invited_only = models.BooleanField("只有受邀的人看得到", default=False)
    state = models.CharField("状态", max_length=10, choices=GatheringState, default=GatheringState.PLANNED)
    reason = models.CharField("原因", max_length=200, blank=True)
    minutes = models.TextField("纪要", max_length=20000, blank=True)
    minutes_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="记录人", on_delete=models.PROTECT, null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    minutes_at = models.DateTimeField("记录时间", null=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField("改动时间", auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="建立人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects = GatheringQuerySet.as_manager()
    asked: int  # by with_replies
    replied: int  # by with_replies

    class Meta:
        verbose_name = verbose_name_plural = "例会与座谈"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=GatheringKind.values), name="gathering_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=GatheringState.values), name="gathering_state_known"
            ),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="gathering_times_in_order"),
            models.CheckConstraint(
                condition=Q(series__isnull=True, slot__isnull=True)
                | Q(series__isnull=False, slot__isnull=False, kind=GatheringKind.MEETING),
                name="gathering_of_a_series",
            ),
            models.UniqueConstraint(fields=["series", "slot"], name="gathering_once_a_slot"),
            models.CheckConstraint(
                condition=Q(state__in=[GatheringState.PLANNED, GatheringState.DONE], reason="")
                | (Q(state__in=[GatheringState.CANCELLED, GatheringState.MISSED]) & ~Q(reason="")),
                name="gathering_not_held_says_why",
            ),
            models.CheckConstraint(
                condition=Q(minutes="", minutes_by__isnull=True, minutes_at__isnull=True)
                | (Q(minutes_by__isnull=False, minutes_at__isnull=False) & ~Q(minutes="")),
                name="gathering_minutes_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["-on", "-id"], name="gathering_by_day"),
            models.Index(fields=["place", "on"], name="gathering_by_unit"),
            models.Index(fields=["room_key", "on"], name="gathering_by_room"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_planned(self) -> bool:
        return self.state == GatheringState.PLANNED

    @property
    def is_meeting(self) -> bool:
        return self.kind == GatheringKind.MEETING

    @property
    def hours(self) -> str:
        return f"{self.starts:%H:%M}—{self.ends:%H:%M}"

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.on, self.starts)


class AgendaItemQuerySet(models.QuerySet["AgendaItem"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible gatherings."""
        return self.filter(gathering__in=Gathering.objects.visible_to(user).order_by().values("pk"))


class AgendaItem(models.Model):
    """What a gathering speaks of, in order, and who reports."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="agenda")
    position = models.PositiveSmallIntegerField("序号")
    title = models.CharField("议题", max_length=200)
    speaker = models.CharField("汇报人", max_length=60, blank=True)

    objects = AgendaItemQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "议题"
        ordering = ["position", "id"]
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="agenda_item_says_what")]

    def __str__(self) -> str:
        return self.title


def reaching(user: "User") -> Q:
    """Invitations through which somebody sees the gathering: their own, and those of units in reach."""
    return Q(user=user) | Q(delegate=user) | units_in(user, "view", "unit")


def inviting(user: "User") -> Q:
    """Invitations of the user in person, as a delegate, or of the very units in which they work."""
    return Q(user=user) | Q(delegate=user) | Q(unit__in=user.held_units("view"))


def owned_in_reach(user: "User") -> Q:
    """Resolutions of the user, and of units in reach."""
    return Q(owner=user) | units_in(user, "view", "unit")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible gatherings."""
        return self.filter(gathering__in=Gathering.objects.visible_to(user).order_by().values("pk"))

    def answerable_by(self, user: "User") -> Self:
        """Those that the user answers: their own, and those of units in reach of the right to change."""
        return self.visible_to(user).filter(Q(user=user) | units_in(user, "change", "unit"))

    def waiting_for(self, user: "User", day: date) -> Self:
        """Of gatherings still to come: what the user has not answered, in person or for where they work."""
        asked = self.answerable_by(user).filter(inviting(user), reply="")
        return asked.filter(gathering__state=GatheringState.PLANNED, gathering__on__gte=day)


class Invitation(models.Model):
    """One colleague or one unit that is asked to come, what they answer, and whether they came. Who comes
    instead, or for a unit, is a colleague with an account (`delegate`) or a name (`comes`)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="invitations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="人员", on_delete=models.PROTECT, null=True, related_name="+"
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, null=True, related_name="+"
    )
    invited_at = models.DateTimeField("邀请时间", auto_now_add=True)
    reply = models.CharField("回复", max_length=10, choices=Reply, blank=True)
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="委托给", on_delete=models.PROTECT, null=True, related_name="+"
    )
    comes = models.CharField("参加人", max_length=120, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    replied_at = models.DateTimeField("回复时间", null=True)
    attendance = models.CharField("到会", max_length=10, choices=Attendance, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "邀请"
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, unit__isnull=False) | Q(user__isnull=False, unit__isnull=True),
                name="invitation_of_one",
            ),
            models.UniqueConstraint(fields=["gathering", "user"], name="invitation_once_a_person"),
            models.UniqueConstraint(fields=["gathering", "unit"], name="invitation_once_a_unit"),
            models.CheckConstraint(
                condition=Q(reply="", replied_by__isnull=True, replied_at__isnull=True)
                | (Q(replied_by__isnull=False, replied_at__isnull=False) & ~Q(reply="")),
                name="invitation_replied_whole",
            ),
            models.CheckConstraint(
                condition=~Q(reply=Reply.DELEGATE) | Q(delegate__isnull=False) | ~Q(comes=""),
                name="invitation_delegate_named",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.unit)

    @property
    def who_comes(self) -> str:
        """The delegate's name and who else was named."""
        return "、".join(part for part in (str(self.delegate or ""), self.comes) if part)


def room_key(room: str) -> str:
    """What two spellings of one room share: no blanks, no case."""
    return "".join(room.replace("\0", "").split()).casefold()[:120]
