"""What the calendar is composed of. A further source is a function and a line in SOURCES."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from activities.calendar.entries import MOST, Asked, Entry, Source
from activities.enums import ClassState, ContactKind, ContactState, GatheringKind, GatheringState
from activities.models import Contact, FollowUp, Gathering, Resolution, TrainingClass

VISIT, CALL, SYMPOSIUM, MEETING = "visit", "call", "symposium", "meeting"
TRAINING, RESOLUTION, PROMISE = "training", "resolution", "promise"
CONTACT_KINDS = {
    ContactKind.VISIT: VISIT,
    ContactKind.PHONE: CALL,
    ContactKind.MESSAGE: CALL,
    ContactKind.SYMPOSIUM: SYMPOSIUM,
}
OUTSIDE = {VISIT: "走访一位专家", CALL: "联系一位专家", SYMPOSIUM: "座谈联谊活动"}
TOPIC = 40  # characters of a text in the calendar


def _narrowed(rows: Any, user: User, asked: Asked) -> Any:
    if asked.mine:
        return rows.of(user)
    return rows.within(asked.unit) if asked.unit else rows


def contacts(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    """Planned and done contacts; one that a symposium has written stands there as the symposium."""
    wanted = [kind for kind, shown in CONTACT_KINDS.items() if shown in kinds]
    rows = Contact.objects.visible_to(user).between(asked.first, asked.last).filter(kind__in=wanted)
    rows = rows.exclude(state=ContactState.DRAFT).filter(guest__isnull=True)
    for each in _narrowed(rows, user, asked).select_related("expert").order_by("on", "id")[:MOST]:
        kind = CONTACT_KINDS[ContactKind(each.kind)]
        yield Entry(
            kind=kind,
            key=f"contact-{each.uuid}",
            on=each.on,
            starts=each.starts,
            ends=each.ends,
            title=f"{each.get_kind_display()} {each.expert.name}",
            outside=OUTSIDE[kind],
            detail=f"{'已故 · ' if each.expert.died_on else ''}{each.expert.employer}",
            url=reverse("contacts:contact", args=[each.uuid]),
            state=each.get_state_display(),
            is_dropped=each.state in {ContactState.CANCELLED, ContactState.MISSED},
            is_done=each.state == ContactState.DONE,
            version=each.version,
            changed_at=each.recorded_at or each.created_at,
        )


def gatherings(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    rows = Gathering.objects.visible_to(user).between(asked.first, asked.last)
    rows = rows.filter(kind__in=kinds & set(GatheringKind.values))
    for each in _narrowed(rows, user, asked).select_related("unit").order_by("on", "id")[:MOST]:
        yield Entry(
            kind=each.kind,
            key=f"gathering-{each.uuid}",
            on=each.on,
            starts=each.starts,
            ends=each.ends,
            title=each.title,
            outside=f"{each.unit}例会" if each.is_meeting else OUTSIDE[SYMPOSIUM],
            detail=" · ".join(part for part in (str(each.unit), each.room) if part),
            url=reverse("gatherings:detail", args=[each.uuid]),
            state=each.get_state_display(),
            is_dropped=each.state in {GatheringState.CANCELLED, GatheringState.MISSED},
            is_done=each.state == GatheringState.DONE,
            room=each.room if each.is_meeting else "",
            version=each.version,
            changed_at=each.changed_at,
        )


def classes(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    """Classes of training on all their days."""
    rows = TrainingClass.objects.visible_to(user).between(asked.first, asked.last)
    rows = _narrowed(rows, user, asked).select_related("plan", "unit")
    for each in rows.order_by("starts_on", "id")[:MOST]:
        yield Entry(
            kind=TRAINING,
            key=f"training-{each.uuid}",
            on=each.starts_on,
            last=each.ends_on,
            title=each.title,
            outside=f"{each.unit}{each.get_kind_display()}",
            detail=f"{each.unit} · {each.base}",
            url=reverse("training:detail", args=[each.uuid]),
            state=each.standing,
            is_dropped=each.state == ClassState.CANCELLED,
            is_done=each.state == ClassState.DONE,
            is_tentative=not each.is_approved,
            room=each.base,
            version=each.version,
            changed_at=each.changed_at,
        )


def resolutions(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    rows = Resolution.objects.visible_to(user).between(asked.first, asked.last)
    for each in _narrowed(rows, user, asked).select_related("owner", "unit").order_by("due_on", "id")[:MOST]:
        yield Entry(
            kind=RESOLUTION,
            key=f"resolution-{each.uuid}",
            on=each.due_on,
            title=each.text[:TOPIC],
            outside="议定事项到期",
            detail=each.whose,
            url=reverse("gatherings:resolution", args=[each.uuid]),
            state="办理中" if each.is_open else "已办结",
            is_done=not each.is_open,
            version=each.version,
            changed_at=each.changed_at,
        )


def promises(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    """What was promised in a contact and is still open."""
    rows = Contact.objects.visible_to(user).promising().filter(next_on__range=(asked.first, asked.last))
    for each in _narrowed(rows, user, asked).select_related("expert").order_by("next_on", "id")[:MOST]:
        yield Entry(
            kind=PROMISE,
            key=f"promise-{each.uuid}",
            on=each.next_on,
            title=f"兑现：{each.next_step[:TOPIC]}",
            outside="兑现一项承诺",
            detail=each.expert.name,
            url=reverse("contacts:contact", args=[each.uuid]),
            state="待兑现",
            version=each.version,
            changed_at=each.recorded_at or each.created_at,
        )


def follow_ups(user: User, asked: Asked, kinds: set[str]) -> Iterator[Entry]:
    """Needs and suggestions that somebody sees to and that are still open."""
    rows = FollowUp.objects.visible_to(user).open().filter(due_on__range=(asked.first, asked.last))
    rows = rows.filter(Q(owner=user)) if asked.mine else _narrowed(rows, user, asked)
    for each in rows.select_related("expert", "contact").order_by("due_on", "id")[:MOST]:
        yield Entry(
            kind=PROMISE,
            key=f"follow-up-{each.uuid}",
            on=each.due_on,
            title=f"{each.get_kind_display()}：{each.text[:TOPIC]}",
            outside="办理一项诉求或建言",
            detail=each.expert.name,
            url=reverse("contacts:contact", args=[each.contact.uuid]),
            state="办理中",
            version=each.contact.version,
            changed_at=each.contact.recorded_at or each.contact.created_at,
        )


SOURCES: list[Source] = [
    Source({VISIT: "走访慰问", CALL: "电话、信息", SYMPOSIUM: "座谈联谊"}, contacts),
    Source({MEETING: "例会", SYMPOSIUM: "座谈联谊"}, gatherings),
    Source({TRAINING: "研修"}, classes),
    Source({RESOLUTION: "议定事项到期"}, resolutions),
    Source({PROMISE: "承诺和办理到期"}, promises),
    Source({PROMISE: "承诺和办理到期"}, follow_ups),
]


def kinds() -> dict[str, str]:
    """Everything that the calendar may show, with its name."""
    return {kind: label for source in SOURCES for kind, label in source.kinds.items()}


def entries(user: User, asked: Asked, wanted: set[str] | None = None) -> tuple[list[Entry], bool]:
    """What the user sees of these days, in order, and whether a source had more than it could give."""
    chosen = wanted or set(kinds())
    found: list[Entry] = []
    cut = False
    for source in SOURCES:
        if chosen & set(source.kinds):
            given = list(source.entries(user, asked, chosen))
            cut |= len(given) >= MOST
            found += given
    return sorted(found, key=lambda entry: entry.order), cut
