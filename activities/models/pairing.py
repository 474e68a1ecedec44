"""Who keeps in touch with whom: a leader and a liaison officer for every expert (四（一）, 五（一）)."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from accounts.models import RoleAssignment
from accounts.roles import Role
from activities.enums import PairingEnd, PairingKind
from experts.models.expert import Expert
from experts.models.locked import LockedChild
from experts.visibility import placed_in_reach, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User

# The roles that let somebody be the leader or the officer of an expert.
ROLES_OF = {
    PairingKind.LEADER: [Role.LEADER, Role.DEPARTMENT_HEAD],
    PairingKind.OFFICER: [Role.LIAISON_OFFICER, Role.DEPARTMENT_HEAD],
}


class PairingQuerySet(models.QuerySet["Pairing"]):
    def visible_to(self, user: "User") -> Self:
        """Pairings of visible experts, made by units in reach."""
        return self.filter(visible(user, key="expert_id")).filter(placed_in_reach(user, "view"))

    def changeable_by(self, user: "User") -> Self:
        """Visible ones of units in reach of the right to change."""
        return self.visible_to(user).filter(placed_in_reach(user, "change"))

    def within(self, unit: "Unit") -> Self:
        """Of the unit and those below it."""
        return self.filter(place__range=(unit.order, unit.order_end))

    def as_of(self, day: date) -> Self:
        """In force on that day, whether the person still held a role or not."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)

    def open(self) -> Self:
        return self.filter(until__isnull=True)

    def for_list(self) -> Self:
        """With what a row of the list shows, and whether the person is still there for it."""
        return self.with_post(timezone.localdate()).select_related("expert", "unit", "person")

    def of(self, user: "User") -> Self:
        """The experts of one leader or officer."""
        return self.filter(person=user)

    def with_post(self, day: date) -> Self:
        """With `in_post`: whether the person is active and held a fitting role over the unit that day."""
        fitting = Q(pk__in=[])
        for kind, roles in ROLES_OF.items():
            fitting |= Q(Exists(_assignments(day).filter(role__in=roles)), kind=kind)
        in_post = ExpressionWrapper(fitting & Q(person__is_active=True), output_field=models.BooleanField())
        return self.annotate(in_post=in_post)

    def in_post(self, day: date) -> Self:
        """In force, by a person who held a fitting role that day."""
        return self.as_of(day).with_post(day).filter(in_post=True)

    def vacant(self, day: date) -> Self:
        """In force, but the person has left or changed post: their experts are without one."""
        return self.as_of(day).with_post(day).filter(in_post=False)

    def vacant_of(self, kind: PairingKind, day: date) -> Self:
        """The same of one kind, for very many: all of them are set against all roles at once."""
        there = _assignments(day).filter(role__in=ROLES_OF[kind], user__is_active=True)
        return self.as_of(day).filter(~Exists(there), kind=kind)


def _assignments(day: date) -> models.QuerySet[RoleAssignment]:
    """Roles of the pairing's person over its unit on that day."""
    return RoleAssignment.objects.filter(
        Q(until__isnull=True) | Q(until__gte=day),
        user=OuterRef("person"),
        since__lte=day,
        unit__order__lte=OuterRef("place"),
        unit__order_end__gte=OuterRef("place"),
    )


class Pairing(LockedChild):
    """One leader or officer who keeps in touch with one expert for a unit, from `since` until the day before
    `until`. An exclusion constraint (0002) lets an expert have one of each kind at a time in a unit."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="pairings", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    place = models.BigIntegerField(editable=False, default=None)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False, default=None)
    kind = models.CharField("结对", max_length=8, choices=PairingKind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="联系人", on_delete=models.PROTECT, related_name="pairings",
        db_index=False,
    )  # fmt: skip
    since = models.DateField("自")
    until = models.DateField("至", null=True, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    end = models.CharField("结束原因", max_length=12, choices=PairingEnd, blank=True)

    objects = PairingQuerySet.as_manager()
    in_post: bool  # by with_post

    class Meta:
        verbose_name = verbose_name_plural = "结对"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="pairing_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True, closed_by__isnull=True, end="")
                | (Q(until__isnull=False, closed_by__isnull=False) & ~Q(end="")),
                name="pairing_closed_whole",
            ),
            models.CheckConstraint(condition=Q(kind__in=PairingKind.values), name="pairing_kind_known"),
        ]
        indexes = [
            models.Index(fields=["expert", "kind"], name="pairing_by_expert"),
            models.Index(
                fields=["person", "sort_key"], condition=Q(until__isnull=True), name="pairing_by_person"
            ),
            models.Index(fields=["sort_key", "id"], condition=Q(until__isnull=True), name="pairing_by_name"),
            models.Index(
                fields=["place", "sort_key"], condition=Q(until__isnull=True), name="pairing_by_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.person_id}:{self.expert_id}"
