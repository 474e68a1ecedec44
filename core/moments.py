"""Dates and times as people here write them. Times are shown in the project's time zone."""

from datetime import date, datetime, timedelta

from django.utils import timezone

EMPTY = "—"
WEEKDAYS = "一二三四五六日"


def local(moment: datetime) -> datetime:
    """The moment on the wall clock of the office; naive moments are taken as such already."""
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def as_day(value: date | datetime | None) -> date | None:
    """The calendar day of a date or moment."""
    return local(value).date() if isinstance(value, datetime) else value


def day_text(value: date | datetime | None) -> str:
    """2026-11-23, or a dash."""
    found = as_day(value)
    return found.isoformat() if found else EMPTY


def month_text(value: date | datetime | None) -> str:
    """2026-11, or a dash."""
    return day_text(value)[:7]


def moment_text(value: datetime | None) -> str:
    """2026-11-23 14:02, or a dash."""
    return f"{local(value):%Y-%m-%d %H:%M}" if value else EMPTY


def long_day_text(value: date | datetime | None) -> str:
    """11 月 23 日 星期一, or a dash."""
    found = as_day(value)
    return f"{found.month} 月 {found.day} 日 星期{WEEKDAYS[found.weekday()]}" if found else EMPTY


def ago_text(value: datetime, *, now: datetime) -> str:
    """How long ago, in the coarsest words that still help: 刚刚, 5 分钟前, 今天 09:10, 昨天 09:10, 10-18."""
    then, here = local(value), local(now)
    passed = here - then
    if timedelta(0) <= passed < timedelta(minutes=1):
        return "刚刚"
    if timedelta(0) <= passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} 分钟前"
    days = (here.date() - then.date()).days
    if days in (0, 1):
        return f"{'昨天' if days else '今天'} {then:%H:%M}"
    return f"{then:%m-%d}" if then.year == here.year else f"{then:%Y-%m-%d}"


def due_text(due: date, *, today: date) -> str:
    """When something is due: 超期 21 天, 今天到期, 12-08, or 2027-03-01 in another year."""
    days = (due - today).days
    if days < 0:
        return f"超期 {-days} 天"
    if days == 0:
        return "今天到期"
    return f"{due:%m-%d}" if due.year == today.year else due.isoformat()


def due_state(due: date, *, today: date, soon_days: int = 14) -> str:
    """`late`, `soon` (within `soon_days`) or an empty string."""
    days = (due - today).days
    if days < 0:
        return "late"
    return "soon" if days <= soon_days else ""
