"""Everything that changes units, users and roles."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.effects import SettingChanged, on_setting
from accounts.enums import Clearance, ConfirmationKind, ConfirmationState, Duty, UnitKind
from accounts.models import Confirmation, RoleAssignment, Unit, UnitSetting, User
from accounts.models.unit import FAN_OUT, ROOT_WIDTH
from accounts.roles import ROLES, Role
from accounts.unit_settings import validate
from audit.actions import record
from audit.verbs import Verb
from core.holiday_table import Line, changes_of
from core.models import Holiday

UPDATABLE = frozenset({"display_name", "position", "phone", "email", "unit", "is_active"})


def _free_interval(parent: Unit | None) -> tuple[int, int]:
    """The next free pre-order interval below `parent`; ValidationError when the level is full."""
    if parent is None:
        return 0, ROOT_WIDTH - 1
    width = parent.width // FAN_OUT
    # The unit itself when nothing is below it yet; otherwise any descendant in the last slot taken.
    last = Unit.objects.within(parent).order_by("-order").values_list("order", flat=True)[0]
    slot = (last - parent.order) // max(width, 1) + 1
    if width < 1 or slot >= FAN_OUT:
        raise ValidationError(f"“{parent}”下已不能再增加单位（最多五级，每级 {FAN_OUT - 1} 个）。")
    low = parent.order + slot * width
    return low, low + width - 1


@transaction.atomic
def create_unit(
    *,
    by: User | None,
    code: str,
    name: str,
    short_name: str,
    kind: UnitKind | str,
    parent: Unit | None,
    area: str = "",
    leader_in_charge: User | None = None,
    first_leader: User | None = None,
) -> Unit:
    """Add a unit at the end of its parent's children; no other unit is renumbered."""
    if parent is not None:
        parent = Unit.objects.select_for_update().get(pk=parent.pk)
    low, high = _free_interval(parent)
    unit = Unit.objects.create(
        code=code,
        name=name,
        short_name=short_name,
        kind=kind,
        parent=parent,
        area=area,
        order=low,
        order_end=high,
        leader_in_charge=leader_in_charge,
        first_leader=first_leader,
    )
    record(Verb.CREATE, by=by, kind="unit", reference=unit.code)
    return unit


@transaction.atomic
def update_unit(*, by: User, unit: Unit, **facts: Any) -> None:
    """Change facts of a unit; its place in the tree changes by `request_unit_move` only."""
    changed = _write_changes(unit, facts)
    if changed:
        record(Verb.CHANGE, by=by, kind="unit", reference=unit.code, fields=changed)


def _write_changes(row: Unit | User, facts: dict[str, Any]) -> list[str]:
    """Save the facts that differ from what is stored; returns their names."""
    stored = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
    changed = [name for name, value in facts.items() if getattr(stored, name) != value]
    for name in changed:
        setattr(row, name, facts[name])
    row.save(update_fields=changed)
    return changed


@transaction.atomic
def set_unit_setting(*, by: User, unit: Unit, key: str, value: Any) -> UnitSetting:
    """Set a value for the unit and its subtree. ValueError when it is out of range."""
    checked = validate(key, value)
    setting, _ = UnitSetting.objects.update_or_create(unit=unit, key=key, defaults={"value": checked})
    record(Verb.CHANGE, by=by, kind="unit_setting", reference=unit.code, fields=[key])
    on_setting.happened(SettingChanged(unit, key))
    return setting


@transaction.atomic
def clear_unit_setting(*, by: User, setting: UnitSetting) -> None:
    """Return to the inherited value."""
    record(Verb.CHANGE, by=by, kind="unit_setting", reference=setting.unit.code, fields=[setting.key])
    setting.delete()
    on_setting.happened(SettingChanged(setting.unit, setting.key))


@transaction.atomic
def create_user(*, by: User | None, username: str, password: str | None, **facts: Any) -> User:
    """Open an account without any role. `facts` are further fields of User."""
    user = User(username=username, password=make_password(password), **facts)
    user.full_clean(exclude=["password"])
    user.save(force_insert=True)
    record(Verb.CREATE, by=by, kind="user", reference=username)
    return user


@transaction.atomic
def update_user(*, by: User, user: User, **facts: Any) -> None:
    """Change facts of an account; username and duty stay for life."""
    if not UPDATABLE.issuperset(facts):
        raise ValueError(f"Not changed here: {', '.join(sorted(facts.keys() - UPDATABLE))}.")
    changed = _write_changes(user, facts)
    if changed:
        record(Verb.CHANGE, by=by, kind="user", reference=user.username, fields=changed)


@transaction.atomic
def unlock_user(*, by: User, user: User) -> None:
    """Let a locked account sign in again."""
    user.failed_sign_ins, user.locked_until = 0, None
    user.save(update_fields=["failed_sign_ins", "locked_until"])
    record(Verb.CHANGE, by=by, kind="user", reference=user.username, fields=["locked_until"])


