"""What experts said that somebody must see to (四（二）, 四（三）), and what was promised to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from activities.enums import ContactState
from activities.models import Contact, FollowUp
from activities.people import owners
from activities.texts import checked
from audit.actions import record
from audit.verbs import Verb

ABOUT = ["follow_ups"]
NO_OWNER = "请选择能办理这件事的同事。"
NO_OUTCOME = "请写明办理结果。"
DONE_ALREADY = "这件事已经办结了。"


@dataclass(frozen=True)
class Line:
    """One thing that was heard: what, who sees to it (a user name) and by when."""

    kind: str
    text: str
    owner: str
    due_on: date


@transaction.atomic
def add_follow_ups(*, by: User, contact: Contact, lines: Sequence[Line]) -> None:
    """Add what was heard in a contact that took place. PermissionDenied when the user may not change it."""
    current = (
        Contact.objects.changeable_by(by)
        .done()
        .select_related("expert", "unit")
        .filter(pk=contact.pk)
        .first()
    )
    if current is None:
        raise PermissionDenied
    write_lines(current, lines)
    record(Verb.CREATE, by=by, kind="expert", reference=current.expert.record_number, fields=ABOUT)


def write_lines(contact: Contact, lines: Sequence[Line]) -> None:
    """The rows of these lines. ValidationError when an owner is nobody who may see to it."""
    if not lines:
        return
    names = {line.owner for line in lines}
    people = {
        user.username: user for user in owners(contact.expert, contact.unit.order).filter(username__in=names)
    }
    if names - people.keys():
        raise ValidationError({"lines": NO_OWNER})
    FollowUp.objects.bulk_create(
        FollowUp(
            contact=contact,
            expert=contact.expert,
            owner=people[line.owner],
            due_on=line.due_on,
            **checked({"kind": line.kind, "text": line.text}),
        )
        for line in lines
    )


@transaction.atomic
def complete_follow_up(*, by: User, follow_up: FollowUp, outcome: str) -> None:
    """Seen to, and with what outcome. ValidationError when it was done already."""
    outcome = checked({"outcome": outcome})["outcome"]
    if not outcome:
        raise ValidationError({"outcome": NO_OUTCOME})
    rows = FollowUp.objects.changeable_by(by).select_for_update(of=("self",)).select_related("expert")
    current = rows.filter(pk=follow_up.pk).first()
    if current is None:
        raise PermissionDenied
    if current.done_at:
        raise ValidationError(DONE_ALREADY)
    current.done_at, current.done_by, current.outcome = timezone.now(), by, outcome
    current.save(update_fields=["done_at", "done_by", "outcome"])
    record(Verb.CONFIRM, by=by, kind="expert", reference=current.expert.record_number, fields=ABOUT)


@transaction.atomic
def keep_promise(*, by: User, contact: Contact) -> None:
    """What was promised in a contact is done. PermissionDenied when it is not the user's to change."""
    rows = Contact.objects.changeable_by(by).promising().select_for_update(of=("self",))
    current = rows.select_related("expert").filter(pk=contact.pk).first()
    if current is None:
        if Contact.objects.changeable_by(by).filter(pk=contact.pk, state=ContactState.DONE).exists():
            raise ValidationError("这项承诺已经兑现了。")
        raise PermissionDenied
    current.next_done_at, current.next_done_by = timezone.now(), by
    current.version += 1
    current.save(update_fields=["next_done_at", "next_done_by", "version"])
    record(Verb.CONFIRM, by=by, kind="expert", reference=current.expert.record_number, fields=["next_step"])
