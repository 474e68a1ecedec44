"""Contacts with experts: visits, calls, messages and attended symposia, planned or done (四（一）)."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from activities.enums import (
    Capacity,
    ContactKind,
    ContactState,
    FollowUpKind,
    Hindrance,
    Occasion,
    Way,
)
from core.vault import Vault
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.models.roster import RosterEntry
from experts.visibility import placed_in_reach, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User

VAULT = Vault("contact_photos")


def _not_another_draft(user: "User") -> Q:
    return ~Q(contact__state=ContactState.DRAFT) | Q(contact__recorded_by=user)


def _of_changed_contact(user: "User") -> Q:
    """Rows that hang on a contact made by a unit in reach of the right to change."""
    reach = Q(pk__in=[])
    for interval in user.reach("change"):
        reach |= Q(contact__place__range=interval)
    return reach


def _stays(user: "User") -> Q:
    """The expert lives and has not left; who has was on a roster that the user sees and is on none today.
    Reminders ask the same (`HAS_LEFT`)."""
    entries = RosterEntry.objects.visible_to(user).filter(expert=OuterRef("expert"))
    on_one = Q(until__isnull=True) | Q(until__gt=timezone.localdate())
    return Q(expert__died_on__isnull=True) & (~Exists(entries) | Exists(entries.filter(on_one)))


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: "User") -> Self:
        """Contacts with visible experts, whichever unit made them; drafts are their writer's alone."""
        return self.filter(visible(user, key="expert_id")).filter(
            ~Q(state=ContactState.DRAFT) | Q(recorded_by=user)
        )

    def changeable_by(self, user: "User") -> Self:
        """Visible ones of units in reach of the right to change."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def within(self, unit: "Unit") -> Self:
        """Made by the unit and those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def done(self) -> Self:
        return self.filter(state=ContactState.DONE)

    def planned(self) -> Self:
        return self.filter(state=ContactState.PLANNED)

    def hindered(self) -> Self:
        """Planned, and something stood in the way."""
        return self.filter(state__in=[ContactState.CANCELLED, ContactState.MISSED])

    def between(self, first: date, last: date) -> Self:
        """On these days, both included."""
        return self.filter(on__range=(first, last))

    def unrecorded_on(self, day: date) -> Self:
        """Planned for an earlier day, and nobody has said yet what came of it."""
        return self.planned().filter(on__lt=day)

    def of(self, user: "User") -> Self:
        """The user's own: planned or recorded by them, or with them."""
        took_part = Exists(ContactPerson.objects.filter(contact=OuterRef("pk"), user=user))
        return self.filter(Q(planned_by=user) | Q(recorded_by=user) | took_part)

    def promising(self) -> Self:
        """Took place and left a promise that is still open."""
        return self.done().filter(next_done_at__isnull=True).exclude(next_step="")

    def of_those_who_stay(self, user: "User") -> Self:
        """With experts who live and have not left every roster: of others nothing is asked of anybody."""
        return self.filter(_stays(user))

    def for_list(self) -> Self:
        """With what a row of a list shows."""
        return self.select_related("expert__unit", "unit").prefetch_related("people__user")

    def for_page(self, user: "User") -> Self:
        """With what its own page shows, and whether the user may change it (`may_change`)."""
        may_change = ExpressionWrapper(placed_in_reach(user, "change"), output_field=models.BooleanField())
        return (
            self.annotate(may_change=may_change)
            .select_related("expert__unit", "unit", "planned_by", "recorded_by", "next_done_by")
            .prefetch_related("people__user")
        )


