"""The calendar as iCalendar (RFC 5545): neutral words, a link back, Asia/Shanghai.

It leaves the system, so it says of no expert who they are, where they are, or what they said.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from activities.calendar.entries import Entry

NAME = "联系日程"
TZID = "Asia/Shanghai"
ZONE = ZoneInfo(TZID)
OFFSET = timedelta(hours=8)
REFRESH = timedelta(hours=1)


def ics_of(entries: Iterable[Entry], absolute: Callable[[str], str]) -> bytes:
    """The file; `absolute` makes a whole address of a path."""
    calendar = Calendar()
    calendar.add("prodid", "-//Expert liaison//Calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("x-wr-timezone", TZID)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add_component(_zone())
    for entry in entries:
        calendar.add_component(_event(entry, absolute))
    return bytes(calendar.to_ical())


def _zone() -> Timezone:
    """China keeps one time all year; there has been no summer time since 1991."""
    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1991, 9, 15, 1))  # noqa: DTZ001  local by definition
    standard.add("tzoffsetfrom", OFFSET)
    standard.add("tzoffsetto", OFFSET)
    standard.add("tzname", "CST")
    zone = Timezone()
    zone.add("tzid", TZID)
    zone.add_component(standard)
    return zone


def _event(entry: Entry, absolute: Callable[[str], str]) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@expert-liaison")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", max(entry.version - 1, 0))
    event.add("summary", entry.outside)
    event.add("status", _status(entry))
    event.add("class", "PRIVATE")
    link = absolute(entry.url)
    event.add("url", link)
    event.add("description", f"详情请登录系统查看：{link}")
    if entry.room:
        event.add("location", entry.room)
    _put_times(event, entry)
    return event


def _status(entry: Entry) -> str:
    if entry.is_dropped:
        return "CANCELLED"
    return "TENTATIVE" if entry.is_tentative else "CONFIRMED"


def _put_times(event: Event, entry: Entry) -> None:
    if entry.starts is None:
        event.add("dtstart", entry.on)
        event.add("dtend", (entry.last or entry.on) + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        return
    event.add("dtstart", _moment(entry, entry.starts))
    ends = _moment(entry, entry.ends) if entry.ends else _moment(entry, entry.starts) + timedelta(hours=1)
    event.add("dtend", ends)


def _moment(entry: Entry, at: time) -> datetime:
    return datetime.combine(entry.on, at, ZONE)
