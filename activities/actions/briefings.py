"""Briefings 情况通报 (二（一）): drafted, sent, acknowledged; whoever has not read one is reminded."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import BriefingState, PairingKind
from activities.errors import AlreadyChanged
from activities.models import Briefing, BriefingExpert, BriefingFile, Pairing, Receipt
from activities.models.briefing import VAULT
from activities.people import staff_of
from audit.actions import record
from audit.verbs import Verb
from experts import attachments
from experts.enums import Label
from experts.models import Expert
from reminders.actions import tell

KIND = "briefing"
MOST_FILES = 10
EVERY = timedelta(hours=20)  # between two reminders
RESTRICTED = "限知悉的专家请直接通知其联络员，不要选在这里。"


def _note(verb: Verb, by: User, briefing: Briefing, *fields: str, **more: Any) -> None:
    record(verb, by=by, kind=KIND, reference=str(briefing.uuid), fields=fields, **more)


def _draft(by: User, briefing: Briefing) -> Briefing:
    """The draft, held until the transaction ends. AlreadyChanged once it was sent."""
    rows = Briefing.objects.changeable_by(by).select_for_update(of=("self",))
    current = rows.select_related("unit").filter(pk=briefing.pk).first()
    if current is None:
        raise PermissionDenied
    if not current.is_draft:
        raise AlreadyChanged
    return current


@transaction.atomic
def draft_briefing(
    *, by: User, unit: Unit, facts: dict[str, Any], units: Iterable[Unit], experts: Iterable[Expert]
) -> Briefing:
    """Begin a briefing; nobody is told yet. `facts` are title and text."""
    if not by.may("change", unit.order):
        raise PermissionDenied
    briefing = Briefing(unit=unit, created_by=by, units=[each.pk for each in units], **facts)
    briefing.save(force_insert=True)
    _put_experts(briefing, experts)
    _note(Verb.CREATE, by, briefing)
    return briefing


@transaction.atomic
def change_briefing(
    *, by: User, briefing: Briefing, facts: dict[str, Any], units: Iterable[Unit], experts: Iterable[Expert]
) -> None:
    """Change a draft. Experts whom the user does not see stay as they are."""
    current = _draft(by, briefing)
    for name, value in facts.items():
        setattr(current, name, value)
    current.units = [each.pk for each in units]
    current.save(update_fields=[*facts, "units"])
    BriefingExpert.objects.visible_to(by).filter(briefing=current).delete()
    _put_experts(current, experts)
    _note(Verb.CHANGE, by, current, *facts, "units")


def _put_experts(briefing: Briefing, experts: Iterable[Expert]) -> None:
    for expert in experts:
        if expert.label == Label.RESTRICTED:
            raise ValidationError({"expert": RESTRICTED})
        BriefingExpert(briefing=briefing, expert=expert).save(force_insert=True)


@transaction.atomic
def add_file(*, by: User, briefing: Briefing, upload: BinaryIO, name: str) -> BriefingFile:
    """Keep a file with a draft. ValidationError says why one is not accepted."""
    current = _draft(by, briefing)
    if current.files.count() >= MOST_FILES:
        raise ValidationError({"file": f"一份通报最多附 {MOST_FILES} 个文件。"})
    _note(Verb.CHANGE, by, current, "files")
    return attachments.keep(BriefingFile(briefing=current, added_by=by), VAULT, upload, name)


@transaction.atomic
def remove_file(*, by: User, file: BriefingFile) -> None:
    current = _draft(by, file.briefing)
    _note(Verb.CHANGE, by, current, "files")
    attachments.drop(file, VAULT)


def hand_over_file(*, by: User, file: BriefingFile) -> bytes:
    """The file in clear; the event is written before anything leaves. ValidationError when it is gone."""
    _note(Verb.EXPORT, by, file.briefing, "files")
    return attachments.content(file, VAULT)


def recipients(by: User, briefing: Briefing) -> list[User]:
    """Whom sending it would tell: officers and heads of the units, and officers of the experts, without the
    sender. An expert without an officer in post is looked after by the officers of the managing unit."""
    chosen = BriefingExpert.objects.visible_to(by).filter(briefing=briefing).select_related("expert__unit")
    experts = [each.expert for each in chosen]
    today = timezone.localdate()
    pairs = Pairing.objects.visible_to(by).as_of(today).with_post(today)
    officers = pairs.filter(expert__in=experts, kind=PairingKind.OFFICER)
    paired = {each.expert_id: each.person for each in officers.select_related("person") if each.in_post}
    units = set(briefing.units) | {each.unit_id for each in experts if each.pk not in paired}
    people = {each.pk: each for each in staff_of(Unit.objects.filter(pk__in=units))}
    people |= {each.pk: each for each in paired.values()}
    people.pop(by.pk, None)
    return sorted(people.values(), key=lambda each: each.username)


@transaction.atomic
def send_briefing(*, by: User, briefing: Briefing) -> int:
    """Send a draft; from then on it stays as it is. Returns how many were told."""
    current = _draft(by, briefing)
    people = recipients(by, current)
    if not people:
        raise ValidationError("没有可以通报的人：所选单位没有联络员，或没有选单位和专家。")
    current.state, current.sent_by, current.sent_at = BriefingState.SENT, by, timezone.now()
    current.save(update_fields=["state", "sent_by", "sent_at"])
    Receipt.objects.bulk_create(Receipt(briefing=current, user=each) for each in people)
    _note(Verb.CHANGE, by, current, "state", counts={"people": len(people)})
    _tell(by, current, people, "请阅知")
    return len(people)


@transaction.atomic
def acknowledge(*, by: User, briefing: Briefing) -> bool:
    """Say that one has read it; False when there is nothing to say."""
    done = Receipt.objects.filter(briefing=briefing, user=by).unread().update(read_at=timezone.now())
    if done:
        _note(Verb.CONFIRM, by, briefing)
    return bool(done)


@transaction.atomic
def remind_unread(*, by: User, briefing: Briefing) -> int:
    """Tell those who have not read it once more, at most once a day. Returns how many."""
    rows = Briefing.objects.changeable_by(by).select_for_update(of=("self",)).select_related("unit")
    current = rows.filter(pk=briefing.pk, state=BriefingState.SENT).first()
    if current is None:
        raise PermissionDenied
    last = current.reminded_at or current.sent_at
    if last and timezone.now() - last < EVERY:
        raise ValidationError("一天之内已经通知或提醒过，请明天再提醒。")
    waiting = [each.user for each in current.receipts.unread().select_related("user")]
    current.reminded_at = timezone.now()
    current.save(update_fields=["reminded_at"])
    _note(Verb.CHANGE, by, current, "reminded_at", counts={"people": len(waiting)})
    _tell(by, current, waiting, "还没有阅知，请查看")
    return len(waiting)


@transaction.atomic
def drop_draft(*, by: User, briefing: Briefing) -> None:
    """Throw a draft away with its files."""
    current = _draft(by, briefing)
    names = list(current.files.values_list("stored_as", flat=True))
    _note(Verb.DELETE, by, current)
    current.files.all().delete()
    BriefingExpert.objects.filter(briefing=current).delete()
    current.delete()
    for name in names:
        transaction.on_commit(partial(VAULT.forget, name))


def _tell(by: User, briefing: Briefing, people: Iterable[User], what: str) -> None:
    """A line that names who sends it and nothing that anybody has typed."""
    url = reverse("briefings:detail", args=[briefing.uuid])
    tell(by=by, recipients=people, text=f"情况通报（{briefing.unit}）：{what}", url=url)
