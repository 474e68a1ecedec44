"""Plans of training 研修计划, their classes, sessions and materials (四（一）)."""

from datetime import timedelta
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import ClassState, PlanState
from activities.errors import AlreadyChanged
from activities.models import TrainingClass, TrainingFile, TrainingPlan, TrainingSession
from activities.models.training import VAULT
from audit.actions import record
from audit.verbs import Verb
from experts import attachments

KIND = "training"
MOST_FILES, MOST_SESSIONS = 30, 120
LONGEST = 60  # days of a class for which sessions are laid out


def _note(verb: Verb, by: User, row: TrainingPlan | TrainingClass, *fields: str) -> None:
    record(verb, by=by, kind=KIND, reference=str(row.uuid), fields=fields)


@transaction.atomic
def draft_plan(*, by: User, unit: Unit, year: int, note: str = "") -> TrainingPlan:
    """Begin a unit's plan of a year. ValidationError when there is one."""
    if not by.may("change", unit.order):
        raise PermissionDenied
    plan = TrainingPlan(unit=unit, year=year, note=note, created_by=by)
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as error:
        if "training_plan_once_a_year" not in str(error):
            raise
        raise ValidationError({"year": f"{unit} {year} 年已有研修计划，请直接打开修改。"}) from None
    _note(Verb.CREATE, by, plan)
    return plan


@transaction.atomic
def change_plan(*, by: User, plan: TrainingPlan, note: str) -> None:
    """Change the words of a plan."""
    current = _plan(by, plan)
    current.note = note
    current.save(update_fields=["note"])
    _note(Verb.CHANGE, by, current, "note")


@transaction.atomic
def approve_plan(*, by: User, plan: TrainingPlan) -> None:
    """Give a plan its effect: units may nominate for its classes. By a department head, not its drafter."""
    current = _plan(by, plan)
    if not by.may("approve", current.place):
        raise PermissionDenied
    if current.state == PlanState.APPROVED:
        raise AlreadyChanged
    if current.created_by_id == by.pk:
        raise ValidationError("不能批准自己起草的计划，请由另一位组织部门负责人批准。")
    if not current.classes.exists():
        raise ValidationError("计划里还没有班次，请先安排班次。")
    current.state, current.approved_by, current.approved_at = PlanState.APPROVED, by, timezone.now()
    current.save(update_fields=["state", "approved_by", "approved_at"])
    _note(Verb.CONFIRM, by, current, "state")


def _plan(by: User, plan: TrainingPlan) -> TrainingPlan:
    rows = TrainingPlan.objects.changeable_by(by).select_for_update(of=("self",)).select_related("unit")
    current = rows.filter(pk=plan.pk).first()
    if current is None:
        raise PermissionDenied
    return current


def locked_class(by: User, training: TrainingClass) -> TrainingClass:
    """The class as it stands, held until the transaction ends. PermissionDenied for all but the organiser."""
    rows = TrainingClass.objects.changeable_by(by).select_for_update(of=("self",), no_key=True)
    current = rows.select_related("plan", "unit").filter(pk=training.pk).first()
    if current is None:
        raise PermissionDenied
    return current


def running(by: User, training: TrainingClass) -> TrainingClass:
    """The same, while it is neither over nor cancelled. AlreadyChanged afterwards."""
    current = locked_class(by, training)
    if current.state != ClassState.PLANNED:
        raise AlreadyChanged
    return current


@transaction.atomic
def add_class(*, by: User, plan: TrainingPlan, facts: dict[str, Any]) -> TrainingClass:
    """Put a class into a plan, with a session for each of its days."""
    current = _plan(by, plan)
    training = TrainingClass(plan=current, unit=current.unit, created_by=by, **facts)
    training.save(force_insert=True)
    days = min((training.ends_on - training.starts_on).days + 1, LONGEST)
    TrainingSession.objects.bulk_create(
        TrainingSession(training=training, on=training.starts_on + timedelta(days=number))
        for number in range(days)
    )
    _note(Verb.CREATE, by, training)
    return training