def check_grant(*, user: User, role: Role, unit: Unit, since: date, until: date | None) -> None:
    """ValidationError when the duty does not allow the role, or it is held in the period already."""
    if ROLES[role].duty != user.duty:
        raise ValidationError(
            f"“{user}”是{Duty(user.duty).label}账号，不能担任{role.label}。三员与业务工作须用不同账号。"
        )
    if until is not None and until < since:
        raise ValidationError("结束日期不能早于开始日期。")
    same = RoleAssignment.objects.filter(user=user, role=role, unit=unit).overlapping(since, until)
    if same.exists():
        raise ValidationError(f"“{user}”在“{unit}”已经担任{role.label}，时间重叠，不能重复授予。")


@transaction.atomic
def grant_role(
    *,
    by: User | None,
    user: User,
    role: Role,
    unit: Unit,
    since: date | None = None,
    until: date | None = None,
) -> RoleAssignment:
    """Give a role in a unit and its subtree. ValidationError as `check_grant` says."""
    since = since or timezone.localdate()
    check_grant(user=user, role=role, unit=unit, since=since, until=until)
    assignment = RoleAssignment.objects.create(
        user=user, role=role, unit=unit, since=since, until=until, granted_by=by
    )
    record(Verb.GRANT, by=by, kind="role", reference=user.username, fields=[role.value, unit.code])
    return assignment


@transaction.atomic
def end_role(*, by: User, assignment: RoleAssignment) -> None:
    """End a role at once: yesterday was its last day (or today, its first)."""
    yesterday = timezone.localdate() - timedelta(days=1)
    if assignment.since > yesterday:
        assignment.delete()
    else:
        assignment.until = yesterday
        assignment.save(update_fields=["until"])
    record(Verb.REVOKE, by=by, kind="role", reference=assignment.user.username, fields=[assignment.role])


@transaction.atomic
def set_clearance(*, by: User, user: User, clearance: Clearance) -> None:
    """Set the highest label that the user may see by role (二（二）)."""
    user.clearance = clearance
    user.save(update_fields=["clearance"])
    record(Verb.CHANGE, by=by, kind="user", reference=user.username, fields=["clearance"])


@transaction.atomic
def reset_password(*, by: User, user: User, password: str) -> Confirmation | None:
    """Set a new password. For an account that holds a role, now or later and even while it is switched off,
    it waits for the security administrator. ValidationError when a reset is waiting already."""
    hashed = make_password(password)
    if user.assignments.not_ended().exists():
        if Confirmation.objects.pending().filter(user=user).exists():
            raise ValidationError(f"“{user}”已有一项重置密码在等安全管理员确认。")
        request = Confirmation.objects.create(
            kind=ConfirmationKind.PASSWORD_RESET, user=user, payload={"password": hashed}, requested_by=by
        )
        record(Verb.REQUEST, by=by, kind="user", reference=user.username, fields=["password"])
        return request
    _apply_password(user, hashed)
    record(Verb.CHANGE, by=by, kind="user", reference=user.username, fields=["password"])
    return None


def _apply_password(user: User, hashed: str) -> None:
    user.password = hashed
    user.must_change_password = True
    user.failed_sign_ins = 0
    user.locked_until = None
    user.save(update_fields=["password", "must_change_password", "failed_sign_ins", "locked_until"])


@transaction.atomic
def change_own_password(*, by: User, password: str) -> None:
    """Set the password that the user has chosen; other sessions of the account end."""
    by.set_password(password)
    by.must_change_password = False
    by.save(update_fields=["password", "must_change_password"])
    record(Verb.CHANGE, by=by, kind="user", reference=by.username, fields=["password"])


def check_unit_move(*, unit: Unit, parent: Unit) -> None:
    """ValidationError when the unit cannot hang below `parent`, or a move of it is waiting already."""
    if unit.contains(parent.order):
        raise ValidationError(f"不能把“{unit}”移到它自己或它的下级单位“{parent}”下面。")
    if Confirmation.objects.pending().filter(unit=unit).exists():
        raise ValidationError(f"“{unit}”已有一项调整隶属在等安全管理员确认。")


@transaction.atomic
def request_unit_move(*, by: User, unit: Unit, parent: Unit) -> Confirmation:
    """Ask to hang a unit below another parent; it takes effect when the security administrator confirms."""
    check_unit_move(unit=unit, parent=parent)
    request = Confirmation.objects.create(
        kind=ConfirmationKind.UNIT_MOVE, unit=unit, payload={"parent": parent.pk}, requested_by=by
    )
    record(Verb.REQUEST, by=by, kind="unit", reference=unit.code, fields=["parent"])
    return request