class Contact(LockedChild):
    """One contact with one expert. `way` says what it counts as once done (activities/ways.py); `heard` is
    what the expert said, never of beliefs or political attitude. Days and times are Asia/Shanghai."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="contacts", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="联系单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    place = models.BigIntegerField(editable=False, default=None)
    kind = models.CharField("方式", max_length=10, choices=ContactKind, default=ContactKind.VISIT)
    occasion = models.CharField("事由", max_length=10, choices=Occasion, default=Occasion.ROUTINE)
    state = models.CharField("状态", max_length=10, choices=ContactState)
    way = models.CharField("计为", max_length=10, choices=Way, blank=True)
    on = models.DateField("日期")
    starts = models.TimeField("开始", null=True, blank=True)
    ends = models.TimeField("结束", null=True, blank=True)
    venue = models.CharField("地点", max_length=120, blank=True)
    accompanying = models.CharField("陪同单位", max_length=120, blank=True)
    heard = models.TextField("听到什么", max_length=2000, blank=True)
    condolence_item = models.CharField("慰问品", max_length=120, blank=True)
    condolence_cost = models.DecimalField(
        "慰问金额（元）", max_digits=9, decimal_places=2, null=True, blank=True
    )
    next_step = models.CharField("下一步", max_length=200, blank=True)
    next_on = models.DateField("兑现日期", null=True, blank=True)
    next_done_at = models.DateTimeField(null=True, editable=False)
    next_done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    hindrance = models.CharField("未成行原因", max_length=10, choices=Hindrance, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="安排人", on_delete=models.PROTECT, null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="记录人", on_delete=models.PROTECT, null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    recorded_at = models.DateTimeField("记录时间", null=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects = ContactQuerySet.as_manager()
    may_change: bool  # by for_page
    tone: str  # these two by a list on its rows (activities/listing.py)
    icon: str

    class Meta:
        verbose_name = verbose_name_plural = "联系记录"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ContactState.values), name="contact_state_known"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(starts__isnull=False, ends__gt=F("starts")),
                name="contact_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=True, recorded_at__isnull=True)
                | Q(recorded_by__isnull=False, recorded_at__isnull=False),
                name="contact_recorded_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ContactState.DONE, ContactState.DRAFT])
                | Q(recorded_by__isnull=False),
                name="contact_done_recorded",
            ),
            models.CheckConstraint(
                condition=Q(way="") | Q(state=ContactState.DONE), name="contact_counts_when_done"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ContactState.CANCELLED, ContactState.MISSED]) | ~Q(hindrance=""),
                name="contact_hindered_says_why",
            ),
            models.CheckConstraint(
                condition=Q(next_done_by__isnull=True, next_done_at__isnull=True)
                | Q(next_done_by__isnull=False, next_done_at__isnull=False),
                name="contact_next_done_whole",
            ),
            models.CheckConstraint(
                condition=Q(condolence_cost__isnull=True) | Q(condolence_cost__gte=0),
                name="contact_cost_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(next_step="") | Q(next_on__isnull=False), name="contact_promise_dated"
            ),
        ]
        indexes = [
            models.Index(fields=["expert", "-on", "-id"], name="contact_by_expert"),
            models.Index(fields=["-on", "-id"], name="contact_by_day"),
            models.Index(fields=["place", "on"], name="contact_by_unit"),
            # What still waits is little beside what is done.
            models.Index(fields=["on"], condition=Q(state="planned"), name="contact_planned"),
            models.Index(
                fields=["hindrance", "on"],
                condition=Q(state="cancelled") | Q(state="missed"),
                name="contact_hindered",
            ),
            models.Index(fields=["recorded_by"], condition=Q(state="draft"), name="contact_drafts"),
            models.Index(
                fields=["next_on"],
                condition=Q(state="done", next_done_at__isnull=True) & ~Q(next_step=""),
                name="contact_promises",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"

    @property
    def is_draft(self) -> bool:
        return self.state == ContactState.DRAFT

    @property
    def is_planned(self) -> bool:
        return self.state == ContactState.PLANNED

    @property
    def is_done(self) -> bool:
        return self.state == ContactState.DONE

    @property
    def is_promising(self) -> bool:
        """Whether a promise of it is still open."""
        return self.is_done and bool(self.next_step) and self.next_done_at is None

    @property
    def people_text(self) -> str:
        """Who goes or went, leaders first."""
        rank = list(Capacity)
        people = sorted(self.people.all(), key=lambda each: (rank.index(Capacity(each.capacity)), each.pk))
        return "、".join(str(each) for each in people)

    @property
    def time_text(self) -> str:
        """10:00—11:30, 10:00 or nothing."""
        return "—".join(f"{each:%H:%M}" for each in (self.starts, self.ends) if each)


class ContactPersonQuerySet(models.QuerySet["ContactPerson"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible contacts."""
        return self.filter(visible(user, key="expert_id")).filter(_not_another_draft(user))


