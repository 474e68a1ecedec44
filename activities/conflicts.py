"""Who or what is taken already while something is planned: colleagues, experts, rooms.

Everything comes through `visible_to`: what the reader does not see does not make anybody busy, not even a
leader, so that nothing hints at a restricted expert.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, time
from hashlib import sha256
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from activities.enums import ContactState, GatheringState, Reply
from activities.models import Contact, ContactPerson, Gathering, Guest, Invitation
from activities.models.gathering import room_key
from experts.models import Expert

MOST = 20
LAST_HOUR = 23


@dataclass(frozen=True)
class Plan:
    """What is being planned. Without hours it takes the whole day."""

    on: date
    starts: time | None = None
    ends: time | None = None
    people: tuple[User, ...] = ()
    experts: tuple[Expert, ...] = ()
    room: str = ""
    but: UUID | None = None  # the contact or gathering that is being changed

    def meets(self, starts: time | None, ends: time | None) -> bool:
        """Whether something at these hours of the same day stands in the way."""
        if starts is None or self.starts is None:
            return True
        return self.starts < _end(starts, ends) and starts < _end(self.starts, self.ends)


def _end(starts: time, ends: time | None) -> time:
    """Without an end it takes an hour; nothing goes on past midnight."""
    return ends or (starts.replace(hour=starts.hour + 1) if starts.hour < LAST_HOUR else time.max)


@dataclass(frozen=True)
class Clash:
    """Who or what is taken, by what, when; and the page that says more."""

    who: str
    what: str
    when: str
    url: str


def conflicts(user: User, plan: Plan) -> list[Clash]:
    """What the user may know of that stands in the way of the plan."""
    return [*_by_contacts(user, plan), *_by_gatherings(user, plan)][:MOST]


def mark_of(clashes: Iterable[Clash]) -> str:
    """Says which of them somebody has been shown; the order does not matter."""
    return sha256("".join(sorted(map(repr, clashes))).encode()).hexdigest()


def moving(user: User, plan: Plan, gathering: Gathering) -> Plan:
    """The plan with whoever is invited to the gathering already and has not declined, as far as the user sees
    them: all of them would have to come at the new time."""
    asked = Invitation.objects.visible_to(user).filter(gathering=gathering).exclude(reply=Reply.NO)
    going = [
        each.delegate if each.reply == Reply.DELEGATE else each.user
        for each in asked.select_related("user", "delegate")
    ]
    guests = Guest.objects.visible_to(user).filter(gathering=gathering).select_related("expert")
    return replace(
        plan,
        people=(*plan.people, *(person for person in going if person)),
        experts=(*plan.experts, *(each.expert for each in guests)),
        but=gathering.uuid,
    )


def _hours(starts: time | None, ends: time | None) -> str:
    if starts is None:
        return "全天"
    return f"{starts:%H:%M}" + (f"—{ends:%H:%M}" if ends else "")


def _by_contacts(user: User, plan: Plan) -> Iterator[Clash]:
    if not plan.people and not plan.experts:
        return
    rows = Contact.objects.visible_to(user).filter(on=plan.on, state=ContactState.PLANNED)
    going = ContactPerson.objects.visible_to(user).filter(user__in=plan.people)
    rows = rows.filter(Q(expert__in=plan.experts) | Q(pk__in=going.values("contact")))
    if plan.but:
        rows = rows.exclude(uuid=plan.but)
    for each in rows.select_related("expert").prefetch_related("people__user"):
        if plan.meets(each.starts, each.ends):
            url = reverse("contacts:contact", args=[each.uuid])
            what, when = each.get_kind_display(), _hours(each.starts, each.ends)
            taken = [str(person.user) for person in each.people.all() if person.user in plan.people]
            taken += [each.expert.name] if each.expert in plan.experts else []
            yield from (Clash(who, f"{what}（{each.expert.name}）", when, url) for who in taken)


def _by_gatherings(user: User, plan: Plan) -> Iterator[Clash]:
    rows = Gathering.objects.visible_to(user).filter(on=plan.on, state=GatheringState.PLANNED)
    if plan.but:
        rows = rows.exclude(uuid=plan.but)
    met = {each.pk: each for each in rows if plan.meets(each.starts, each.ends)}
    taken: list[tuple[str, int]] = []
    if plan.people:
        asked = Invitation.objects.visible_to(user).filter(gathering__in=met).exclude(reply=Reply.NO)
        taken += _invited(asked.select_related("user", "delegate"), plan.people)
    if plan.experts:
        guests = Guest.objects.visible_to(user).filter(gathering__in=met, expert__in=plan.experts)
        taken += [(each.expert.name, each.gathering_id) for each in guests.select_related("expert")]
    if key := room_key(plan.room):
        taken += [(each.room, each.pk) for each in met.values() if each.room_key == key]
    for who, pk in taken:
        gathering = met[pk]
        url = reverse("gatherings:detail", args=[gathering.uuid])
        yield Clash(who, gathering.title, gathering.hours, url)


def _invited(invitations: Iterable[Invitation], people: tuple[User, ...]) -> list[tuple[str, int]]:
    """Who of the people goes: the delegate instead of whoever sends them."""
    found = []
    for each in invitations:
        goes = each.delegate if each.reply == Reply.DELEGATE else each.user
        if goes in people:
            found.append((str(goes), each.gathering_id))
    return found
