"""The catalogue of honours (三（二）), its versions, and disciplines of GB/T 13745. Public reference data."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from experts.enums import Category, HonourCondition, HonourLevel, Label, Scope

# Stands for every award of 三（二） that has no entry of its own.
MUNICIPAL_AWARD = "MUNICIPAL_AWARD"


class Discipline(models.Model):
    """First-level discipline, e.g. 520 计算机科学技术."""

    code = models.CharField("代码", max_length=3, primary_key=True)
    name = models.CharField("名称", max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "学科"
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RuleVersion(models.Model):
    """A state of the catalogue; every scope decision names the one it was made under."""

    number = models.PositiveIntegerField("版本", primary_key=True)
    summary = models.CharField("改动", max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="改动人"
    )
    made_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则版本"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"第 {self.number} 版"


class Honour(models.Model):
    """One entry of the catalogue: what it is called, at which level, and whether it makes an expert key."""

    code = models.CharField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=120)
    level = models.CharField("级别", max_length=12, choices=HonourLevel)
    scope = models.CharField("联系范围", max_length=8, choices=Scope, default=Scope.KEY)
    condition = models.CharField("附加条件", max_length=30, choices=HonourCondition, blank=True)
    default_label = models.SmallIntegerField(
        "默认标签",
        choices=[(Label.INTERNAL.value, "内部"), (Label.SENSITIVE.value, "敏感")],
        default=Label.INTERNAL,
    )
    clause = models.CharField("依据条款", max_length=300)
    category_hint = models.CharField("类别提示", max_length=30, choices=Category, blank=True)
    aliases = ArrayField(models.CharField(max_length=120), verbose_name="别名", default=list, blank=True)
    valid_from = models.DateField("有效自", null=True, blank=True)
    valid_until = models.DateField("有效至", null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "称号"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="honour_validity_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def clause_short(self) -> str:
        """The clause number without the quotation, e.g. 三（二）."""
        return self.clause.split("）")[0] + "）" if "）" in self.clause else self.clause

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or self.valid_until >= day
        )
