"""The register: experts, their honours, the units that also hold them, and saved filters."""

import secrets
import uuid
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils import timezone

from core.chinese import sort_key
from core.fields import NumberSetField
from experts.enums import AwardState, Category, Gender, HonourLevel, Label, PoliticalAffiliation, Scope
from experts.models.catalogue import Discipline, Honour
from experts.models.locked import LockedChild
from experts.visibility import changeable, managed, on_list, visible

if TYPE_CHECKING:
    from accounts.models import Unit, User
    from experts.list_parts import Cell

# No 0/O, 1/I/L: the number is read over the telephone.
RECORD_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
# The label of a record that was merged into another: no lock shows it (docs/adr/0012-merging.md).
MERGED = 3


def new_record_number() -> str:
    """What people call an expert's record: ZJ- and eight random characters."""
    return "ZJ-" + "".join(secrets.choice(RECORD_ALPHABET) for _ in range(8))


def key_of(name: str, record_number: str) -> str:
    """Pinyin, name and record number: the order of lists, and no two are equal."""
    return f"{sort_key(name)}|{record_number}"


LISTED = (
    "uuid", "name", "employer", "post", "title", "scope", "scope_basis", "category", "birth",
    "birth_day_known", "unit", "unit_order", "confirmed_on", "label", "sort_key", "updated_at", "died_on",
)  # fmt: skip


class ExpertQuerySet(models.QuerySet["Expert"]):
    def visible_to(self, user: "User") -> Self:
        """Lock one: the only reader of permissions. The row-level policy says the same in SQL."""
        return self.filter(visible(user))

    def changeable_by(self, user: "User") -> Self:
        """What the user may edit: visible records in the reach of a role with the right to change."""
        return self.filter(changeable(user))

    def in_units(self, unit: "Unit") -> Self:
        """Managed by the unit or by one below it."""
        return self.filter(unit_order__range=(unit.order, unit.order_end))

    def for_list(self) -> Self:
        """With what a row of the list shows, and the keys of its orders."""
        return self.select_related("unit").only(*LISTED, "unit__short_name")

    def for_page(self, user: "User") -> Self:
        """With everything that its own page shows, and whether the user may change it (`may_change`), read of
        an illness (`may_see_illness`) and has cases of mandatory exit to see (`has_exits`)."""
        from experts.models.exit import MandatoryExit

        yes_or_no = models.BooleanField()
        change = ExpressionWrapper(changeable(user), output_field=yes_or_no)
        illness = ExpressionWrapper(visible(user, right="sensitive"), output_field=yes_or_no)
        cases = MandatoryExit.objects.visible_to(user).filter(expert=models.OuterRef("pk"))
        return self.annotate(
            may_change=change, may_see_illness=illness, has_exits=models.Exists(cases)
        ).select_related("unit", "discipline", "confirmed_by", "created_by", "updated_by")


class Expert(models.Model):
    """An expert on the register (三). Locks and lists use `unit_order`, `held` (the pre-order numbers of the
    other units that hold the expert, written by triggers), `label` and `sort_key`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    record_number = models.CharField("档案号", max_length=11, default=new_record_number, editable=False)
    name = models.CharField("姓名", max_length=60)
    former_names = ArrayField(
        models.CharField(max_length=60), verbose_name="曾用名", default=list, blank=True
    )
    gender = models.CharField("性别", max_length=6, choices=Gender, blank=True)
    birth = models.DateField("出生日期", null=True, blank=True)
    birth_day_known = models.BooleanField("知道出生日", default=False)
    nationality = models.CharField("国籍", max_length=40, default="中国")
    political_affiliation = models.CharField(
        "政治面貌", max_length=20, choices=PoliticalAffiliation, blank=True
    )
    employer = models.CharField("工作单位", max_length=120, blank=True)
    post = models.CharField("职务", max_length=80, blank=True)
    title = models.CharField("职称", max_length=60, blank=True)
    discipline = models.ForeignKey(
        Discipline,
        verbose_name="学科",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    education = models.CharField("学历学位", max_length=40, blank=True)
    fields_of_work = models.CharField("研究方向", max_length=200, blank=True)
    email = models.EmailField("邮箱", blank=True)
    office_phone = models.CharField("办公电话", max_length=40, blank=True)
    address = models.CharField("通信地址", max_length=200, blank=True)
    unit = models.ForeignKey(
        "accounts.Unit", verbose_name="联系单位", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit_order = models.BigIntegerField(editable=False, default=None)
    held = NumberSetField(null=True, default=None, editable=False)
    works_in_beijing = models.BooleanField("在京工作", default=True)
    works_in_beijing_confirmed_on = models.DateField("在京工作确认日期", null=True, blank=True)
    is_frontline = models.BooleanField("特殊一线岗位", default=False)
    photo = models.FileField("照片", upload_to="photos/", blank=True)
    id_type = models.CharField("证件类型", max_length=20, blank=True)

    category = models.CharField("类别", max_length=30, choices=Category, blank=True)
    scope = models.CharField("联系范围", max_length=8, choices=Scope, default=Scope.GENERAL, editable=False)
    scope_basis = models.JSONField(default=list, editable=False)
    scope_rule = models.PositiveIntegerField("规则版本", default=0, editable=False)
    scope_decided_at = models.DateTimeField("认定时间", default=timezone.now, editable=False)

    label = models.SmallIntegerField("标签", choices=Label, default=Label.INTERNAL)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False)
    died_on = models.DateField("去世日期", null=True, editable=False)  # experts/models/death.py
    confirmed_on = models.DateField("信息核实日期", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    # By key field: who confirmed it, when and from what (experts/freshness.py).
    confirmations = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), editable=False
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("建立时间", default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    updated_at = models.DateTimeField("更新时间", default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
    )

    objects = ExpertQuerySet.as_manager()
    stale: bool  # set by a list on its rows (experts/freshness.py)
    cells: list["Cell"]  # likewise (experts/list_parts.py)
    may_change: bool  # these three are read by for_page
    may_see_illness: bool
    has_exits: bool
    has_pairs: bool  # these three by experts/views/lookup.py
    has_merges: bool
    stated: list[dict[str, Any]]

    class Meta:
        verbose_name = verbose_name_plural = "专家"
        constraints = [
            models.UniqueConstraint(fields=["record_number"], name="expert_record_number"),
            models.CheckConstraint(condition=~Q(name=""), name="expert_has_name"),
            models.CheckConstraint(condition=Q(label__in=[*Label.values, MERGED]), name="expert_label_known"),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="expert_scope_known"),
        ]
        indexes = [
            models.Index(fields=["sort_key"], name="expert_by_name"),
            models.Index(fields=["name", "birth"], name="expert_named"),
            models.Index(fields=["unit_order", "sort_key"], name="expert_by_unit"),
            models.Index(fields=["birth", "sort_key"], name="expert_by_birth"),
            models.Index(fields=["updated_at", "sort_key"], name="expert_by_update"),
        ]

    def __str__(self) -> str:
        return self.name

    def keyed(self) -> str:
        """The sort key that belongs to the name: pinyin, name, and the record number, so that no two are
        equal and a page may start at a key."""
        return key_of(self.name, self.record_number)

    @property
    def birth_text(self) -> str:
        if self.birth is None:
            return ""
        return self.birth.strftime("%Y-%m-%d" if self.birth_day_known else "%Y-%m")

    @property
    def age(self) -> int | None:
        """Full years today; counted from the first of the month when the day is unknown."""
        if self.birth is None:
            return None
        today = timezone.localdate()
        return today.year - self.birth.year - ((today.month, today.day) < (self.birth.month, self.birth.day))

    @property
    def post_and_title(self) -> str:
        return " / ".join(part for part in (self.post, self.title) if part)

    @property
    def basis_line(self) -> str:
        """The first honour behind a key decision, as lists show it: 享受政府特殊津贴专家 2018."""
        if not self.scope_basis:
            return ""
        first = self.scope_basis[0]
        return f"{first['name']} {first['year'] or ''}".strip()


def years_before(day: date, years: int) -> date:
    """The same day `years` earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


