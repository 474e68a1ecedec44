"""Series of meetings: their rhythm, and the meetings that are held in store (例会制度, 二（一）)."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Unit, User
from activities.actions.gatherings import save
from activities.enums import GatheringKind, GatheringState
from activities.errors import AlreadyChanged
from activities.models import AgendaItem, Gathering, Invitation, Series
from activities.models.gathering import GatheringQuerySet, room_key
from audit.actions import record
from audit.verbs import Verb
from core.workdays import add_workdays, is_workday

KIND = "gathering"
AHEAD = timedelta(days=400)  # at least one meeting of a yearly series
NIGHTLY = 200  # meetings of one night; the next night goes on
ENDED = "例会已停止"


def _note(verb: Verb, by: User | None, series: Series, *fields: str, **more: Any) -> None:
    record(verb, by=by, kind=KIND, reference=str(series.uuid), fields=["series", *fields], **more)


@transaction.atomic
def start_series(*, by: User, unit: Unit, facts: dict[str, Any]) -> Series:
    """Lay down a rhythm; its meetings of the coming thirteen months are planned at once."""
    if not by.may("change", unit.order):
        raise PermissionDenied
    series = Series(unit=unit, created_by=by, **facts)
    series.save(force_insert=True)
    made = _fill(series, timezone.localdate(), by)
    _note(Verb.CREATE, by, series, counts={"gatherings": made})
    return series


def _locked(by: User, series: Series, version: int) -> Series:
    current = Series.objects.changeable_by(by).select_for_update(of=("self",)).filter(pk=series.pk).first()
    if current is None:
        raise PermissionDenied
    if current.version != version or current.ended_at:
        raise AlreadyChanged
    return current


@transaction.atomic
def change_series(*, by: User, series: Series, version: int, facts: dict[str, Any]) -> int:
    """Change a series and every meeting still to come that nobody has changed by hand: the next meeting takes
    the next day, and so on; meetings that are left over are cancelled. Returns how many have moved."""
    current = _locked(by, series, version)
    before = current.rhythm, current.moves_off_holidays
    for name, value in facts.items():
        setattr(current, name, value)
    current.version += 1
    current.save(update_fields=[*facts, "version"])
    today = timezone.localdate()
    moved = _move(current, today) if (current.rhythm, current.moves_off_holidays) != before else 0
    waiting = list(_untouched(current, today).select_for_update(of=("self",)))
    for gathering in waiting:
        _rewrite(current, gathering)
    _ask(current, waiting)
    _fill(current, today, by)
    _note(Verb.CHANGE, by, current, *facts, counts={"gatherings": len(waiting)})
    return moved


@transaction.atomic
def end_series(*, by: User, series: Series, version: int) -> int:
    """No further meetings; those still to come that nobody has changed are cancelled. Returns how many."""
    current = _locked(by, series, version)
    current.ended_by, current.ended_at, current.version = by, timezone.now(), current.version + 1
    current.save(update_fields=["ended_by", "ended_at", "version"])
    waiting = list(_untouched(current, timezone.localdate()))
    for gathering in waiting:
        _cancel(gathering, ENDED)
    _note(Verb.CHANGE, by, current, result="closed", counts={"gatherings": len(waiting)})
    return len(waiting)


def hold_in_store() -> int:
    """As the system: plan what each running series lacks of the coming thirteen months. Safe to run daily."""
    today, made = timezone.localdate(), 0
    for series in Series.objects.running().order_by("pk"):
        if made < NIGHTLY:
            made += _fill_for(series, today)
    return made


@transaction.atomic
def _fill_for(series: Series, today: date) -> int:
    current = Series.objects.select_for_update(of=("self",)).running().filter(pk=series.pk).first()
    made = _fill(current, today, current.created_by) if current else 0
    if made:
        _note(Verb.CREATE, None, series, counts={"gatherings": made})
    return made


def _untouched(series: Series, today: date) -> GatheringQuerySet:
    waiting: GatheringQuerySet = Gathering.objects.filter(series=series, is_moved=False, on__gte=today)
    return waiting.planned()


def _days(series: Series, after: date) -> Iterator[tuple[date, date]]:
    """The days of the rhythm from tomorrow on, each with the day on which one really meets."""
    for slot in series.rhythm.days(after, timezone.localdate() + AHEAD):
        off = series.moves_off_holidays and not is_workday(slot)
        yield slot, add_workdays(slot, 1) if off else slot


def _fill(series: Series, today: date, by: User) -> int:
    last = Gathering.objects.filter(series=series).aggregate(last=Max("slot"))["last"]
    after = max(last or date.min, today - timedelta(days=1))
    gatherings = Gathering.objects.bulk_create(
        Gathering(
            kind=GatheringKind.MEETING, series=series, unit_id=series.unit_id, created_by=by,
            slot=slot, on=on, **_planned(series),
        )
        for slot, on in _days(series, after)
    )  # fmt: skip
    _put_agenda(series, gatherings)
    _ask(series, gatherings)
    return len(gatherings)


def _planned(series: Series) -> dict[str, Any]:
    """What every meeting of the series has in common."""
    same = {name: getattr(series, name) for name in ("title", "starts", "ends", "room")}
    return same | {"room_key": room_key(series.room)}


def _put_agenda(series: Series, gatherings: list[Gathering]) -> None:
    items = list(enumerate(series.agenda_items, start=1))
    AgendaItem.objects.bulk_create(
        AgendaItem(gathering=gathering, position=number, title=title)
        for gathering in gatherings
        for number, title in items
    )


def _ask(series: Series, gatherings: list[Gathering]) -> None:
    """Whoever is not invited yet is."""
    people = User.objects.filter(pk__in=series.people, is_active=True).values_list("pk", flat=True)
    units = Unit.objects.active().filter(pk__in=series.units).values_list("pk", flat=True)
    wanted = [(pk, None) for pk in people] + [(None, pk) for pk in units]
    asked = Invitation.objects.filter(gathering__in=gatherings)
    have = set(asked.values_list("gathering_id", "user_id", "unit_id"))
    Invitation.objects.bulk_create(
        Invitation(gathering=each, user_id=user, unit_id=unit)
        for each in gatherings
        for user, unit in wanted
        if (each.pk, user, unit) not in have
    )


def _move(series: Series, today: date) -> int:
    """The meetings to come take the places of the new rhythm in order; one that somebody has changed or
    dropped keeps its own day. Those left over leave the series, and are cancelled unless changed by hand."""
    rows = Gathering.objects.filter(series=series, slot__gte=today)
    meetings = list(rows.order_by("slot").select_for_update(of=("self",)))
    follows = {each.pk for each in meetings if each.is_planned and not each.is_moved}
    # Out of the way first: a new day may be one that another of them still holds.
    rows.update(series=None, slot=None)
    days = list(_days(series, today - timedelta(days=1)))
    for gathering, (slot, on) in zip(meetings, days, strict=False):
        gathering.series, gathering.slot = series, slot
        gathering.save(update_fields=["series", "slot"])
        if gathering.pk in follows and gathering.on != on:
            gathering.on = on
            save(gathering, "on")
    for gathering in meetings[len(days) :]:
        if gathering.pk in follows:
            _cancel(gathering, "例会安排有变")
    return len(follows)


def _rewrite(series: Series, gathering: Gathering) -> None:
    """The words, hours, room and agenda of the series."""
    planned = _planned(series)
    if any(getattr(gathering, name) != value for name, value in planned.items()):
        for name, value in planned.items():
            setattr(gathering, name, value)
        save(gathering, *planned)
    gathering.agenda.all().delete()
    _put_agenda(series, [gathering])


def _cancel(gathering: Gathering, reason: str) -> None:
    gathering.state, gathering.reason = GatheringState.CANCELLED, reason
    save(gathering, "state", "reason")
