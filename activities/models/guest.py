"""Experts who are invited to a symposium, and whether they came (座谈联谊, 四（一）)."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from activities.enums import Attendance
from activities.models.contact import Contact
from activities.models.gathering import Gathering
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import visible

if TYPE_CHECKING:
    from accounts.models import User


class GuestQuerySet(models.QuerySet["Guest"]):
    def visible_to(self, user: "User") -> Self:
        """Visible experts at visible gatherings."""
        gatherings = Gathering.objects.visible_to(user).order_by().values("pk")
        return self.filter(visible(user, key="expert_id"), gathering__in=gatherings)

    def changeable_by(self, user: "User") -> Self:
        """Visible ones at gatherings that the user may change."""
        ours = Gathering.objects.changeable_by(user).order_by().values("pk")
        return self.visible_to(user).filter(gathering__in=ours)


class Guest(LockedChild):
    """One expert at one symposium. Whoever came has a contact that counts; a correction corrects it. There is
    no constraint that an expert comes once: merging two records of one person may bring a second row."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="guests")
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="symposia", db_constraint=False, db_index=False
    )
    attendance = models.CharField("到会", max_length=10, choices=Attendance, blank=True)
    contact = models.OneToOneField(Contact, on_delete=models.PROTECT, null=True, related_name="guest")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = GuestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "邀请的专家"
        constraints = [
            models.CheckConstraint(
                condition=~Q(attendance=Attendance.CAME) | Q(contact__isnull=False),
                name="guest_who_came_has_a_contact",
            )
        ]
        indexes = [models.Index(fields=["expert"], name="guest_by_expert")]

    def __str__(self) -> str:
        return f"{self.gathering_id}:{self.expert_id}"
