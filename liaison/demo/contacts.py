"""Contacts of the demo: more than a year of visits, calls and symposia, what was heard and
promised, what is planned.

The database works out from them with whom each unit keeps in touch in time.
"""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from random import Random
from typing import NamedTuple

from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import Capacity, ContactKind, ContactState, FollowUpKind, Hindrance, Occasion, Way
from activities.models import Contact, ContactPerson, FollowUp
from activities.ways import way_of
from core.workdays import add_workdays
from experts.enums import Label, Scope
from experts.models import Expert, RosterEntry
from liaison.demo import SEED
from liaison.demo.accounts import LEADER, OFFICER, nearest

BATCH = 500
HISTORY = 430  # days, so that last year's end can be compared
KINDS = [ContactKind.VISIT] * 6 + [ContactKind.PHONE] * 3 + [ContactKind.SYMPOSIUM]
HEARD = (
    "介绍了课题进展，希望在成果转化上得到支持。",
    "对青年人才住房提了意见，愿意参加座谈。",
    "实验室用电紧张，盼望早日增容。",
    "身心状态好，近期在整理学术著作。",
    "希望组织同行到基层开展义诊和培训。",
    "谈到团队引进人才的困难，请协调子女入学。",
)
NEEDS = ("实验室用电增容协调", "引进人才子女入学咨询", "成果转化对接投资机构", "就近体检安排")
SUGGESTIONS = ("优化算力券的发放方式", "在社区医院设专家门诊", "把科普讲座办到中小学")
PROMISES = ("协调有关部门后回复", "送上政策文件汇编", "邀请参加下次座谈")
OUTCOMES = ("已与主管部门协调，本人表示满意。", "已转有关部门研究采用。")


class Pair(NamedTuple):
    """Who keeps in touch with the experts of a unit."""

    unit: Unit
    leader: User
    officer: User


class Made(NamedTuple):
    """A contact and who goes."""

    contact: Contact
    people: list[tuple[User, Capacity]]


def add_contacts(users: dict[str, User], today: date) -> None:
    """For those on the rosters; in each unit some are left for later."""
    rng = Random(SEED)  # noqa: S311
    made: list[Made] = []
    entries = RosterEntry.objects.open().filter(label=Label.INTERNAL, scope=Scope.KEY)
    entries = entries.select_related("expert", "unit")
    for unit, listed in groupby(entries.order_by("unit_id", "sort_key"), attrgetter("unit")):
        pair = Pair(unit, users[nearest(LEADER, unit.code)], users[nearest(OFFICER, unit.code)])
        experts = [entry.expert for entry in listed]
        late = rng.randint(4, 9)
        for number, expert in enumerate(experts, start=1):
            made += _past(rng, expert, pair, today, is_late=number % late == 0)
        if pair.officer.unit_id == unit.pk:
            made += _ahead(experts[:12], pair, today)
    _write(made, today, rng)


def _past(rng: Random, expert: Expert, pair: Pair, today: date, *, is_late: bool) -> list[Made]:
    """A visit in each quarter, and now and then something between; the late ones have not been seen for
    longer than that."""
    last = rng.randint(100, 300) if is_late else rng.randint(5, 85)
    visits = [(days, ContactKind.VISIT) for days in range(last, HISTORY, rng.randint(75, 88))]
    between = [(rng.randint(last + 1, HISTORY), rng.choice(KINDS)) for _ in range(rng.randint(0, 2))]
    return [_done(rng, expert, pair, today, days, kind) for days, kind in dict([*between, *visits]).items()]


def _done(rng: Random, expert: Expert, pair: Pair, today: date, ago: int, kind: ContactKind) -> Made:
    unit, leader, officer = pair
    day = today - timedelta(days=ago)
    people = [(officer, Capacity.OFFICER)]
    if kind == ContactKind.VISIT and rng.random() < 0.4:
        people.append((leader, Capacity.LEADER))
    recorded = timezone.make_aware(datetime.combine(day, time(17)))
    contact = Contact(
        expert=expert,
        unit=unit,
        kind=kind,
        occasion=Occasion.FESTIVAL if day.month in {1, 9} and kind == ContactKind.VISIT else Occasion.ROUTINE,
        state=ContactState.DONE,
        way=way_of(kind, [capacity for _, capacity in people]) or Way.OFFICER,
        on=day,
        heard=rng.choice(HEARD) if rng.random() < 0.8 else "",
        recorded_by=officer,
        recorded_at=recorded,
    )
    if rng.random() < 0.15:
        contact.next_step, contact.next_on = rng.choice(PROMISES), day + timedelta(days=30)
        if contact.next_on < today and rng.random() < 0.95:
            contact.next_done_at, contact.next_done_by = recorded + timedelta(days=20), officer
    return Made(contact, people)


def _ahead(experts: list[Expert], pair: Pair, today: date) -> list[Made]:
    """Planned for the next weeks, two that nobody has written down, one that came to nothing."""
    unit, leader, officer = pair
    plan = [-6, -3, *range(2, 2 + 2 * (len(experts) - 3), 2)]
    made = []
    for number, (expert, days) in enumerate(zip(experts, [*plan, -9], strict=False)):
        contact = Contact(
            expert=expert,
            unit=unit,
            state=ContactState.PLANNED,
            on=add_workdays(today, days),
            starts=time(10 + number % 2 * 4, 0),
            venue="所在单位",
            planned_by=officer,
        )
        if days == -9:
            contact.state, contact.hindrance = ContactState.MISSED, Hindrance.ABROAD
            contact.note = "出国参加学术会议，回京后再约"
        people = [(officer, Capacity.OFFICER)] + ([(leader, Capacity.LEADER)] if number % 3 == 0 else [])
        made.append(Made(contact, people))
    return made


def _write(made: list[Made], today: date, rng: Random) -> None:
    """All rows in few statements; what each counts for is worked out once for all."""
    Contact.objects.bulk_create([each.contact for each in made], BATCH)
    ContactPerson.objects.bulk_create(
        [
            ContactPerson(contact=each.contact, expert=each.contact.expert, user=user, capacity=capacity)
            for each in made
            for user, capacity in each.people
        ],
        BATCH,
    )
    heard = [each.contact for each in made if each.contact.heard and rng.random() < 0.25]
    FollowUp.objects.bulk_create([_follow_up(rng, contact, today) for contact in heard], BATCH)


def _follow_up(rng: Random, contact: Contact, today: date) -> FollowUp:
    """Older ones are seen to."""
    kind = rng.choice([FollowUpKind.NEED, FollowUpKind.NEED, FollowUpKind.SUGGESTION])
    row = FollowUp(
        contact=contact,
        expert=contact.expert,
        kind=kind,
        text=rng.choice(NEEDS if kind == FollowUpKind.NEED else SUGGESTIONS),
        owner=contact.recorded_by,
        due_on=contact.on + timedelta(days=15),
    )
    if row.due_on < today - timedelta(days=3):
        row.done_at = timezone.make_aware(datetime.combine(row.due_on - timedelta(days=2), time(11)))
        row.done_by, row.outcome = contact.recorded_by, rng.choice(OUTCOMES)
    return row
