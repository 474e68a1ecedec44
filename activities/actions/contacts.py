"""Contacts with experts (四（一）): planned, written down, and set right.

`facts` are columns of Contact. Who went decides what a contact counts as (activities/ways.py), and the
database works out the expert's clock from that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO
from uuid import UUID, uuid5

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg2.errors import UniqueViolation

from accounts.models import Unit, User
from accounts.roles import ROLES, Role
from activities.actions.follow_ups import Line, write_lines
from activities.actions.photos import keep_photos
from activities.enums import ContactState
from activities.errors import StaleContact
from activities.limits import OVER, days_to_record, is_open_to
from activities.models import Contact, ContactPerson
from activities.texts import checked
from activities.ways import Attendance, Went, attendances, units_of, way_of
from audit.actions import record, record_each
from audit.verbs import Verb
from experts.models import Expert

EARLIEST = date(2014, 5, 6)  # the day of the policy
AHEAD = timedelta(days=366)
PROMISE = timedelta(days=30)  # a promise without a day is looked at after so many
ABOUT = ["contacts"]
# What a record writes into a row that is there already.
WRITTEN = [
    "kind", "occasion", "state", "way", "on", "starts", "ends", "venue", "accompanying", "heard",
    "condolence_item", "condolence_cost", "next_step", "next_on", "recorded_by", "recorded_at", "version",
]  # fmt: skip
NOBODY = "请选择谁去的。"
AHEAD_ONLY = "安排的日期从今天起、一年以内；已经去过的，请用“记一次走访”。"
OUT_OF_DAYS = f"日期不能晚于今天，也不能早于 {EARLIEST}。"
DEAD = "这位专家已经去世，不再安排联系。"
DIED = "日期不能晚于专家去世的日期。"
TAKEN = "这张表已经用过了，请重新打开后再填。"


@dataclass(frozen=True)
class Heard:
    """What a record brings along beside its own columns."""

    went: Went
    lines: Sequence[Line] = ()
    photos: Sequence[BinaryIO] = ()


def unit_for(by: User, expert: Expert) -> Unit:
    """For which of their units the user keeps in touch with this expert: the nearest that has the expert,
    else their own. PermissionDenied without the right to change anywhere."""
    units = [each.unit for each in by.current_assignments if "change" in ROLES[Role(each.role)].rights]
    having = [unit for unit in units if any(map(unit.contains, units_of(expert)))]
    if having:
        return max(having, key=lambda unit: unit.order)
    if by.unit and by.may("change", by.unit.order):
        return by.unit
    if units:
        return units[0]
    raise PermissionDenied


@transaction.atomic
def plan_contact(
    *, by: User, experts: Sequence[Expert], uuid: UUID, facts: dict[str, Any], went: Went
) -> list[Contact]:
    """Plan a contact with each of these visible experts; the same form sent twice plans once."""
    facts = checked(facts)
    check_ahead(facts["on"])
    planned = [_plan(by, expert, uuid5(uuid, str(expert.uuid)), facts, went) for expert in experts]
    new = [contact.expert.record_number for contact, is_new in planned if is_new]
    record_each(Verb.CREATE, by=by, kind="expert", references=new, fields=ABOUT)
    return [contact for contact, _ in planned]


def _plan(by: User, expert: Expert, uuid: UUID, facts: dict[str, Any], went: Went) -> tuple[Contact, bool]:
    if expert.died_on:
        raise ValidationError({"experts": DEAD})
    contact = Contact(
        uuid=uuid,
        expert=expert,
        unit=unit_for(by, expert),
        state=ContactState.PLANNED,
        planned_by=by,
        **facts,
    )
    return _entered(by, contact, attendances(went, expert, contact.on))


def check_ahead(day: date) -> None:
    """ValidationError unless something may be planned for the day."""
    today = timezone.localdate()
    if not today <= day <= today + AHEAD:
        raise ValidationError({"on": AHEAD_ONLY})


@transaction.atomic
def record_contact(*, by: User, expert: Expert, uuid: UUID, facts: dict[str, Any], heard: Heard) -> Contact:
    """Write down a contact that took place with a visible expert. The same form sent twice writes once; one
    that was kept as a draft before becomes the record. ValidationError by field."""
    contact = Contact(uuid=uuid, expert=expert, unit=unit_for(by, expert))
    people = _become_done(by, contact, facts, heard)
    kept, is_new = _entered(by, contact, people)
    if kept.state == ContactState.DRAFT:
        return complete_contact(by=by, contact=kept, version=kept.version, facts=facts, heard=heard)
    if is_new:
        _bring(by, kept, heard, photos_there=0)
    return kept


@transaction.atomic
def complete_contact(
    *, by: User, contact: Contact, version: int, facts: dict[str, Any], heard: Heard
) -> Contact:
    """Write down what came of a planned contact or of a draft. StaleContact when somebody saved since
    `version`; the same form sent twice by one person is done once."""
    current = held(by, contact)
    sent_before = (ContactState.DONE, by.pk, version + 1)
    if (current.state, current.recorded_by_id, current.version) == sent_before:
        return current
    if current.version != version or current.state not in {ContactState.PLANNED, ContactState.DRAFT}:
        raise StaleContact(current)
    if current.state == ContactState.DRAFT:
        current.follow_ups.all().delete()
    _save(current, _become_done(by, current, facts, heard))
    _bring(by, current, heard)
    return current


@transaction.atomic
def correct_contact(
    *, by: User, contact: Contact, version: int, facts: dict[str, Any], heard: Heard
) -> Contact:
    """Complete or set right a record; what was heard besides is added. StaleContact when somebody saved since
    `version`, ValidationError past the unit's days (activities/limits.py)."""
    current = held(by, contact)
    if current.version != version or current.state != ContactState.DONE:
        raise StaleContact(current)
    check_open(by, current)
    people = _described(current, facts, heard.went)
    _check_done(current, people)
    _save(current, people)
    write_lines(current, heard.lines)
    record(Verb.CHANGE, by=by, kind="expert", reference=current.expert.record_number, fields=ABOUT)
    keep_photos(by, current, heard.photos)
    return current


