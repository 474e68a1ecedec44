"""Roles are data: a stable key, a Chinese name, what it may do. `accounts_reach()` in PostgreSQL holds the
same table (migration 0002); a test compares the two."""

from dataclasses import dataclass
from typing import Literal

from django.db import models

from accounts.enums import Duty

Right = Literal["view", "change", "sensitive", "approve", "catalogue"]


class Role(models.TextChoices):
    LIAISON_OFFICER = "liaison_officer", "联络员"
    DEPARTMENT_HEAD = "department_head", "组织部门负责人"
    LEADER = "leader", "领导"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    SECURITY_AUDITOR = "security_auditor", "安全审计员"


@dataclass(frozen=True)
class RoleFacts:
    """What a role is for; `rights` reach down the subtree of the unit it is held in."""

    duty: Duty
    description: str
    rights: frozenset[Right] = frozenset()


ROLES: dict[Role, RoleFacts] = {
    Role.LIAISON_OFFICER: RoleFacts(
        Duty.WORK,
        "维护本单位及所属单位的专家信息，导入名册，开展日常联系",
        frozenset({"view", "change", "sensitive", "catalogue"}),
    ),
    Role.DEPARTMENT_HEAD: RoleFacts(
        Duty.WORK,
        "在联络员职责之外，审批纳入、调整和退出",
        frozenset({"view", "change", "sensitive", "approve", "catalogue"}),
    ),
    Role.LEADER: RoleFacts(Duty.WORK, "查看专家和联系情况，不改动资料", frozenset({"view"})),
    Role.SYSTEM_ADMIN: RoleFacts(Duty.SYSTEM, "维护用户、单位和参数，看不到专家资料"),
    Role.SECURITY_ADMIN: RoleFacts(Duty.SECURITY, "授予角色和知悉范围，确认敏感操作，看不到专家资料"),
    Role.SECURITY_AUDITOR: RoleFacts(Duty.AUDIT, "查阅审计记录，看不到专家资料"),
}


def roles_of(duty: Duty) -> list[Role]:
    return [role for role, facts in ROLES.items() if facts.duty == duty]