@transaction.atomic
def change_class(*, by: User, training: TrainingClass, version: int, facts: dict[str, Any]) -> None:
    """Change a class that is not over. AlreadyChanged when somebody else has saved it first."""
    current = running(by, training)
    if current.version != version:
        raise AlreadyChanged
    if facts["places"] < current.taken:
        raise ValidationError({"places": f"已确认 {current.taken} 人，名额不能少于这个数。"})
    for name, value in facts.items():
        setattr(current, name, value)
    _save(current, *facts)
    _note(Verb.CHANGE, by, current, *facts)


@transaction.atomic
def finish_class(*, by: User, training: TrainingClass) -> None:
    """End a class that has begun; attendance stays as it is from then on."""
    current = running(by, training)
    if current.starts_on > timezone.localdate():
        raise ValidationError("还没有开班，不能结束；不办了的，请取消。")
    _settle(by, current, ClassState.DONE)


@transaction.atomic
def cancel_class(*, by: User, training: TrainingClass) -> None:
    """Call a class off before anybody has registered."""
    current = running(by, training)
    if current.nominations.filter(registered_at__isnull=False).exists():
        raise ValidationError("已有人报到，不能取消，请结束班次。")
    _settle(by, current, ClassState.CANCELLED)


def _settle(by: User, training: TrainingClass, state: ClassState) -> None:
    training.state = state
    _save(training, "state")
    _note(Verb.CHANGE, by, training, "state")


def _save(training: TrainingClass, *fields: str) -> None:
    """A change of the class itself, which calendars outside learn of by its version."""
    training.version += 1
    training.changed_at = timezone.now()
    training.save(update_fields=[*fields, "version", "changed_at"])


@transaction.atomic
def add_session(*, by: User, training: TrainingClass, facts: dict[str, Any]) -> TrainingSession:
    """Add a part of a day. ValidationError outside the days of the class, or when there is one already."""
    current = running(by, training)
    if not current.starts_on <= facts["on"] <= current.ends_on:
        raise ValidationError({"on": f"请选 {current.starts_on} 至 {current.ends_on} 之间的日期。"})
    if current.sessions.count() >= MOST_SESSIONS:
        raise ValidationError(f"一个班次最多 {MOST_SESSIONS} 节课。")
    session = TrainingSession(training=current, **facts)
    try:
        with transaction.atomic():
            session.save(force_insert=True)
    except IntegrityError:
        raise ValidationError({"on": "这一天的这个时段已经有了。"}) from None
    _note(Verb.CHANGE, by, current, "sessions")
    return session


@transaction.atomic
def remove_session(*, by: User, session: TrainingSession) -> None:
    """Take a session off for which nobody's attendance was noted."""
    current = running(by, session.training)
    if current.nominations.filter(attendance__has_key=str(session.uuid)).exists():
        raise ValidationError("这节课已记考勤，不能删除。")
    session.delete()
    _note(Verb.CHANGE, by, current, "sessions")


@transaction.atomic
def add_material(*, by: User, training: TrainingClass, upload: BinaryIO, name: str) -> TrainingFile:
    """Keep a file with a class. ValidationError says why one is not accepted."""
    current = locked_class(by, training)
    if current.files.count() >= MOST_FILES:
        raise ValidationError({"file": f"一个班次最多附 {MOST_FILES} 个文件。"})
    _note(Verb.CHANGE, by, current, "files")
    return attachments.keep(TrainingFile(training=current, added_by=by), VAULT, upload, name)


@transaction.atomic
def remove_material(*, by: User, file: TrainingFile) -> None:
    current = locked_class(by, file.training)
    _note(Verb.CHANGE, by, current, "files")
    attachments.drop(file, VAULT)


def hand_over_material(*, by: User, file: TrainingFile) -> bytes:
    """The file in clear; the event is written before anything leaves. ValidationError when it is gone."""
    _note(Verb.EXPORT, by, file.training, "files")
    return attachments.content(file, VAULT)