class AwardQuerySet(models.QuerySet["Award"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(visible(user, key="expert_id"))

    def changeable_by(self, user: "User") -> Self:
        return self.filter(changeable(user, key="expert_id"))


class Award(LockedChild):
    """An honour that an expert holds. `text`, `issuer` and `level` tell an award outside the catalogue."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="awards", db_constraint=False, db_index=False
    )
    honour = models.ForeignKey(
        Honour, verbose_name="称号", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    text = models.CharField("奖项全称", max_length=120, blank=True)
    issuer = models.CharField("授予机关", max_length=80, blank=True)
    level = models.CharField("级别", max_length=12, choices=HonourLevel, blank=True)
    year = models.PositiveSmallIntegerField("年度", null=True, blank=True)
    document = models.CharField("证明文件", max_length=120, blank=True)
    state = models.CharField("核实", max_length=10, choices=AwardState, default=AwardState.RECORDED)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    verified_at = models.DateTimeField("核实时间", null=True, editable=False)

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "称号奖励"
        ordering = ["honour_id", "year", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["expert", "honour", "text"],
                name="award_once",
                violation_error_message="这一称号已经登记过了。",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True, verified_at__isnull=True)
                | Q(verified_by__isnull=False, verified_at__isnull=False),
                name="award_verified_whole",
            ),
        ]
        indexes = [models.Index(fields=["honour", "expert"], name="award_by_honour")]

    def __str__(self) -> str:
        return self.text or self.honour.name

    @property
    def shown_level(self) -> str:
        level = self.level or self.honour.level
        return "" if level == HonourLevel.PER_AWARD else HonourLevel(level).label

    def counts(self) -> bool:
        return self.state in {AwardState.RECORDED, AwardState.VERIFIED}


class HolderQuerySet(models.QuerySet["Holder"]):
    def visible_to(self, user: "User") -> Self:
        """Holders in the user's own reach; what other units hold with them is not told."""
        return self.filter(managed(user) | on_list(user, key="expert_id"))


class Holder(models.Model):
    """A unit, beside the managing one, that holds the expert on its roster and so sees the record."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="holders", db_constraint=False, db_index=False
    )
    unit = models.ForeignKey("accounts.Unit", on_delete=models.PROTECT, related_name="+")
    unit_order = models.BigIntegerField(editable=False, default=None)
    label = models.SmallIntegerField(editable=False, default=None)
    sort_key = models.CharField(max_length=200, db_collation="C", editable=False, default=None)

    objects = HolderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "共同联系单位"
        constraints = [models.UniqueConstraint(fields=["expert", "unit"], name="holder_once")]
        indexes = [
            models.Index(fields=["unit_order", "expert"], name="holder_by_unit"),
            models.Index(fields=["sort_key"], name="holder_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.expert_id}"


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(user=user) if user.is_active else self.none()


class SavedFilter(models.Model):
    """A list filter that someone keeps under a name; only its owner sees it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField("名称", max_length=30)
    query = models.CharField(max_length=1000)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "常用筛选"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_filter_once",
                violation_error_message="您已有同名的常用筛选。",
            )
        ]

    def __str__(self) -> str:
        return self.name
