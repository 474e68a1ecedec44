"""People who sign in. No superuser flag, groups or permissions: what a user may do follows from roles."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.enums import Clearance, Duty
from accounts.roles import ROLES, Right, Role

if TYPE_CHECKING:
    from accounts.models.role import RoleAssignment
    from accounts.models.unit import Unit


class UserQuerySet(models.QuerySet["User"]):
    def holding(self, role: Role, unit: "Unit") -> Self:
        """Active users who hold the role in this very unit today."""
        today = timezone.localdate()
        return self.filter(
            Q(assignments__until__isnull=True) | Q(assignments__until__gte=today),
            assignments__role=role,
            assignments__unit=unit,
            assignments__since__lte=today,
            is_active=True,
        ).distinct()

    def with_roles(self) -> Self:
        """With unit and today's roles, in the one query that every request needs."""
        from accounts.models.role import RoleAssignment

        unit = {name: f"unit__{name}" for name in ("id", "code", "short_name", "order", "order_end")}
        held = RoleAssignment.objects.in_force().filter(user=OuterRef("pk"))
        roles = ArraySubquery(held.values(found=JSONObject(role="role", **unit)))
        return self.select_related("unit").annotate(roles_today=roles)


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get_queryset().select_related("unit").get(username=username)

    def holding(self, role: Role, unit: "Unit") -> UserQuerySet:
        return self.get_queryset().holding(role, unit)


class User(AbstractBaseUser):
    username = models.CharField(
        "用户名",
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "这个用户名已经有人使用，请换一个。"},
    )
    display_name = models.CharField("姓名", max_length=60)
    position = models.CharField("职务", max_length=80, blank=True)
    phone = models.CharField("办公电话", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    unit = models.ForeignKey(
        "accounts.Unit",
        verbose_name="单位",
        on_delete=models.PROTECT,
        related_name="users",
        null=True,
        blank=True,
    )
    duty = models.CharField("账号用途", max_length=10, choices=Duty, default=Duty.WORK)
    clearance = models.SmallIntegerField("可见标签", choices=Clearance, default=Clearance.INTERNAL)
    is_active = models.BooleanField("启用", default=True)
    is_demo = models.BooleanField("演示账号", default=False, editable=False)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    failed_sign_ins = models.PositiveSmallIntegerField("连续失败次数", default=0, editable=False)
    locked_until = models.DateTimeField("锁定至", null=True, blank=True, editable=False)
    date_joined = models.DateTimeField("建立时间", auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def contact_line(self) -> str:
        """Position and office phone in one line."""
        return " · ".join(part for part in (self.position, self.phone) if part)

    @property
    def is_staff(self) -> bool:
        """Whether Django admin opens: system and security administrators only; the auditor has own pages."""
        return self.duty in {Duty.SYSTEM, Duty.SECURITY} and bool(self.current_assignments)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's permissions grant nothing here; see `reach`, `holds` and `visible_to`."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False

    @property
    def is_locked(self) -> bool:
        """Whether failed sign-ins keep the account closed right now."""
        return self.locked_until is not None and self.locked_until > timezone.now()

    @cached_property
    def current_assignments(self) -> list["RoleAssignment"]:
        """Roles held today, with their units: what is behind every right."""
        from accounts.models.role import RoleAssignment
        from accounts.models.unit import Unit

        if not self.is_active:
            return []
        if (found := self.__dict__.get("roles_today")) is not None:
            return [RoleAssignment(user=self, role=each.pop("role"), unit=Unit(**each)) for each in found]
        return list(self.assignments.in_force().select_related("unit"))

    def holds(self, role: Role) -> bool:
        return any(assignment.role == role for assignment in self.current_assignments)

    def reach(self, right: Right) -> list[tuple[int, int]]:
        """The disjoint unit intervals, ascending, in which the user holds the right."""
        intervals = sorted(
            (assignment.unit.order, assignment.unit.order_end)
            for assignment in self.current_assignments
            if right in ROLES[Role(assignment.role)].rights
        )
        merged: list[tuple[int, int]] = []
        for low, high in intervals:
            if not merged or low > merged[-1][1]:
                merged.append((low, high))
        return merged

    def held_units(self, right: Right) -> list[int]:
        """Keys of the very units in which the user holds a role with the right."""
        return [
            assignment.unit_id
            for assignment in self.current_assignments
            if right in ROLES[Role(assignment.role)].rights
        ]

    def may(self, right: Right, order: int | None = None) -> bool:
        """Whether the user holds the right anywhere, or over the unit with this pre-order number."""
        return any(order is None or low <= order <= high for low, high in self.reach(right))

    @property
    def role_names(self) -> str:
        return "、".join(dict.fromkeys(Role(a.role).label for a in self.current_assignments))
