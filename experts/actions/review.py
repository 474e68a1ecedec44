"""Rounds of the yearly review, and confirming single key fields (二（二））."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import RoleAssignment, Unit, User
from accounts.roles import Role
from accounts.unit_settings import SETTINGS, effective, set_below
from audit.actions import record
from audit.verbs import Verb
from core.chinese import as_written
from core.markings import find_marking
from experts.actions.register import update_expert
from experts.enums import Label
from experts.freshness import KEY_FIELDS, Source, confirm_fields
from experts.models import Expert, ReviewRound
from experts.reviewing import grouped

KIND = "review"
MONTH, WEEKS = "review_month", "review_weeks"  # settings of a unit


@transaction.atomic
def confirm_key_fields(*, by: User, expert: Expert, fields: Iterable[str]) -> None:
    """State that some key fields are still right as of today; the others keep their confirmations."""
    current = Expert.objects.changeable_by(by).select_for_update(of=("self",)).get(pk=expert.pk)
    names = list(fields)
    columns = confirm_fields(current, names, by=by, source=Source.REVIEW)
    current.updated_at, current.updated_by, current.version = timezone.now(), by, F("version") + 1
    current.save(update_fields=[*columns, "updated_at", "updated_by", "version"])
    record(Verb.CONFIRM, by=by, kind="expert", reference=current.record_number, fields=names)


@transaction.atomic
def correct_and_confirm(*, by: User, expert: Expert, version: int, facts: dict[str, Any]) -> None:
    """Correct what is no longer right and state that all key information holds as of today.

    StaleSave with the record as it stands when somebody saved since `version`, NotAllowed as of every edit.
    """
    update_expert(by=by, expert=expert, version=version, facts=facts)
    confirm_key_fields(by=by, expert=expert, fields=KEY_FIELDS)


def due_after(unit: Unit, start: date) -> date:
    """The last day of a round that starts then, by the unit's setting."""
    return start + timedelta(weeks=effective(unit, WEEKS).value)


@transaction.atomic
def open_round(*, by: User, unit: Unit, starts_on: date, due_on: date | None = None) -> ReviewRound:
    """Open the unit's round of the year, or plan one that starts later. ValidationError for a second one."""
    if not by.may("approve", unit.order):
        raise PermissionDenied
    review = ReviewRound(
        unit=unit,
        year=starts_on.year,
        starts_on=starts_on,
        due_on=due_on or due_after(unit, starts_on),
        opened_by=by,
    )
    try:
        with transaction.atomic():
            review.save(force_insert=True)
    except IntegrityError as problem:
        if "review_once_a_year" not in str(problem):
            raise
        raise ValidationError(f"{unit} {starts_on.year} 年已经有一轮年度复核。") from None
    record(Verb.CREATE, by=by, kind=KIND, reference=_reference(review))
    return review


@transaction.atomic
def close_round(*, by: User, review: ReviewRound, note: str = "") -> None:
    """End a round and keep how far each unit came. ValidationError when somebody has closed it before.

    Only internal records are counted in: whoever looks at the round later may not see any other.
    """
    note = as_written(note)
    if find_marking(note):
        raise ValidationError({"note": "含有密级标志。本系统为非涉密系统，不得录入。"})
    if not by.may("approve", review.unit.order):
        raise PermissionDenied
    current = ReviewRound.objects.select_for_update().filter(pk=review.pk, closed_at=None).first()
    if current is None:
        raise ValidationError("这轮复核已经结束。")
    internal = Expert.objects.visible_to(by).filter(label=Label.INTERNAL)
    current.result = {str(order): list(numbers) for order, numbers in grouped(review, internal).items()}
    current.closed_by, current.closed_at, current.note = by, timezone.now(), note
    current.save(update_fields=["result", "closed_by", "closed_at", "note"])
    record(Verb.CONFIRM, by=by, kind=KIND, reference=_reference(review), result="closed")


def open_due_rounds() -> int:
    """Open this month's rounds, as the system: of every unit with a department head whose month it is, unless
    the unit has one this year. Safe to run every day; returns how many."""
    today = timezone.localdate()
    heads = RoleAssignment.objects.in_force().filter(role=Role.DEPARTMENT_HEAD, user__is_active=True)
    have = ReviewRound.objects.filter(year=today.year)
    units = Unit.objects.active().filter(pk__in=heads.values("unit_id"))
    months, weeks = set_below(MONTH), set_below(WEEKS)
    opened = 0
    for unit in units.exclude(pk__in=have.values("unit_id")).order_by("order"):
        if _set_for(unit, MONTH, months) == today.month:
            opened += _open_for(unit, today.replace(day=1), _set_for(unit, WEEKS, weeks))
    return opened


@transaction.atomic
def _open_for(unit: Unit, start: date, weeks: int) -> bool:
    """False when somebody has opened one in between."""
    due = start + timedelta(weeks=weeks)
    review, new = ReviewRound.objects.get_or_create(
        unit=unit, year=start.year, defaults={"starts_on": start, "due_on": due}
    )
    if new:
        record(Verb.CREATE, by=None, kind=KIND, reference=_reference(review))
    return new


def _set_for(unit: Unit, key: str, below: list[tuple[int, int, int]]) -> int:
    """The setting in force for the unit, out of all values (inner subtrees first)."""
    return next((value for low, high, value in below if low <= unit.order <= high), SETTINGS[key].default)


def _reference(review: ReviewRound) -> str:
    return f"{review.unit.code} {review.year}"