@transaction.atomic
def confirm(*, by: User, confirmation: Confirmation, accept: bool) -> None:
    """Decide a waiting act; the one who asked may not decide. ValidationError when it is decided already."""
    if confirmation.requested_by_id == by.pk:
        raise PermissionDenied("申请人不能确认自己的申请。")
    waiting = Confirmation.objects.select_for_update().filter(
        pk=confirmation.pk, state=ConfirmationState.PENDING
    )
    if not waiting.exists():
        raise ValidationError("这一事项已经处理过了。")
    if accept:
        _carry_out(confirmation)
    confirmation.state = ConfirmationState.CONFIRMED if accept else ConfirmationState.REFUSED
    confirmation.decided_by = by
    confirmation.decided_at = timezone.now()
    confirmation.payload = {}
    confirmation.save(update_fields=["state", "decided_by", "decided_at", "payload"])
    result = "ok" if accept else "refused"
    record(Verb.CONFIRM, by=by, kind=confirmation.kind, reference=confirmation.reference, result=result)


def _carry_out(confirmation: Confirmation) -> None:
    if confirmation.user is not None:
        _apply_password(confirmation.user, confirmation.payload["password"])
    elif confirmation.unit is not None:
        move_unit(confirmation.unit, Unit.objects.get(pk=confirmation.payload["parent"]))


def move_unit(unit: Unit, parent: Unit) -> None:
    """Renumber the unit's subtree below its new parent; records follow by ON UPDATE CASCADE."""
    parent = Unit.objects.select_for_update().get(pk=parent.pk)
    if unit.contains(parent.order):
        raise ValidationError(f"“{parent}”现在已在“{unit}”之下，不能这样调整。")
    subtree = list(Unit.objects.select_for_update().within(unit).order_by("order"))
    placed: dict[int, int] = {}  # children already in place, by the parent's id
    moved: dict[int, Unit] = {}
    for node in subtree:
        above = moved.get(node.parent_id or 0)
        if above is None:
            above, interval = parent, _free_interval(parent)
        else:
            placed[above.pk] = placed.get(above.pk, 0) + 1
            interval = _slot(above, placed[above.pk])
        (node.order, node.order_end), node.parent = interval, above
        moved[node.pk] = node
    with connection.cursor() as cursor:  # a row follows by several keys, one after the other
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    Unit.objects.bulk_update(subtree, ["order", "order_end", "parent"], batch_size=500)


def _slot(parent: Unit, slot: int) -> tuple[int, int]:
    """The interval of the parent's child number `slot`."""
    width = parent.width // FAN_OUT
    if width < 1 or slot >= FAN_OUT:
        raise ValidationError(f"移到这里后层级过深，“{parent}”下放不下所属单位。")
    low = parent.order + slot * width
    return low, low + width - 1


@transaction.atomic
def note_failed_sign_in(*, user: User | None, after: int, minutes: int) -> None:
    """Count a failure and lock the account at the limit. A name that no account has is not kept."""
    result = "failed"
    if user is None:
        result = "unknown"
    elif user.is_locked:
        result = "locked"
    else:
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= after:
            user.locked_until = timezone.now() + timedelta(minutes=minutes)
            user.failed_sign_ins = 0
        user.save(update_fields=["failed_sign_ins", "locked_until"])
    record(Verb.SIGN_IN, by=None, kind="user", reference=user.username if user else "", result=result)


@transaction.atomic
def note_sign_in(*, user: User) -> None:
    """Clear the failures after a sign-in and record it."""
    User.objects.filter(pk=user.pk).update(failed_sign_ins=0, locked_until=None)
    record(Verb.SIGN_IN, by=user, kind="user", reference=user.username)


@transaction.atomic
def note_sign_out(*, user: User, reason: str = "") -> None:
    """Record the end of a session."""
    record(Verb.SIGN_OUT, by=user, kind="user", reference=user.username, reason=reason)


@transaction.atomic
def set_holiday(*, by: User, day: date, name: str, is_workday: bool) -> Holiday:
    """Declare a day off, or a weekend day worked instead; every later deadline counts with it."""
    holiday, _ = Holiday.objects.update_or_create(day=day, defaults={"name": name, "is_workday": is_workday})
    record(Verb.CHANGE, by=by, kind="holiday", reference=day.isoformat(), fields=["name", "is_workday"])
    return holiday


@transaction.atomic
def import_holidays(*, by: User, lines: Iterable[Line]) -> int:
    """Write what a table says and leave other days alone; returns how many days it added or changed."""
    rows = [change.line for change in changes_of(lines) if change.kind != "无变化"]
    for line in rows:
        Holiday.objects.update_or_create(
            day=line.day, defaults={"name": line.name, "is_workday": line.is_workday}
        )
    if rows:
        days = f"{rows[0].day}..{rows[-1].day}"
        record(Verb.IMPORT, by=by, kind="holiday", reference=days, counts={"days": len(rows)})
    return len(rows)


@transaction.atomic
def remove_holiday(*, by: User, holiday: Holiday) -> None:
    """Let the day follow the weekly rhythm again."""
    record(Verb.DELETE, by=by, kind="holiday", reference=holiday.day.isoformat())
    holiday.delete()
