"""Everything that changes units, users and roles."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.enums import Clearance, ConfirmationKind, ConfirmationState, Duty, UnitKind
from accounts.models import Confirmation, RoleAssignment, Unit, UnitSetting, User
from accounts.models.unit import FAN_OUT, ROOT_WIDTH
from accounts.roles import ROLES, Role
from accounts.unit_settings import validate
from audit.actions import record
from audit.verbs import Verb


def _free_interval(parent: Unit | None) -> tuple[int, int]:
    """The next free pre-order interval below `parent`; ValidationError when the level is full."""
    if parent is None:
        return 0, ROOT_WIDTH - 1
    width = parent.width // FAN_OUT
    last = parent.children.aggregate(last=Max("order"))["last"]
    slot = 1 if last is None else (last - parent.order) // max(width, 1) + 1
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
    )
    record(Verb.CREATE, by=by, kind="unit", reference=unit.code)
    return unit


@transaction.atomic
def set_unit_setting(*, by: User, unit: Unit, key: str, value: Any) -> UnitSetting:
    """Set a value for the unit and its subtree. ValueError when it is out of range."""
    checked = validate(key, value)
    setting, _ = UnitSetting.objects.update_or_create(unit=unit, key=key, defaults={"value": checked})
    record(Verb.CHANGE, by=by, kind="unit_setting", reference=unit.code, fields=[key])
    return setting


@transaction.atomic
def clear_unit_setting(*, by: User, setting: UnitSetting) -> None:
    """Return to the inherited value."""
    record(Verb.CHANGE, by=by, kind="unit_setting", reference=setting.unit.code, fields=[setting.key])
    setting.delete()


@transaction.atomic
def create_user(*, by: User | None, username: str, password: str | None, **facts: Any) -> User:
    """Open an account without any role. `facts` are further fields of User."""
    user = User(username=username, password=make_password(password), **facts)
    user.full_clean(exclude=["password"])
    user.save(force_insert=True)
    record(Verb.CREATE, by=by, kind="user", reference=username)
    return user


@transaction.atomic
def grant_role(
    *, by: User | None, user: User, role: Role, unit: Unit, since: date | None = None, until: date | None = None
) -> RoleAssignment:
    """Give a role in a unit and its subtree. ValidationError when the account's duty does not allow it."""
    if ROLES[role].duty != user.duty:
        raise ValidationError(
            f"“{user}”是{Duty(user.duty).label}账号，不能担任{role.label}。三员与业务工作须用不同账号。"
        )
    assignment = RoleAssignment.objects.create(
        user=user, role=role, unit=unit, since=since or timezone.localdate(), until=until, granted_by=by
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
    """Set a new password. For an account that holds a role it waits for the security administrator."""
    hashed = make_password(password)
    if user.current_assignments:
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
def request_unit_move(*, by: User, unit: Unit, parent: Unit) -> Confirmation:
    """Ask to hang a unit below another parent; it takes effect when the security administrator confirms."""
    if unit.contains(parent.order):
        raise ValidationError(f"不能把“{unit}”移到它自己的下级单位“{parent}”下面。")
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
    subject = confirmation.user.username if confirmation.user else str(confirmation.unit and confirmation.unit.code)
    record(Verb.CONFIRM, by=by, kind=confirmation.kind, reference=subject, result="ok" if accept else "refused")


def _carry_out(confirmation: Confirmation) -> None:
    if confirmation.user is not None:
        _apply_password(confirmation.user, confirmation.payload["password"])
    elif confirmation.unit is not None:
        move_unit(confirmation.unit, Unit.objects.get(pk=confirmation.payload["parent"]))


def move_unit(unit: Unit, parent: Unit) -> None:
    """Renumber the unit's subtree below its new parent; records follow by ON UPDATE CASCADE."""
    parent = Unit.objects.select_for_update().get(pk=parent.pk)
    subtree = list(Unit.objects.select_for_update().within(unit).order_by("order"))
    moved: dict[int, Unit] = {}
    for node in subtree:
        above = parent if node.pk == unit.pk else moved[node.parent_id or 0]
        low, high = _free_interval_among(above, moved)
        node.order, node.order_end, node.parent = low, high, above
        moved[node.pk] = node
        Unit.objects.filter(pk=node.pk).update(order=low, order_end=high, parent=above)


def _free_interval_among(parent: Unit, moved: dict[int, Unit]) -> tuple[int, int]:
    """`_free_interval` that counts only children already in place when the parent itself is being moved."""
    if parent.pk not in moved:
        return _free_interval(parent)
    width = parent.width // FAN_OUT
    placed = sum(1 for node in moved.values() if node.parent_id == parent.pk)
    if width < 1 or placed + 1 >= FAN_OUT:
        raise ValidationError(f"移到这里后层级过深，“{parent}”下放不下所属单位。")
    low = parent.order + (placed + 1) * width
    return low, low + width - 1


@transaction.atomic
def note_failed_sign_in(*, username: str, after: int, minutes: int) -> None:
    """Count a failure and lock the account at the limit. Nothing tells whether the account exists."""
    user = User.objects.select_for_update().filter(username=username).first()
    if user is not None:
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= after:
            user.locked_until = timezone.now() + timedelta(minutes=minutes)
            user.failed_sign_ins = 0
        user.save(update_fields=["failed_sign_ins", "locked_until"])
    record(Verb.SIGN_IN, by=user, kind="user", reference=username[:60], result="failed")


@transaction.atomic
def note_sign_in(*, user: User) -> None:
    """Clear the failures after a sign-in and record it."""
    User.objects.filter(pk=user.pk).update(failed_sign_ins=0, locked_until=None)
    record(Verb.SIGN_IN, by=user, kind="user", reference=user.username)
