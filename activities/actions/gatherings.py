"""Meetings and symposia: called, changed, invited to, answered, held (二（一）, 四（一）)."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import GatheringKind, GatheringState, Reply
from activities.errors import AlreadyChanged
from activities.models import AgendaItem, Gathering, Invitation
from activities.models.gathering import room_key
from activities.people import staff_of
from audit.actions import record
from audit.verbs import Verb
from core.moments import long_day_text
from reminders.actions import tell

KIND = "gathering"
MOST_INVITED = 300
Agenda = Iterable[tuple[str, str]]  # title, speaker


def locked(by: User, gathering: Gathering, version: int | None = None) -> Gathering:
    """The gathering as it stands, held until the transaction ends. PermissionDenied when it is not the user's
    to change, AlreadyChanged when it is not at `version` any more."""
    rows = Gathering.objects.changeable_by(by).select_for_update(of=("self",))
    current = rows.filter(pk=gathering.pk).first()
    if current is None:
        raise PermissionDenied
    if version is not None and current.version != version:
        raise AlreadyChanged
    return current


def note(verb: Verb, by: User, gathering: Gathering, *fields: str, **more: Any) -> None:
    record(verb, by=by, kind=KIND, reference=str(gathering.uuid), fields=fields, **more)


def save(gathering: Gathering, *fields: str) -> None:
    """Save these columns and count the change."""
    gathering.version += 1
    gathering.changed_at = timezone.now()
    gathering.save(update_fields=[*fields, "version", "changed_at"])


@transaction.atomic
def call_gathering(
    *,
    by: User,
    kind: GatheringKind,
    unit: Unit,
    facts: dict[str, Any],
    agenda: Agenda = (),
    people: Iterable[User] = (),
    units: Iterable[Unit] = (),
) -> Gathering:
    """Plan a gathering of a unit and invite to it. `facts`: title, day, times, room and who sees it."""
    if not by.may("change", unit.order):
        raise PermissionDenied
    gathering = Gathering(kind=kind, unit=unit, created_by=by, **facts)
    gathering.room_key = room_key(gathering.room)
    gathering.save(force_insert=True)
    set_agenda(gathering, agenda)
    note(Verb.CREATE, by, gathering)
    invite(by=by, gathering=gathering, people=people, units=units)
    return gathering


def set_agenda(gathering: Gathering, agenda: Agenda) -> None:
    gathering.agenda.all().delete()
    AgendaItem.objects.bulk_create(
        AgendaItem(gathering=gathering, position=number, title=title, speaker=speaker)
        for number, (title, speaker) in enumerate(agenda, start=1)
    )


@transaction.atomic
def change_gathering(
    *, by: User, gathering: Gathering, version: int, facts: dict[str, Any], agenda: Agenda
) -> None:
    """Change what was planned; whoever is invited is told when day, time or room have moved."""
    current = locked(by, gathering, version)
    if not current.is_planned:
        raise ValidationError("已召开或取消的活动不能再改安排。")
    if facts.get("invited_only", current.invited_only) != current.invited_only and current.created_by != by:
        raise ValidationError({"invited_only": "由建立人改动谁看得到。"})
    moved = any(getattr(current, name) != facts[name] for name in ("on", "starts", "ends", "room"))
    for name, value in facts.items():
        setattr(current, name, value)
    current.room_key, current.is_moved = room_key(current.room), True
    save(current, *facts, "room_key", "is_moved")
    set_agenda(current, agenda)
    note(Verb.CHANGE, by, current, *facts, "agenda")
    if moved:
        _tell_invited(by, current, "时间或地点有变")


@transaction.atomic
def invite(*, by: User, gathering: Gathering, people: Iterable[User] = (), units: Iterable[Unit] = ()) -> int:
    """Invite colleagues and units; who is invited already is left out. Returns how many are new. A reminder
    tells them (activities/gathering_reminders.py)."""
    current = locked(by, gathering)
    if not current.is_planned:
        raise ValidationError("已召开或取消的活动不能再邀请。")
    have = list(current.invitations.values_list("user_id", "unit_id"))
    new_people = [each for each in people if (each.pk, None) not in have]
    new_units = [each for each in units if (None, each.pk) not in have]
    if len(have) + len(new_people) + len(new_units) > MOST_INVITED:
        raise ValidationError(f"一次活动最多邀请 {MOST_INVITED} 人和单位。")
    Invitation.objects.bulk_create(
        [Invitation(gathering=current, user=each) for each in new_people]
        + [Invitation(gathering=current, unit=each) for each in new_units]
    )
    if not new_people and not new_units:
        return 0
    note(
        Verb.REQUEST, by, current, "invitations", counts={"people": len(new_people), "units": len(new_units)}
    )
    return len(new_people) + len(new_units)


@transaction.atomic
def uninvite(*, by: User, invitation: Invitation) -> None:
    """Take an invitation back while the gathering is planned."""
    current = locked(by, invitation.gathering)
    if not current.is_planned:
        raise ValidationError("已召开或取消的活动不能再改邀请。")
    invitation.delete()
    note(Verb.REVOKE, by, current, "invitations")


@transaction.atomic
def answer_invitation(
    *, by: User, invitation: Invitation, reply: Reply, delegate: User | None = None, comes: str = "",
    words: str = "",
) -> None:  # fmt: skip
    """Reply to an invitation, one's own or that of a unit; a later reply replaces an earlier one."""
    rows = Invitation.objects.answerable_by(by).select_for_update(of=("self",)).select_related("gathering")
    current = rows.filter(pk=invitation.pk).first()
    if current is None:
        raise PermissionDenied
    if not current.gathering.is_planned:
        raise ValidationError("活动已召开或取消，不再回复。")
    if reply == Reply.DELEGATE and not delegate and not comes:
        raise ValidationError({"delegate": "请选择委托给谁，或写明参加人。"})
    if delegate and delegate.pk == current.user_id:
        raise ValidationError({"delegate": "请委托给另一个人。"})
    current.reply, current.delegate, current.comes = reply, delegate, comes
    current.note, current.replied_by, current.replied_at = words, by, timezone.now()
    current.save(update_fields=["reply", "delegate", "comes", "note", "replied_by", "replied_at"])
    note(Verb.CONFIRM, by, current.gathering, "invitations")
    if delegate:
        _tell(by, current.gathering, [delegate], "您受委托参加")


