"""Counting in calendar months, as frequencies and quarters do. Month ends are clamped: 30 November and three
months is 28 February."""

import calendar
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def earliest_within(day: date, months: int) -> date:
    """The first day from which `months` later is `day` or after it: what happened then still counts."""
    found = add_months(day, -months)
    while add_months(found, months) < day:  # 28 February for 31 May does not
        found += timedelta(days=1)
    return found


def months_between(first: date, last: date) -> list[date]:
    """The first day of every month that has a day from `first` to `last`."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = add_months(month, 1)
    return found


def quarter_end(day: date) -> date:
    """The last day of the calendar quarter."""
    return add_months(day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1), 3) - timedelta(days=1)
