"""What a gathering has resolved: noted, reported on, done (议定事项, 二（一）)."""

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.actions.gatherings import locked
from activities.errors import AlreadyChanged
from activities.models import Gathering, Resolution, ResolutionNote
from activities.people import staff_of
from audit.actions import record
from audit.verbs import Verb
from reminders.actions import tell

KIND = "resolution"
MOST = 50  # resolutions of one gathering


def _note(verb: Verb, by: User, resolution: Resolution, *fields: str, **more: Any) -> None:
    record(verb, by=by, kind=KIND, reference=str(resolution.uuid), fields=fields, **more)


@transaction.atomic
def add_resolution(
    *, by: User, gathering: Gathering, text: str, owner: User | None, unit: Unit | None, due_on: date
) -> Resolution:
    """Note what was resolved and tell whoever sees to it; they see the gathering from then on."""
    current = locked(by, gathering)
    _check_owner(owner, unit)
    _check_day(current, due_on)
    if current.resolutions.count() >= MOST:
        raise ValidationError(f"一次活动最多记 {MOST} 项议定事项。")
    resolution = Resolution.objects.create(
        gathering=current, text=text, owner=owner, unit=unit, due_on=due_on, created_by=by
    )
    _note(Verb.CREATE, by, resolution)
    _tell_owner(by, resolution, "请办理")
    return resolution


def _check_owner(owner: User | None, unit: Unit | None) -> None:
    if owner is None and unit is None:
        raise ValidationError({"owner": "请选择责任人或责任单位。"})


def _check_day(gathering: Gathering, due_on: date) -> None:
    if due_on < gathering.on:
        raise ValidationError({"due_on": "完成期限不能早于开会的日期。"})


def _locked(by: User, resolution: Resolution, version: int, *, keeps: bool = False) -> Resolution:
    """`keeps` asks for the right to the gathering itself, which whoever only sees to the matter lacks."""
    rows = Resolution.objects.changeable_by(by).select_for_update(of=("self",)).select_related("gathering")
    current = rows.filter(pk=resolution.pk).first()
    if current is None or (keeps and not by.may("change", current.gathering.place)):
        raise PermissionDenied
    if current.version != version:
        raise AlreadyChanged
    return current


def _save(resolution: Resolution, *fields: str) -> None:
    resolution.version += 1
    resolution.changed_at = timezone.now()
    resolution.save(update_fields=[*fields, "version", "changed_at"])


@transaction.atomic
def change_resolution(*, by: User, resolution: Resolution, version: int, facts: dict[str, Any]) -> None:
    """Change the words, who sees to it or by when, while it is open."""
    current = _locked(by, resolution, version, keeps=True)
    if not current.is_open:
        raise AlreadyChanged
    _check_owner(facts["owner"], facts["unit"])
    if facts["due_on"] != current.due_on:
        _check_day(current.gathering, facts["due_on"])
    changed = [name for name, value in facts.items() if getattr(current, name) != value]
    for name, value in facts.items():
        setattr(current, name, value)
    _save(current, *facts)
    _note(Verb.CHANGE, by, current, *changed)
    if {"owner", "unit", "due_on"} & set(changed):
        _tell_owner(by, current, "责任人或期限有变")


@transaction.atomic
def report_progress(*, by: User, resolution: Resolution, text: str) -> ResolutionNote:
    """Say how far it is."""
    if not Resolution.objects.changeable_by(by).open().filter(pk=resolution.pk).exists():
        raise PermissionDenied
    note = ResolutionNote.objects.create(resolution=resolution, text=text, by=by)
    _note(Verb.CHANGE, by, resolution, "notes")
    return note


@transaction.atomic
def finish_resolution(*, by: User, resolution: Resolution, version: int, outcome: str) -> None:
    """It is done, and what came of it."""
    current = _locked(by, resolution, version)
    if not current.is_open:
        raise AlreadyChanged
    if not outcome:
        raise ValidationError({"text": "请写明办理结果。"})
    current.done_by, current.done_at, current.outcome = by, timezone.now(), outcome
    _save(current, "done_by", "done_at", "outcome")
    _note(Verb.CONFIRM, by, current, result="closed")


@transaction.atomic
def reopen_resolution(*, by: User, resolution: Resolution, version: int, reason: str) -> None:
    """The unit that called the gathering does not take it for done; why stands among the notes."""
    current = _locked(by, resolution, version, keeps=True)
    if current.is_open:
        raise AlreadyChanged
    if not reason:
        raise ValidationError({"text": "请写明为什么重新办理。"})
    ResolutionNote.objects.create(resolution=current, text=f"重新办理：{reason}"[:500], by=by)
    current.done_by, current.done_at, current.outcome = None, None, ""
    _save(current, "done_by", "done_at", "outcome")
    _note(Verb.CHANGE, by, current, result="restored")
    _tell_owner(by, current, "请重新办理")


@transaction.atomic
def remove_resolution(*, by: User, resolution: Resolution, version: int) -> None:
    """Take back one that was noted by mistake and that nobody has reported on."""
    current = _locked(by, resolution, version, keeps=True)
    if not current.is_open or current.notes.exists():
        raise ValidationError("已有进展或已办结的事项不能删除。")
    _note(Verb.DELETE, by, current)
    current.delete()


def _tell_owner(by: User, resolution: Resolution, what: str) -> None:
    people = [resolution.owner] if resolution.owner else []
    if resolution.unit and not people:
        people = list(staff_of([resolution.unit]))
    text = f"议定事项（{resolution.due_on} 前完成）：{what}"
    tell(by=by, recipients=people, text=text, url=reverse("gatherings:resolution", args=[resolution.uuid]))
