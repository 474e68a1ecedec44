"""The same person twice: pairs of records that look alike, and records that were merged (docs/adr/0012)."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from experts.enums import Label
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import changeable, visible

if TYPE_CHECKING:
    from accounts.models import User


class PairReason(models.TextChoices):
    """Why two records may be one person. The database finds them by the same names (migration 0010)."""

    ID_NUMBER = "id_number", "证件号码相同"
    NAME_BIRTH = "name_birth", "姓名和出生年月相同"
    READING_BIRTH_EMPLOYER = "reading", "姓名读音、出生年月和工作单位相同"


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    def visible_to(self, user: "User") -> Self:
        """Of which the user sees both; known by the ID number alone only with the right to it."""
        other = Exists(Expert.objects.visible_to(user).filter(pk=OuterRef("other_id")))
        pairs = self.filter(visible(user, key="expert_id")).filter(other)
        return pairs if user.may("sensitive") else pairs.exclude(reasons=[PairReason.ID_NUMBER])

    def changeable_by(self, user: "User") -> Self:
        """Of which the user may also change one of the two."""
        other = Exists(Expert.objects.changeable_by(user).filter(pk=OuterRef("other_id")))
        return self.visible_to(user).filter(changeable(user, key="expert_id") | Q(other))

    def open(self) -> Self:
        """That nobody has said to be two persons."""
        return self.filter(dismissed_at__isnull=True)

    def dismissed(self) -> Self:
        return self.filter(dismissed_at__isnull=False)

    def about(self, expert: Expert) -> Self:
        return self.filter(Q(expert=expert) | Q(other=expert))

    def with_restricted(self) -> Self:
        """Of which one record is restricted: nobody but the persons on its list is told."""
        return self.filter(Q(label=Label.RESTRICTED) | Q(other__label=Label.RESTRICTED))

    def for_list(self) -> Self:
        return self.select_related("expert__unit", "other__unit", "dismissed_by")


class DuplicatePair(LockedChild):
    """Two records that may be one person; `expert` is the older one. Written by `experts_note_pairs()` alone,
    which sees every record; `mark` tells when what was compared has changed since a pair was dismissed."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    other = models.ForeignKey(Expert, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    reasons = ArrayField(models.CharField(max_length=12, choices=PairReason))
    mark = models.CharField(max_length=32, editable=False)
    found_at = models.DateTimeField("发现时间", default=timezone.now)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    dismissed_at = models.DateTimeField("认定时间", null=True)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "可能重复"
        constraints = [
            models.UniqueConstraint(fields=["expert", "other"], name="pair_once"),
            models.CheckConstraint(condition=Q(expert__lt=models.F("other")), name="pair_in_order"),
            models.CheckConstraint(
                condition=Q(dismissed_by__isnull=True, dismissed_at__isnull=True)
                | Q(dismissed_by__isnull=False, dismissed_at__isnull=False),
                name="pair_dismissed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expert_id}:{self.other_id}"

    @property
    def both(self) -> tuple[Expert, Expert]:
        return self.expert, self.other


class MergeQuerySet(models.QuerySet["Merge"]):
    def visible_to(self, user: "User") -> Self:
        """Merges into a record that the user sees."""
        return self.filter(visible(user, key="expert_id"))

    def standing(self) -> Self:
        return self.filter(undone_at__isnull=True)

    def undoable(self) -> Self:
        return self.standing().filter(expires_at__gt=timezone.now())


class Merge(LockedChild):
    """One record was merged into another, written by `experts_merge_records()` alone.

    `expert` is where the merged record's address leads now, `into_id` the record it was merged into.
    `sealed` is what undoing needs of fields and values, encrypted, kept for 30 days, and so is the photo that
    was replaced, `photo_aside`. `moved` names the rows that moved, by table and key, with a digest that shows
    whether they changed since; under `made` entries that were made for days on a roster that only the record
    that went was on, under `experts_historyevent` the events of its history.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="merges", db_constraint=False, db_index=False
    )
    into_id = models.BigIntegerField(editable=False)
    gone_id = models.BigIntegerField(editable=False)
    gone_uuid = models.UUIDField(editable=False)
    gone_number = models.CharField("被合并的档案号", max_length=11, editable=False)
    gone_label = models.SmallIntegerField(editable=False)
    moved = models.JSONField(default=dict, editable=False)
    sealed = models.BinaryField(default=b"")
    key_id = models.CharField(max_length=20, default="")
    photo_aside = models.CharField(max_length=100, default="", editable=False)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    merged_at = models.DateTimeField("合并时间", default=timezone.now)
    expires_at = models.DateTimeField("可撤销至")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    undone_at = models.DateTimeField("撤销时间", null=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "合并"
        constraints = [
            models.UniqueConstraint(
                fields=["gone_id"], condition=Q(undone_at__isnull=True), name="merged_once"
            ),
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True, undone_at__isnull=True)
                | Q(undone_by__isnull=False, undone_at__isnull=False),
                name="merge_undone_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["expert"], name="merge_by_expert"),
            models.Index(fields=["gone_uuid"], name="merge_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.gone_number}:{self.expert_id}"

    @property
    def may_be_undone(self) -> bool:
        return self.undone_at is None and self.expires_at > timezone.now()
