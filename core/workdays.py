"""Working-day arithmetic over the holiday table. Days are dates in Asia/Shanghai."""

from datetime import date, timedelta

from core.models import Holiday

ONE_DAY = timedelta(days=1)
SATURDAY = 5


def _exceptions(first: date, last: date) -> dict[date, bool]:
    return dict(Holiday.objects.filter(day__range=(first, last)).values_list("day", "is_workday"))


def _works(day: date, exceptions: dict[date, bool]) -> bool:
    return exceptions.get(day, day.weekday() < SATURDAY)


def is_workday(day: date) -> bool:
    return _works(day, _exceptions(day, day))


def add_workdays(day: date, count: int) -> date:
    """The date `count` working days after `day` (before it when negative); 0 gives `day` itself."""
    step = ONE_DAY if count >= 0 else -ONE_DAY
    reach = timedelta(days=abs(count) * 3 + 30)  # wider than the longest holiday allows
    exceptions = _exceptions(day - reach, day + reach)
    left = abs(count)
    while left:
        day += step
        left -= _works(day, exceptions)
    return day


def workdays_between(first: date, last: date) -> int:
    """Working days after `first` up to and including `last`; negative when `last` is earlier."""
    if last < first:
        return -workdays_between(last, first)
    exceptions = _exceptions(first, last)
    days = ((first + ONE_DAY * n) for n in range(1, (last - first).days + 1))
    return sum(_works(day, exceptions) for day in days)
