"""Closed lists of the accounts app."""

from django.db import models


class UnitKind(models.TextChoices):
    MUNICIPAL = "municipal", "市委组织部"
    DISTRICT = "district", "区委"
    DEPARTMENT = "department", "市级部门"
    PEOPLES_ORGANIZATION = "peoples_organization", "人民团体"
    UNIVERSITY = "university", "高等学校"
    CORPORATION = "corporation", "市管企业"
    SUBORDINATE = "subordinate", "所属单位"
    OTHER = "other", "其他单位"


class Duty(models.TextChoices):
    """What an account is for. An account has one duty for life, so the three administrators exclude
    each other and expert work by constraint (三员分立)."""

    WORK = "work", "业务工作"
    SYSTEM = "system", "系统管理"
    SECURITY = "security", "安全管理"
    AUDIT = "audit", "安全审计"


class Clearance(models.IntegerChoices):
    """The highest label a user may see by role. Restricted records go by the need-to-know list only."""

    INTERNAL = 0, "内部"
    SENSITIVE = 1, "敏感"


class ConfirmationKind(models.TextChoices):
    PASSWORD_RESET = "password_reset", "重置密码"
    UNIT_MOVE = "unit_move", "单位调整隶属"


class ConfirmationState(models.TextChoices):
    PENDING = "pending", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "已驳回"
