"""Experts at symposia (四（一）): invited, and what their coming counts as."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from activities.actions.contacts import ABOUT
from activities.actions.gatherings import hold_gathering, locked
from activities.actions.settling import void_contact
from activities.enums import Attendance, Capacity, ContactKind, ContactState, Way
from activities.models import Contact, ContactPerson, Gathering, Guest
from activities.ways import Went, attendances
from audit.actions import record, record_each
from audit.verbs import Verb
from experts.enums import Label
from experts.models import Expert

MOST = 100
OPEN_TO_ALL = "限知悉的专家只能加入“只有建立人和受邀的人看得到”的座谈。"
NOT_THERE = "更正：没有到会"


@transaction.atomic
def add_guests(*, by: User, gathering: Gathering, experts: Iterable[Expert]) -> int:
    """Invite visible experts to a symposium. Returns how many are new. The gathering itself does not change:
    nothing about it tells others of an expert whom they do not see."""
    current = locked(by, gathering)
    if current.is_meeting:
        raise ValidationError("专家参加的，请安排为座谈联谊。")
    have = set(current.guests.values_list("expert_id", flat=True))
    new = [each for each in experts if each.pk not in have]
    for expert in new:
        if expert.died_on:
            raise ValidationError({"expert": f"{expert.name}已去世，不能邀请。"})
        if expert.label == Label.RESTRICTED and not current.invited_only:
            raise ValidationError({"expert": OPEN_TO_ALL})
    if len(have) + len(new) > MOST:
        raise ValidationError({"expert": f"一次座谈最多邀请 {MOST} 位专家。"})
    for expert in new:
        Guest(gathering=current, expert=expert, added_by=by).save(force_insert=True)
    _tell_trail(by, Verb.REQUEST, new)
    return len(new)


@transaction.atomic
def remove_guest(*, by: User, guest: Guest) -> None:
    """Take an expert off the list, unless a contact was written of their coming."""
    locked(by, guest.gathering)
    current = Guest.objects.changeable_by(by).select_related("expert").filter(pk=guest.pk).first()
    if current is None:
        raise PermissionDenied
    if current.contact_id:
        raise ValidationError("已记过到会的专家不能移出，请更正到会情况。")
    _tell_trail(by, Verb.REVOKE, [current.expert])
    current.delete()


@transaction.atomic
def note_guests(*, by: User, gathering: Gathering, attendance: Mapping[int, str]) -> None:
    """Note who of the experts came, by guest. Coming writes a contact that counts by the unit's setting; a
    correction takes it back, or back into force."""
    current = locked(by, gathering)
    guests = Guest.objects.changeable_by(by).filter(gathering=current, pk__in=attendance)
    colleagues = _colleagues(current, by)
    for guest in guests.select_related("expert", "contact__unit").select_for_update(of=("self",)):
        wanted = attendance[guest.pk]
        if wanted != guest.attendance:
            _note(by, current, guest, wanted, colleagues)


@transaction.atomic
def hold_symposium(
    *, by: User, gathering: Gathering, version: int, minutes: str, attendance: dict[int, str],
    guests: Mapping[int, str],
) -> None:  # fmt: skip
    """`hold_gathering` and `note_guests`, both or neither."""
    hold_gathering(by=by, gathering=gathering, version=version, minutes=minutes, attendance=attendance)
    note_guests(by=by, gathering=gathering, attendance=guests)


def _note(by: User, gathering: Gathering, guest: Guest, wanted: str, colleagues: Went) -> None:
    if wanted == Attendance.CAME:
        guest.contact = _count(by, gathering, guest, colleagues)
    elif guest.contact and guest.contact.state == ContactState.DONE:
        void_contact(by=by, contact=guest.contact, version=guest.contact.version, note=NOT_THERE)
    guest.attendance = wanted
    guest.save(update_fields=["attendance", "contact"])


def _count(by: User, gathering: Gathering, guest: Guest, colleagues: Went) -> Contact:
    """The contact of somebody who came: a new one, or the one that was taken back."""
    expert = guest.expert
    if expert.died_on and gathering.on > expert.died_on:
        raise ValidationError(f"{expert.name}当时已去世，请更正到会情况。")
    contact = guest.contact or Contact(expert=expert, unit_id=gathering.unit_id, version=0)
    contact.kind, contact.way, contact.state = ContactKind.SYMPOSIUM, Way.SYMPOSIUM, ContactState.DONE
    contact.on, contact.starts, contact.ends = gathering.on, gathering.starts, gathering.ends
    contact.venue, contact.hindrance, contact.note = gathering.room, "", ""
    contact.recorded_by, contact.recorded_at = by, timezone.now()
    contact.version += 1
    is_new = contact._state.adding
    contact.save()
    if is_new:
        _put_people(contact, colleagues)
    verb = Verb.CREATE if is_new else Verb.CHANGE
    record(verb, by=by, kind="expert", reference=expert.record_number, fields=ABOUT)
    return contact


def _put_people(contact: Contact, colleagues: Went) -> None:
    ContactPerson.objects.bulk_create(
        ContactPerson(
            contact=contact, expert=contact.expert, capacity=each.capacity or Capacity.OTHER, user=each.user,
            name=each.name,
        )
        for each in attendances(colleagues, contact.expert, contact.on)
    )  # fmt: skip


def _colleagues(gathering: Gathering, by: User) -> Went:
    """Who was there for us: those who came, or whoever writes it down."""
    came = gathering.invitations.filter(attendance=Attendance.CAME, user__isnull=False)
    return Went(usernames=tuple(came.values_list("user__username", flat=True)) or (by.username,))


def _tell_trail(by: User, verb: Verb, experts: Iterable[Expert]) -> None:
    numbers = [each.record_number for each in experts]
    record_each(verb, by=by, kind="expert", references=numbers, fields=["symposium"])
