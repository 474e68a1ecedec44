"""The unit tree (二) as nested pre-order intervals, and settings inherited down it."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import F, Prefetch, Q

from accounts.enums import UnitKind

if TYPE_CHECKING:
    from accounts.models.user import User

# The root takes [0, 2^60); each level gives a unit 1/8192 of its parent's interval. Five levels of up to
# 8,191 children fit, and a new unit takes the next free slot, so nothing is ever renumbered.
ROOT_WIDTH = 2**60
FAN_OUT = 2**13


class UnitQuerySet(models.QuerySet["Unit"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def within(self, unit: "Unit") -> Self:
        """The unit and everything below it."""
        return self.filter(order__range=(unit.order, unit.order_end))

    def above(self, unit: "Unit") -> Self:
        """The unit and its ancestors, the unit itself first."""
        return self.filter(order__lte=unit.order, order_end__gte=unit.order_end).order_by("-order")

    def reached_by(self, user: "User", right: str) -> Self:
        """Units in which the user holds a role with this right, or below such a unit."""
        condition = Q(pk__in=[])
        for low, high in user.reach(right):  # type: ignore[arg-type]
            condition |= Q(order__range=(low, high))
        return self.filter(condition)

    def matching(self, text: str) -> Self:
        """Units whose name contains the text or whose code begins with it."""
        words = Q()
        for word in text.split()[:5]:
            words &= Q(name__icontains=word) | Q(short_name__icontains=word) | Q(code__istartswith=word)
        return self.filter(words)

    def below(self, unit: "Unit") -> Self:
        """Everything below the unit, without the unit itself."""
        return self.filter(order__gt=unit.order, order__lte=unit.order_end)

    def with_people(self) -> Self:
        """With parent, leader in charge and today's liaison officers (`officers`)."""
        from accounts.models.role import RoleAssignment
        from accounts.roles import Role

        officers = RoleAssignment.objects.in_force().filter(role=Role.LIAISON_OFFICER, user__is_active=True)
        return self.select_related("parent", "leader_in_charge").prefetch_related(
            Prefetch(
                "assignments", officers.select_related("user").order_by("since", "id"), to_attr="officers"
            )
        )


class Unit(models.Model):
    """A Party committee, Party group or department in the tree. `order`..`order_end` is its subtree."""

    code = models.CharField("代码", max_length=20, unique=True)
    name = models.CharField("全称", max_length=120)
    short_name = models.CharField("简称", max_length=40)
    kind = models.CharField("类型", max_length=20, choices=UnitKind)
    parent = models.ForeignKey(
        "self",
        verbose_name="上级单位",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    area = models.CharField("地区", max_length=40, blank=True)
    order = models.BigIntegerField("先序号", unique=True, editable=False)
    order_end = models.BigIntegerField("子树末号", editable=False)
    leader_in_charge = models.ForeignKey(
        "accounts.User",
        verbose_name="分管领导",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="units_in_charge",
    )
    first_leader = models.ForeignKey(
        "accounts.User",
        verbose_name="主要领导",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="units_led",
    )
    is_active = models.BooleanField("启用", default=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(condition=Q(order_end__gte=F("order")), name="unit_interval_not_empty"),
            models.UniqueConstraint(
                fields=["parent"],
                condition=Q(parent__isnull=True),
                nulls_distinct=False,
                name="unit_one_root",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def width(self) -> int:
        return self.order_end - self.order + 1

    def contains(self, order: int) -> bool:
        return self.order <= order <= self.order_end

    def liaison_officers(self) -> "models.QuerySet[User]":
        """Users who are liaison officers of this very unit today."""
        from accounts.models.user import User
        from accounts.roles import Role

        return User.objects.holding(Role.LIAISON_OFFICER, self)


class UnitSetting(models.Model):
    """A value that a unit sets for itself and its subtree; keys are declared in accounts/unit_settings.py."""

    unit = models.ForeignKey(Unit, verbose_name="单位", on_delete=models.CASCADE, related_name="settings")
    key = models.CharField("参数", max_length=60)
    value = models.JSONField("值")
    set_at = models.DateTimeField("设置时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "单位参数"
        constraints = [models.UniqueConstraint(fields=["unit", "key"], name="unit_setting_once")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.key}"


def settings_along(unit: Unit) -> dict[str, tuple[Any, Unit]]:
    """For each key set on the unit or above it: the nearest value and the unit it comes from."""
    rows = UnitSetting.objects.filter(
        unit__order__lte=unit.order, unit__order_end__gte=unit.order_end
    ).select_related("unit")
    return {row.key: (row.value, row.unit) for row in rows.order_by("unit__order")}
