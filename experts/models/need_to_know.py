"""The need-to-know list (二（二）): live grants on guardian's direct-foreign-key model, and those that ended.

Neither table is written from here: named functions of the database do it (migration 0005), which check the
actor, the persons and the number of those who remain themselves.
"""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from guardian.models import UserObjectPermissionBase

from accounts.models import RoleAssignment
from accounts.roles import Role
from experts.models.expert import Expert, years_before
from experts.people import roles_with

if TYPE_CHECKING:
    from accounts.models import User

# A record stays in two pairs of hands: nobody may be left alone with it, and it may not be left to nobody.
FEWEST = 2
SOON = 30  # days before its end in which a grant is pointed out


def last_day(today: date) -> date:
    """The latest day a grant may run to: a year, so that every need is looked at again once a year."""
    return years_before(today, -1)


class GrantQuerySet(models.QuerySet["NeedToKnow"]):
    def visible_to(self, user: "User") -> Self:
        """All for the security administrator; for others their own and who else is on those lists."""
        if user.holds(Role.SECURITY_ADMIN):
            return self.all()
        if not user.may("view"):
            return self.none()
        own = NeedToKnow.objects.live().filter(user=user).values("content_object_id")
        return self.filter(Q(user=user) | Q(content_object_id__in=own))

    def live(self) -> Self:
        """In force today; the last day counts."""
        return self.filter(expires_on__gte=timezone.localdate())

    def expired(self) -> Self:
        return self.filter(expires_on__lt=timezone.localdate())

    def with_people(self) -> Self:
        """With everybody a row names, and whether the person still holds a role that lets them look."""
        held = RoleAssignment.objects.in_force().filter(role__in=roles_with("view"), user=OuterRef("user_id"))
        return self.select_related("user__unit", "approved_by").annotate(has_role=Exists(held))

    def on_list(self) -> Self:
        """Who is on a record's list now, for those on it."""
        return self.live().select_related("user__unit").order_by("granted_at", "id")


class NeedToKnow(UserObjectPermissionBase):
    """One person may see one restricted record, for a reason, until a day, approved by someone else.

    `record_number` is a copy (by trigger): the security administrator keeps the list without the records.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    content_object = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="need_to_know")
    record_number = models.CharField("档案号", max_length=11, editable=False, default=None)
    reason = models.CharField("事由", max_length=200)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="批准人", on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField("授予时间", auto_now_add=True)
    expires_on = models.DateField("有效至")

    objects = GrantQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = verbose_name_plural = "知悉范围"
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("approved_by")), name="need_to_know_four_eyes"),
            models.UniqueConstraint(fields=["user", "content_object"], name="need_to_know_once"),
        ]
        indexes = [models.Index(fields=["expires_on"], name="need_to_know_by_end")]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.content_object_id}"

    @property
    def is_live(self) -> bool:
        return self.expires_on >= timezone.localdate()


class EndedGrantQuerySet(models.QuerySet["EndedGrant"]):
    def visible_to(self, user: "User") -> Self:
        """Who could once see what is the security administrator's to read, nobody else's."""
        return self.all() if user.holds(Role.SECURITY_ADMIN) else self.none()

    def with_people(self) -> Self:
        return self.select_related("user__unit", "approved_by", "ended_by")


class EndedGrant(models.Model):
    """A grant as it was when it ended. Append-only by privilege and trigger; `ended_by` is empty when its
    last day had passed."""

    expert = models.ForeignKey(
        Expert, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    record_number = models.CharField("档案号", max_length=11)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="知悉人", on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField("事由", max_length=200)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="批准人", on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField("授予时间")
    expires_on = models.DateField("有效至")
    ended_at = models.DateTimeField("结束时间")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="结束人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    end_reason = models.CharField("结束原因", max_length=200)

    objects = EndedGrantQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "已结束的知悉授权"
        constraints = [models.CheckConstraint(condition=~Q(end_reason=""), name="ended_grant_has_reason")]
        indexes = [models.Index(fields=["record_number"], name="ended_grant_by_record")]

    def __str__(self) -> str:
        return f"{self.record_number}:{self.user_id}"
