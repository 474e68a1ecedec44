"""Meetings, symposia and briefings of the demo: some over, with resolutions done, open and late; some to
come, with invitations that wait for a reply; briefings that are read, unread, and one that is a draft."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import (
    Attendance,
    BriefingState,
    Capacity,
    ContactKind,
    ContactState,
    Every,
    GatheringKind,
    GatheringState,
    Reply,
    Way,
    Weekday,
    WeekOfMonth,
)
from activities.models import (
    AgendaItem,
    Briefing,
    BriefingExpert,
    Contact,
    ContactPerson,
    Gathering,
    Guest,
    Invitation,
    Receipt,
    Resolution,
    ResolutionNote,
    Series,
)
from activities.models.gathering import room_key
from core.workdays import add_workdays, is_workday
from experts.enums import Label
from experts.models import Expert, RosterEntry

OFFICER, HEAD, LEADER, CITY = "officer_haidian", "director_haidian", "leader_haidian", "staff_city"
ROOM = "三层会议室"
SETTLING = timedelta(days=10)  # what a meeting has resolved takes as long
AGENDA = ("通报联系工作进展", "研究专家诉求的办理", "下一步安排")
MINUTES = "通报了本季度走访和联系情况，逐件研究了专家提出的诉求，明确了责任人和期限。"
INTRODUCTION = "专家介绍了各自的研究进展，就成果转化、青年人才培养提了意见建议，有关部门现场作了回应。"


def add_gatherings(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """Only experts whom everybody in reach sees."""
    haidian = units["D04"]
    entries = RosterEntry.objects.of(haidian).open().filter(label=Label.INTERNAL).select_related("expert")
    listed = [entry.expert for entry in entries.order_by("sort_key")[:12]]
    held = _series(haidian, users, today)
    _resolve(held[-1], users, today)
    _city_meeting(units, users, today)
    _symposia(haidian, users, listed, today)
    _briefings(units, users, listed, today)


def _at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def _series(unit: Unit, users: dict[str, User], today: date) -> list[Gathering]:
    """A meeting every quarter since last year; returns those whose resolutions have had their time."""
    people = [users[HEAD], users[LEADER]]
    series = Series.objects.create(
        unit=unit, title="专家工作例会", every=Every.QUARTER, week=WeekOfMonth.FIRST,
        weekday=Weekday.WEDNESDAY, first_on=date(today.year - 1, 1, 1), starts=time(14), ends=time(16),
        room=ROOM,
        agenda="\n".join(AGENDA), people=[each.pk for each in people], created_by=users[OFFICER],
    )  # fmt: skip
    held = []
    for slot in series.rhythm.days(today - timedelta(days=300), today + timedelta(days=400)):
        on = slot if is_workday(slot) else add_workdays(slot, 1)
        facts = {"series": series, "slot": slot, "title": series.title, "room": ROOM}
        gathering = _gathering(unit, users[OFFICER], on, today, **facts)
        _invite(gathering, people, today)
        held += [gathering] if on < today - SETTLING else []
    return held


def _gathering(unit: Unit, by: User, on: date, today: date, **facts: Any) -> Gathering:
    """Held, with minutes, when its day is over; planned otherwise."""
    facts = {"kind": GatheringKind.MEETING, "starts": time(14), "ends": time(16)} | facts
    if on < today:
        facts |= {"state": GatheringState.DONE, "minutes_by": by, "minutes_at": _at(on, 17)}
        facts.setdefault("minutes", MINUTES)
    gathering = Gathering.objects.create(
        unit=unit, on=on, created_by=by, room_key=room_key(str(facts.get("room", ""))), **facts
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(gathering=gathering, position=number, title=title)
        for number, title in enumerate(AGENDA if gathering.is_meeting else AGENDA[2:], start=1)
    )
    return gathering


def _invite(gathering: Gathering, invited: Sequence[User | Unit], today: date) -> None:
    """Whoever is asked to a meeting that is over has come; of one to come the first has replied."""
    rows = []
    for number, each in enumerate(invited):
        row = Invitation(gathering=gathering, **{"unit" if isinstance(each, Unit) else "user": each})
        if gathering.on < today or number == 0:
            row.reply, row.replied_by = Reply.YES, each if isinstance(each, User) else gathering.created_by
            row.replied_at = _at(min(gathering.on, today) - timedelta(days=3), 10)
        row.attendance = Attendance.CAME if gathering.on < today else ""
        rows.append(row)
    Invitation.objects.bulk_create(rows)


def _resolve(gathering: Gathering, users: dict[str, User], today: date) -> None:
    """Three of the last meeting: done, late, and due in some days."""
    by = users[OFFICER]
    done_on = gathering.on + SETTLING
    _resolution(
        gathering, "建立重点专家服务专班", done_on, owner=users[HEAD], done_by=users[HEAD],
        done_at=_at(done_on, 11), outcome="专班已成立，明确了联系人。",
    )  # fmt: skip
    late = _resolution(gathering, "汇总专家对人才公寓的意见", today - timedelta(days=4), unit=gathering.unit)
    ResolutionNote.objects.create(resolution=late, text="已收到各所属单位材料，正在汇总。", by=by)
    _resolution(gathering, "走访新列入名单的专家", today + timedelta(days=9), owner=users[LEADER])


def _resolution(gathering: Gathering, text: str, due_on: date, **facts: Any) -> Resolution:
    return Resolution.objects.create(
        gathering=gathering, text=text, due_on=due_on, created_by=gathering.created_by, **facts
    )


def _city_meeting(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """The city has met with districts, and invites them again."""
    by = users[CITY]
    asked: list[User | Unit] = [users[HEAD], units["D03"], units["D04"]]
    past = _gathering(
        units["BJ"], by, add_workdays(today, -25), today, title="全市专家工作调度会", room="二层会议室"
    )
    _invite(past, asked, today)
    _resolution(past, "报送年度研修计划", today - timedelta(days=6), unit=units["D03"])
    _resolution(past, "核对重点联系专家名单", today + timedelta(days=12), unit=units["D04"])
    coming = _gathering(
        units["BJ"], by, add_workdays(today, 8), today, title="专家诉求办理调度会", room="二层会议室"
    )
    _invite(coming, asked, today)


def _symposia(unit: Unit, users: dict[str, User], experts: list[Expert], today: date) -> None:
    """One that four came to, whose coming counts as contact; one to come."""
    by, kind = users[OFFICER], GatheringKind.SYMPOSIUM
    past = _gathering(
        unit, by, add_workdays(today, -15), today, kind=kind, title="青年科技人才座谈会", room="区人才之家",
        minutes=INTRODUCTION,
    )  # fmt: skip
    _invite(past, [users[LEADER]], today)
    for number, expert in enumerate(experts[:5]):
        came = number < 4
        contact = _contact(past, expert, users) if came else None
        attendance = Attendance.CAME if came else Attendance.EXCUSED
        Guest(gathering=past, expert=expert, attendance=attendance, contact=contact, added_by=by).save()
    coming = _gathering(
        unit, by, add_workdays(today, 11), today, kind=kind, title="成果转化专家座谈会", room="区人才之家"
    )
    _invite(coming, [users[LEADER]], today)
    for expert in experts[4:10]:
        Guest(gathering=coming, expert=expert, added_by=by).save()


def _contact(gathering: Gathering, expert: Expert, users: dict[str, User]) -> Contact:
    contact = Contact.objects.create(
        expert=expert, unit=gathering.unit, kind=ContactKind.SYMPOSIUM, way=Way.SYMPOSIUM,
        state=ContactState.DONE, on=gathering.on, starts=gathering.starts, ends=gathering.ends,
        venue=gathering.room, recorded_by=gathering.created_by, recorded_at=_at(gathering.on, 17),
    )  # fmt: skip
    ContactPerson.objects.create(contact=contact, expert=expert, user=users[LEADER], capacity=Capacity.LEADER)
    return contact


def _briefings(units: dict[str, Unit], users: dict[str, User], experts: list[Expert], today: date) -> None:
    """Read by all, read by some, and a draft."""
    _briefing(
        units["BJ"], users[CITY], "本市人才工作近期情况通报",
        "一、重点联系专家覆盖率稳步上升。\n二、专家提出的诉求办结率较上季度提高。\n三、请各单位抓紧核对名单。",
        add_workdays(today, -20), [users[HEAD], users[OFFICER], users["officer_chaoyang"]], read=3,
    )  # fmt: skip
    _briefing(
        units["BJ"], users[CITY], "关于做好走访慰问的通报",
        "请各单位走访重点联系专家，了解工作生活情况，听取意见建议，走访后及时记录。",
        add_workdays(today, -3), [users[HEAD], users[OFFICER], users["officer_chaoyang"]], read=1,
    )  # fmt: skip
    _briefing(
        units["D04"], users[OFFICER], "区人才服务专班成立情况通报",
        "专班已经成立，诉求统一受理，三个工作日内分派。", add_workdays(today, -5),
        [users["officer_haidian_health"], users["leader_haidian_health"]], read=1,
    )  # fmt: skip
    draft = Briefing.objects.create(
        unit=units["D04"], title="人才公寓配租安排", text="本批房源的申请条件和时间如下。",
        units=[units["D04-01"].pk], created_by=users[OFFICER],
    )  # fmt: skip
    for expert in experts[:2]:
        BriefingExpert(briefing=draft, expert=expert).save()


def _briefing(
    unit: Unit, by: User, title: str, text: str, on: date, told: list[User], *, read: int
) -> None:  # fmt: skip
    """Sent that day; the first `read` of those told have said that they have read it."""
    briefing = Briefing.objects.create(
        unit=unit, title=title, text=text, created_by=by, sent_by=by, sent_at=_at(on, 9),
        state=BriefingState.SENT, units=[each.unit_id for each in told],
    )  # fmt: skip
    Receipt.objects.bulk_create(
        Receipt(briefing=briefing, user=each, read_at=_at(on, 15) if number < read else None)
        for number, each in enumerate(told)
    )