@transaction.atomic
def save_draft(*, by: User, expert: Expert, uuid: UUID, facts: dict[str, Any], heard: Heard) -> Contact:
    """Keep what has been typed so far, for its writer alone; replaces the draft of the same form."""
    drafts = Contact.objects.changeable_by(by).filter(uuid=uuid, expert=expert, state=ContactState.DRAFT)
    contact = drafts.select_related("expert", "unit").select_for_update(of=("self",)).first()
    if contact is None:
        contact = Contact(uuid=uuid, expert=expert, unit=unit_for(by, expert), state=ContactState.DRAFT)
    contact.recorded_by, contact.recorded_at = by, timezone.now()
    people = _described(contact, facts, heard.went)
    if contact._state.adding:
        contact, is_new = _entered(by, contact, people)
        if not is_new:
            raise ValidationError(TAKEN)
    else:
        contact.follow_ups.all().delete()
        _save(contact, people)
    write_lines(contact, heard.lines)
    # Not about the expert: who sees the expert's trail must not learn that a draft is being written.
    record(Verb.CREATE, by=by, kind="contact_draft", reference=str(contact.uuid))
    keep_photos(by, contact, heard.photos)
    return contact


def held(by: User, contact: Contact) -> Contact:
    """The contact as it stands, held until the transaction ends. PermissionDenied when it is not the user's
    to change."""
    rows = Contact.objects.changeable_by(by).select_for_update(of=("self",))
    current = rows.select_related("expert", "unit").filter(pk=contact.pk).first()
    if current is None:
        raise PermissionDenied
    return current


def _described(contact: Contact, facts: dict[str, Any], went: Went) -> list[Attendance]:
    """Fill the columns; returns who went."""
    for name, value in checked(facts).items():
        setattr(contact, name, value)
    if contact.next_step and contact.next_on is None:
        contact.next_on = contact.on + PROMISE
    return attendances(went, contact.expert, contact.on)


def _become_done(by: User, contact: Contact, facts: dict[str, Any], heard: Heard) -> list[Attendance]:
    people = _described(contact, facts, heard.went)
    contact.state = ContactState.DONE
    contact.recorded_by, contact.recorded_at = by, timezone.now()
    _check_done(contact, people)
    return people


def _check_done(contact: Contact, people: Sequence[Attendance]) -> None:
    """What holds of a contact that took place, and what it counts as."""
    died_on = contact.expert.died_on
    if not people:
        raise ValidationError({"went": NOBODY})
    if not EARLIEST <= contact.on <= timezone.localdate():
        raise ValidationError({"on": OUT_OF_DAYS})
    if died_on and contact.on > died_on:
        raise ValidationError({"on": DIED})
    contact.way = way_of(contact.kind, [each.capacity for each in people])


def check_open(by: User, contact: Contact) -> None:
    """ValidationError when the record is past the days in which the user may set it right."""
    days = days_to_record(contact)
    if not is_open_to(by, contact, days):
        raise ValidationError(OVER.format(days))


def _entered(by: User, contact: Contact, people: Sequence[Attendance]) -> tuple[Contact, bool]:
    """Insert; where the form was sent before, what it made then, and False."""
    try:
        with transaction.atomic():
            contact.save(force_insert=True)
    except IntegrityError as problem:
        if not isinstance(problem.__cause__, UniqueViolation):
            raise
        return _made_before(by, contact), False
    _put_people(contact, people)
    return contact, True


def _made_before(by: User, contact: Contact) -> Contact:
    own = Contact.objects.visible_to(by).filter(Q(planned_by=by) | Q(recorded_by=by))
    made = own.select_related("expert").filter(uuid=contact.uuid, expert=contact.expert).first()
    if made is None:
        raise ValidationError(TAKEN)
    return made


def _save(contact: Contact, people: Sequence[Attendance]) -> None:
    """Write the held row and who went, in place of whoever was named before."""
    contact.version += 1
    contact.save(update_fields=WRITTEN)
    ContactPerson.objects.filter(contact=contact).delete()
    _put_people(contact, people)


def _put_people(contact: Contact, people: Sequence[Attendance]) -> None:
    ContactPerson.objects.bulk_create(
        ContactPerson(
            contact=contact, expert=contact.expert, capacity=each.capacity, user=each.user, name=each.name
        )
        for each in people
    )


def _bring(by: User, contact: Contact, heard: Heard, photos_there: int | None = None) -> None:
    """What a new record brings along; the event comes before the files."""
    write_lines(contact, heard.lines)
    record(Verb.CREATE, by=by, kind="expert", reference=contact.expert.record_number, fields=ABOUT)
    keep_photos(by, contact, heard.photos, photos_there)