@transaction.atomic
def hold_gathering(
    *, by: User, gathering: Gathering, version: int, minutes: str, attendance: dict[int, str]
) -> None:
    """State that it took place, who came (by invitation), and its minutes. Later calls correct that."""
    current = locked(by, gathering, version)
    if current.state not in {GatheringState.PLANNED, GatheringState.DONE}:
        raise ValidationError("已取消或未召开的活动，请先恢复安排。")
    if current.on > timezone.localdate():
        raise ValidationError(f"活动定在 {current.on}，召开后再记录。")
    if minutes != current.minutes:
        current.minutes = minutes
        current.minutes_by, current.minutes_at = (by, timezone.now()) if minutes else (None, None)
    current.state = GatheringState.DONE
    save(current, "state", "minutes", "minutes_by", "minutes_at")
    invitations = list(current.invitations.filter(pk__in=attendance))
    for invitation in invitations:
        invitation.attendance = attendance[invitation.pk]
    Invitation.objects.bulk_update(invitations, ["attendance"])
    note(Verb.CHANGE, by, current, "minutes", "attendance", result="held")


@transaction.atomic
def drop_gathering(
    *, by: User, gathering: Gathering, version: int, state: GatheringState, reason: str
) -> None:
    """State that a planned gathering is cancelled, or that it did not take place, and why."""
    current = locked(by, gathering, version)
    if not current.is_planned:
        raise AlreadyChanged
    if not reason:
        raise ValidationError({"reason": "请写明原因。"})
    if state == GatheringState.MISSED and current.on > timezone.localdate():
        raise ValidationError("还没有到日子，请选“取消”。")
    current.state, current.reason = state, reason
    save(current, "state", "reason")
    note(Verb.CHANGE, by, current, "state", result=state)
    if state == GatheringState.CANCELLED:
        _tell_invited(by, current, "已取消")


@transaction.atomic
def restore_gathering(*, by: User, gathering: Gathering, version: int) -> None:
    """Plan a cancelled or missed gathering again."""
    current = locked(by, gathering, version)
    if current.state not in {GatheringState.CANCELLED, GatheringState.MISSED}:
        raise AlreadyChanged
    current.state, current.reason = GatheringState.PLANNED, ""
    save(current, "state", "reason")
    note(Verb.CHANGE, by, current, "state", result="restored")
    if current.on >= timezone.localdate():
        _tell_invited(by, current, "恢复召开")


def _answering(units: Iterable[Unit]) -> list[User]:
    """Who answers for units: their liaison officers and heads."""
    chosen = list(units)
    return list(staff_of(chosen)) if chosen else []


def _tell_invited(by: User, gathering: Gathering, what: str) -> None:
    invited = gathering.invitations.select_related("user", "delegate", "unit")
    people = [each for row in invited for each in (row.user, row.delegate) if each]
    _tell(by, gathering, [*people, *_answering(row.unit for row in invited if row.unit)], what)


def _tell(by: User, gathering: Gathering, people: Iterable[User], what: str) -> None:
    """A line that names the kind, the day and the hour, and nothing that anybody has typed."""
    when = f"{long_day_text(gathering.on)} {gathering.starts:%H:%M}"
    text = f"{gathering.get_kind_display()}（{gathering.unit}，{when}）：{what}"
    tell(by=by, recipients=people, text=text, url=reverse("gatherings:detail", args=[gathering.uuid]))