class ContactPerson(LockedChild):
    """One person who takes part, by account or, who has none, by name."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="people", db_index=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    capacity = models.CharField("身份", max_length=8, choices=Capacity)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="谁去的", on_delete=models.PROTECT, null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    name = models.CharField("姓名", max_length=60, blank=True)

    objects = ContactPersonQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "参加人"
        constraints = [
            models.UniqueConstraint(fields=["contact", "user"], name="contact_person_once"),
            models.CheckConstraint(
                condition=(Q(user__isnull=True) & ~Q(name="")) | Q(user__isnull=False, name=""),
                name="contact_person_named",
            ),
        ]
        indexes = [
            models.Index(fields=["contact"], name="contact_person_of"),
            models.Index(fields=["user", "contact"], name="contact_person_by_user"),
            models.Index(fields=["expert"], name="contact_person_by_expert"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.user)


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible experts; of a draft, its writer's alone."""
        return self.filter(visible(user, key="expert_id")).filter(_not_another_draft(user))

    def changeable_by(self, user: "User") -> Self:
        """Visible ones, heard by units in reach of the right to change."""
        return self.visible_to(user).filter(_of_changed_contact(user))

    def open(self) -> Self:
        """Not seen to yet; what is still being written is not asked of anybody."""
        return self.filter(done_at__isnull=True, contact__state=ContactState.DONE)

    def of_those_who_stay(self, user: "User") -> Self:
        """About experts who live and have not left every roster: of others nothing is asked of anybody."""
        return self.filter(_stays(user))

    def within(self, unit: "Unit") -> Self:
        """Heard by the unit and those below it."""
        return self.filter(contact__place__range=(unit.order, unit.order_end))

    def for_list(self) -> Self:
        """With what a row of a list shows."""
        return self.select_related("contact", "expert__unit", "owner", "done_by")


class FollowUp(LockedChild):
    """A need or suggestion heard in a contact, with who sees to it and by when."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="follow_ups")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField("类型", max_length=10, choices=FollowUpKind)
    text = models.CharField("内容", max_length=500)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="承办人", on_delete=models.PROTECT, null=True,
        related_name="+", db_index=False,
    )  # fmt: skip
    due_on = models.DateField("办结日期")
    done_at = models.DateTimeField("办结时间", null=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField("办理结果", max_length=500, blank=True)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后续事项"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="follow_up_says_what"),
            models.CheckConstraint(
                condition=Q(done_by__isnull=True, done_at__isnull=True)
                | Q(done_by__isnull=False, done_at__isnull=False),
                name="follow_up_done_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expert"], name="follow_up_by_expert"),
            models.Index(
                fields=["owner", "due_on"], condition=Q(done_at__isnull=True), name="follow_up_open"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:30]

    @property
    def icon(self) -> str:
        return "bulb" if self.kind == FollowUpKind.SUGGESTION else "lifebuoy"

    @property
    def tone(self) -> str:
        return "purple" if self.kind == FollowUpKind.SUGGESTION else "amber"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: "User") -> Self:
        """Of visible contacts."""
        return self.filter(visible(user, key="expert_id")).filter(_not_another_draft(user))

    def removable_by(self, user: "User") -> Self:
        """Visible ones that the user has added; until when is a unit's setting."""
        return self.visible_to(user).filter(_of_changed_contact(user), added_by=user)


class Photo(LockedChild):
    """A picture of a contact: pixels only, without place and time, encrypted under the random name
    `stored_as`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="photos")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    size = models.PositiveIntegerField("大小")
    stored_as = models.CharField(max_length=60)
    stored_key = models.CharField(max_length=20)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    added_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "联系照片"
        indexes = [models.Index(fields=["expert"], name="contact_photo_by_expert")]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def bound_to(self) -> str:
        """What ties the stored file to its row."""
        return f"activities_photo|{self.uuid}|file"
