"""What becomes of a planned contact that does not take place as planned, and of a record that is wrong."""

from datetime import date, time
from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from activities.actions.contacts import ABOUT, check_ahead, check_open, held
from activities.actions.photos import VAULT
from activities.enums import ContactState, Hindrance
from activities.errors import StaleContact
from activities.models import Contact, Photo
from activities.texts import checked
from audit.actions import record
from audit.verbs import Verb

SAY_WHY = "请选择原因。"
SAY_MORE = "请写明是什么原因。"
SAY_WRONG = "请写明哪里有误。"
NOT_YET = "日期还没有到，请取消或改期。"


@transaction.atomic
def cancel_contact(*, by: User, contact: Contact, version: int, hindrance: str, note: str = "") -> None:
    """Call a planned contact off, and why."""
    _settle(by, contact, version, ContactState.CANCELLED, hindrance, note)


@transaction.atomic
def miss_contact(*, by: User, contact: Contact, version: int, hindrance: str, note: str = "") -> None:
    """State that a contact planned for today or earlier did not take place, and why."""
    if contact.on > timezone.localdate():
        raise ValidationError(NOT_YET)
    _settle(by, contact, version, ContactState.MISSED, hindrance, note)


def _settle(by: User, contact: Contact, version: int, state: ContactState, hindrance: str, note: str) -> None:
    current = _planned(by, contact, version)
    note = checked({"note": note})["note"]
    if hindrance not in Hindrance.values:
        raise ValidationError({"hindrance": SAY_WHY})
    if hindrance == Hindrance.OTHER and not note:
        raise ValidationError({"note": SAY_MORE})
    current.state, current.hindrance, current.note = state, hindrance, note
    _store_and_tell(by, current, ["state", "hindrance", "note"])


@transaction.atomic
def reschedule(
    *,
    by: User,
    contact: Contact,
    version: int,
    on: date,
    starts: time | None = None,
    ends: time | None = None,
) -> None:
    """Move a planned contact to another day."""
    current = _planned(by, contact, version)
    check_ahead(on)
    current.on, current.starts, current.ends = on, starts, ends
    _store_and_tell(by, current, ["on", "starts", "ends"])


@transaction.atomic
def void_contact(*, by: User, contact: Contact, version: int, note: str) -> None:
    """Take back a record that is wrong: it counts no longer, and stays with what was wrong about it."""
    current = held(by, contact)
    if current.version != version or current.state != ContactState.DONE:
        raise StaleContact(current)
    check_open(by, current)
    note = checked({"note": note})["note"]
    if not note:
        raise ValidationError({"note": SAY_WRONG})
    current.state, current.way, current.note = ContactState.CANCELLED, "", note
    current.hindrance = Hindrance.OTHER
    _store_and_tell(by, current, ["state", "way", "hindrance", "note"])


@transaction.atomic
def delete_draft(*, by: User, contact: Contact) -> None:
    """Throw a draft away with all that hangs on it. PermissionDenied for anybody but its writer."""
    current = held(by, contact)
    if current.state != ContactState.DRAFT:
        raise PermissionDenied
    files = list(Photo.objects.visible_to(by).filter(contact=current).values_list("stored_as", flat=True))
    record(Verb.DELETE, by=by, kind="contact_draft", reference=str(current.uuid))
    current.delete()
    for stored_as in files:
        transaction.on_commit(partial(VAULT.forget, stored_as))


def _planned(by: User, contact: Contact, version: int) -> Contact:
    current = held(by, contact)
    if current.version != version or current.state != ContactState.PLANNED:
        raise StaleContact(current)
    return current


def _store_and_tell(by: User, contact: Contact, fields: list[str]) -> None:
    contact.version += 1
    contact.save(update_fields=[*fields, "version"])
    record(Verb.CHANGE, by=by, kind="expert", reference=contact.expert.record_number, fields=ABOUT)
