"""On which days the meetings of a series fall."""

import calendar
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.recurrence import Rhythm

LATER = date(2027, 12, 31)


def days(rhythm, after=date(2026, 1, 1), until=LATER):
    return list(rhythm.days(after, until))


def test_the_first_wednesday_of_every_quarter():
    rhythm = Rhythm(date(2026, 12, 1), 3, week=1, weekday=3)
    assert days(rhythm) == [
        date(2026, 12, 2), date(2027, 3, 3), date(2027, 6, 2), date(2027, 9, 1), date(2027, 12, 1),
    ]  # fmt: skip


def test_the_last_friday_is_the_fourth_or_the_fifth():
    found = days(Rhythm(date(2027, 1, 1), 1, week=5, weekday=5))
    assert found[:3] == [date(2027, 1, 29), date(2027, 2, 26), date(2027, 3, 26)]
    assert date(2027, 4, 30) in found


def test_the_31st_falls_on_the_last_day_of_shorter_months():
    assert days(Rhythm(date(2027, 1, 1), 1, day=31))[:4] == [
        date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30),
    ]  # fmt: skip


def test_a_leap_day_every_year():
    found = days(Rhythm(date(2027, 2, 1), 12, day=29), until=date(2029, 1, 1))
    assert found == [date(2027, 2, 28), date(2028, 2, 29)]


@pytest.mark.parametrize("first", [date(2026, 12, 3), date(2026, 12, 31)])
def test_none_before_the_first_day(first):
    assert days(Rhythm(first, 3, week=1, weekday=3))[0] == date(2027, 3, 3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from([1, 2, 3, 6, 12]),
    st.integers(1, 5), st.integers(1, 7), st.integers(0, 1500),
)  # fmt: skip
def test_every_day_fits_the_rule_and_no_month_is_missed(first, months, week, weekday, reach):
    after, until = first + timedelta(days=40), first + timedelta(days=reach)
    found = list(Rhythm(first, months, week=week, weekday=weekday).days(after, until))
    assert found == sorted(set(found))
    for day in found:
        assert after < day <= until
        assert day.isoweekday() == weekday
        assert (day.year * 12 + day.month - first.year * 12 - first.month) % months == 0
        length = calendar.monthrange(day.year, day.month)[1]
        assert day.day + 7 > length if week == 5 else (day.day - 1) // 7 + 1 == week
    whole = [(d.year * 12 + d.month) for d in found]
    assert all(second - one == months for one, second in pairwise(whole))
