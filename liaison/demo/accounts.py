"""Demo accounts: the cast of the README, further liaison officers, and leaders in charge (分管领导)."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.hashers import make_password

from accounts.actions import create_unit
from accounts.enums import Clearance, Duty, UnitKind
from accounts.models import RoleAssignment, Unit, User
from accounts.roles import ROLES, Role
from liaison.demo import DEMO_UNIT, PASSWORD

SINCE = date(2024, 1, 1)
LEFT_BEFORE = timedelta(days=20)


@dataclass(frozen=True)
class Account:
    username: str
    display_name: str
    position: str
    unit: str
    role: Role
    clearance: Clearance = Clearance.INTERNAL


OFFICER, HEAD, LEADER = Role.LIAISON_OFFICER, Role.DEPARTMENT_HEAD, Role.LEADER
CLEARED = Clearance.SENSITIVE

CAST = [
    Account("staff_city", "演示·市级联络员", "市委组织部人才工作处干部", "BJ", OFFICER, CLEARED),
    Account("leader_city", "演示·市级领导", "市委组织部分管领导", "BJ", LEADER),
    Account("director_haidian", "演示·海淀组织部门负责人", "海淀区委组织部负责人", "D04", HEAD, CLEARED),
    Account("officer_haidian", "演示·海淀联络员", "海淀区委组织部人才科干部", "D04", OFFICER, CLEARED),
    Account("officer_chaoyang", "演示·朝阳联络员", "朝阳区委组织部人才科干部", "D03", OFFICER),
    Account("cleared_city", "演示·市级知悉人", "市委组织部人才工作处干部", "BJ", OFFICER, CLEARED),
    Account("cleared_haidian", "演示·海淀知悉人", "海淀区委组织部人才科干部", "D04", OFFICER, CLEARED),
    Account("director_city", "演示·市级组织部门负责人", "市委组织部人才工作处负责人", "BJ", HEAD, CLEARED),
    Account("sysadmin", "演示·系统管理员", "信息中心工程师", "BJ", Role.SYSTEM_ADMIN),
    Account("secadmin", "演示·安全管理员", "信息中心安全岗", "BJ", Role.SECURITY_ADMIN),
    Account("auditor", "演示·安全审计员", "机关纪委审计岗", "BJ", Role.SECURITY_AUDITOR),
]
OFFICERS = [
    Account("officer_dongcheng", "演示·东城联络员", "东城区委组织部干部", "D01", OFFICER),
    Account("officer_xicheng", "演示·西城联络员", "西城区委组织部干部", "D02", OFFICER),
    Account("director_chaoyang", "演示·朝阳组织部门负责人", "朝阳区委组织部负责人", "D03", HEAD, CLEARED),
    Account("officer_fengtai", "演示·丰台联络员", "丰台区委组织部干部", "D05", OFFICER),
    Account("officer_haidian_health", "演示·海淀卫健联络员", "区卫生健康委人事科干部", "D04-01", OFFICER),
    Account("officer_health", "演示·市卫健联络员", "市卫生健康委人事处干部", "M18", OFFICER, CLEARED),
    Account("officer_medical", "演示·医科高校联络员", "人事处干部", "U01", OFFICER),
    Account("officer_technology", "演示·工科高校联络员", "人事处干部", "U03", OFFICER, CLEARED),
    Account("officer_steel", "演示·市管企业联络员", "组织人事部干部", "C01", OFFICER),
    Account("officer_demo", "演示·演示单位联络员", "组织人事部干部", DEMO_UNIT, OFFICER, CLEARED),
    Account("director_demo", "演示·演示单位组织部门负责人", "组织人事部负责人", DEMO_UNIT, HEAD, CLEARED),
]
LEADERS = [
    Account("leader_haidian", "演示·海淀分管领导", "海淀区委分管领导", "D04", LEADER),
    Account("leader_chaoyang", "演示·朝阳分管领导", "朝阳区委分管领导", "D03", LEADER),
    Account("leader_dongcheng", "演示·东城分管领导", "东城区委分管领导", "D01", LEADER),
    Account("leader_xicheng", "演示·西城分管领导", "西城区委分管领导", "D02", LEADER),
    Account("leader_haidian_health", "演示·海淀卫健分管领导", "区卫生健康委分管领导", "D04-01", LEADER),
    Account("leader_health", "演示·市卫健分管领导", "市卫生健康委分管领导", "M18", LEADER),
    Account("leader_medical", "演示·医科高校分管领导", "学校党委分管领导", "U01", LEADER),
    Account("leader_technology", "演示·工科高校分管领导", "学校党委分管领导", "U03", LEADER),
    Account("leader_steel", "演示·市管企业分管领导", "集团党委分管领导", "C01", LEADER),
    Account("leader_demo", "演示·演示单位分管领导", "演示单位分管领导", DEMO_UNIT, LEADER),
]
# Further leaders, so that some are full, one has room, and one has left and stands for 无人联系.
FIRST = [
    Account("first_leader_city", "演示·市级主要领导", "市委组织部主要领导", "BJ", LEADER),
    Account("first_leader_haidian", "演示·海淀主要领导", "海淀区委主要领导", "D04", LEADER),
]
BESIDE = [
    Account("leader_haidian_two", "演示·海淀领导乙", "海淀区委领导班子成员", "D04", LEADER),
    Account("leader_haidian_former", "演示·海淀原领导", "原海淀区委领导班子成员", "D04", LEADER),
]
FORMER = "leader_haidian_former"
ACCOUNTS = [*CAST, *OFFICERS, *LEADERS, *FIRST, *BESIDE]
IN_CHARGE = {"BJ": "leader_city"} | {account.unit: account.username for account in LEADERS}


def nearest(role: Role, code: str) -> str:
    """User name of who has the role for a unit: of its own people, of the unit above, or of the city."""
    by_unit = {each.unit: each.username for each in reversed(ACCOUNTS) if each.role == role}
    return by_unit.get(code) or by_unit.get(code.split("-")[0]) or by_unit["BJ"]


def add_demo_unit() -> Unit:
    """The fictional unit, below the city like any other."""
    return create_unit(
        by=None,
        code=DEMO_UNIT,
        name="中共演示单位委员会",
        short_name="演示单位",
        kind=UnitKind.OTHER,
        parent=Unit.objects.get(code="BJ"),
        area="北京市",
    )


def add_accounts(units: dict[str, Unit], today: date) -> dict[str, User]:
    """Every demo account with its role; all share one password, hashed once."""
    hashed = make_password(PASSWORD)
    people = [_user(number, account, units, hashed) for number, account in enumerate(ACCOUNTS, start=1)]
    users = {user.username: user for user in User.objects.bulk_create(people)}
    RoleAssignment.objects.bulk_create(
        [
            RoleAssignment(
                user=users[account.username],
                role=account.role,
                unit=units[account.unit],
                since=SINCE,
                until=today - LEFT_BEFORE if account.username == FORMER else None,
                granted_by=None if account.username == "secadmin" else users["secadmin"],
            )
            for account in ACCOUNTS
        ]
    )
    for code, username in IN_CHARGE.items():
        Unit.objects.filter(code=code, leader_in_charge=None).update(leader_in_charge=users[username])
    for account in FIRST:
        Unit.objects.filter(code=account.unit).update(first_leader=users[account.username])
    return users


def _user(number: int, account: Account, units: dict[str, Unit], hashed: str) -> User:
    return User(
        username=account.username,
        display_name=account.display_name,
        position=account.position,
        phone=f"010-0000{number:04}",
        unit=units[account.unit],
        duty=Duty(ROLES[account.role].duty),
        clearance=account.clearance,
        password=hashed,
        is_demo=True,
    )
