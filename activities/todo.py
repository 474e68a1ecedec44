"""What activities ask of a person, each with its day: whom to call on, what to write down, what was promised
and what was heard, which invitation to answer, which resolution to carry out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import User
from accounts.unit_settings import SETTINGS, set_below
from activities.models import Contact, Coverage, FollowUp, Invitation, Pairing, Resolution
from activities.rules import Rules
from core.moments import day_text
from experts.enums import Scope

SOON = timedelta(days=14)
MOST = 15  # of each sort
RECORD_DAYS = "contact_record_days"


@dataclass(frozen=True)
class DatedItem:
    """One thing to do by a day, and the button that does it."""

    due_on: date
    title: str
    detail: str
    url: str
    icon: str
    tone: str
    act: str
    act_url: str


def dated_items(user: User, today: date) -> list[DatedItem]:
    """Everything with a day, the most urgent of each sort; at most eight statements."""
    if not user.may("view"):
        return []
    contacts = [*_due(user, today), *_unrecorded(user, today), *_promised(user), *_heard(user)]
    return [*contacts, *_invited(user, today), *_resolved(user)]


def _due(user: User, today: date) -> Iterator[DatedItem]:
    """Experts paired with the user who are due within two weeks and with whom nothing is planned."""
    own = Pairing.objects.visible_to(user).of(user).open().values("expert")
    arranged = Contact.objects.visible_to(user).planned().filter(expert=OuterRef("expert"), on__gte=today)
    rows = Coverage.objects.visible_to(user).filter(expert__in=own, due_on__lte=today + SOON)
    found = rows.exclude(Exists(arranged)).select_related("expert").order_by("due_on", "id")[: MOST * 2]
    first: dict[int, Coverage] = {}
    for row in found:
        first.setdefault(row.expert_id, row)
    rules = Rules.now() if first else None
    for row in list(first.values())[:MOST]:
        assert rules is not None and row.due_on is not None  # noqa: PT018  both follow from there being a row
        expert, page = row.expert, reverse("experts:detail", args=[row.expert.uuid])
        last = f"上次联系 {day_text(row.last_on)}" if row.last_on else "还没有联系过"
        often = f"每 {rules.months(row.scope, row.place)} 个月至少一次"
        plan = f"{reverse('contacts:plan')}?expert={expert.uuid}"
        act, url = ("安排走访", plan) if user.may("change") else ("查看", page)
        detail = f"{Scope(row.scope).label} · {last} · {often}"
        yield DatedItem(row.due_on, f"走访 {expert.name}", detail, page, "walk", "red", act, url)


def _unrecorded(user: User, today: date) -> Iterator[DatedItem]:
    """What was arranged for an earlier day and nobody has written down."""
    if not user.may("change"):
        return
    rows = Contact.objects.changeable_by(user).of(user).unrecorded_on(today).select_related("expert")
    found = list(rows.order_by("on", "id")[:MOST])
    below, default = set_below(RECORD_DAYS) if found else [], SETTINGS[RECORD_DAYS].default
    for row in found:
        days = next((days for low, high, days in below if low <= row.place <= high), default)
        yield DatedItem(
            row.on + timedelta(days=days),
            f"补记{row.get_kind_display()} {row.expert.name}",
            f"{day_text(row.on)} 安排的，还没有记录",
            reverse("contacts:contact", args=[row.uuid]),
            "pencil",
            "amber",
            "记录",
            reverse("contacts:edit", args=[row.uuid]),
        )


def _promised(user: User) -> Iterator[DatedItem]:
    rows = (
        Contact.objects.visible_to(user).of(user).promising().of_those_who_stay(user).select_related("expert")
    )
    for row in rows.order_by("next_on", "id")[:MOST]:
        assert row.next_on is not None  # a promise has a day (constraint)
        url = reverse("contacts:contact", args=[row.uuid])
        detail = f"{row.expert.name} · {day_text(row.on)} 联系时答应的"
        yield DatedItem(row.next_on, f"兑现承诺：{row.next_step}", detail, url, "flag", "blue", "查看", url)


def _heard(user: User) -> Iterator[DatedItem]:
    rows = FollowUp.objects.visible_to(user).open().filter(owner=user).of_those_who_stay(user).for_list()
    for row in rows.order_by("due_on", "id")[:MOST]:
        url = reverse("contacts:contact", args=[row.contact.uuid])
        done = reverse("contacts:follow_up_done", args=[row.uuid])
        title = f"办理{row.get_kind_display()}：{row.text[:40]}"
        yield DatedItem(row.due_on, title, row.expert.name, url, row.icon, row.tone, "办结", done)


def _invited(user: User, today: date) -> Iterator[DatedItem]:
    """Invitations that the user has not answered; the day of the gathering is the last on which they may."""
    rows = Invitation.objects.waiting_for(user, today).select_related("gathering", "unit")
    for row in rows.order_by("gathering__on", "id")[:MOST]:
        held, url = row.gathering, reverse("gatherings:detail", args=[row.gathering.uuid])
        whom = f"邀请{row.unit.short_name}" if row.unit else "邀请您"
        detail = " · ".join(filter(None, [whom, f"{day_text(held.on)} {held.hours}", held.room]))
        yield DatedItem(
            held.on, f"回复邀请：{held.title}", detail, url, "calendar-event", "green", "回复", f"{url}#reply"
        )


def _resolved(user: User) -> Iterator[DatedItem]:
    """Resolutions of meetings that the user, or the unit in which they work, is to carry out."""
    rows = Resolution.objects.visible_to(user).of(user).open().select_related("gathering")
    for row in rows.order_by("due_on", "id")[:MOST]:
        url = reverse("gatherings:resolution", args=[row.uuid])
        title, detail = f"落实议定事项：{row.text[:40]}", row.gathering.title
        yield DatedItem(row.due_on, title, detail, url, "list-check", "blue", "办理", url)
