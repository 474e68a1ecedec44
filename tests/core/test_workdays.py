"""Working days with public holidays and the weekend days worked instead."""

from datetime import date

import pytest

from core.models import Holiday
from core.workdays import add_workdays, is_workday, workdays_between

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),  # Monday
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 9, 20), True),  # Sunday worked for National Day
        (date(2026, 10, 10), True),  # Saturday worked for National Day
        (date(2026, 2, 17), False),  # Spring Festival, a Tuesday
        (date(2026, 2, 14), True),  # Saturday worked for Spring Festival
    ],
)
def test_is_workday_knows_holidays_and_make_up_days(day, works):
    assert is_workday(day) is works


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
        (date(2026, 11, 21), 0, date(2026, 11, 21)),
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 23), 10, date(2026, 12, 7)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # seven days of National Day
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # the Saturday is worked
        (date(2026, 11, 23), -1, date(2026, 11, 20)),
        (date(2026, 10, 8), -1, date(2026, 9, 30)),
        (date(2026, 9, 21), -1, date(2026, 9, 20)),
    ],
)
def test_add_workdays(start, count, end):
    assert add_workdays(start, count) == end


@pytest.mark.parametrize("count", [1, 3, 7, 15, 30, 250])
def test_adding_and_counting_agree(count):
    start = date(2026, 1, 5)
    end = add_workdays(start, count)
    assert is_workday(end)
    assert workdays_between(start, end) == count
    assert workdays_between(end, start) == -count
    assert add_workdays(end, -count) == start


def test_between_excludes_the_first_day_and_includes_the_last():
    assert workdays_between(date(2026, 11, 23), date(2026, 11, 23)) == 0
    assert workdays_between(date(2026, 11, 20), date(2026, 11, 23)) == 1
    assert workdays_between(date(2026, 11, 20), date(2026, 11, 22)) == 0


def test_a_day_declared_by_people_counts_at_once():
    Holiday.objects.create(day=date(2026, 11, 24), name="临时放假")
    Holiday.objects.create(day=date(2026, 11, 28), name="调休", is_workday=True)
    assert add_workdays(date(2026, 11, 23), 1) == date(2026, 11, 25)
    assert add_workdays(date(2026, 11, 27), 1) == date(2026, 11, 28)


def test_years_without_a_holiday_table_count_weekdays():
    assert not Holiday.objects.filter(day__year=2031).exists()
    assert is_workday(date(2031, 10, 1))
    assert add_workdays(date(2031, 10, 3), 1) == date(2031, 10, 6)


def test_arithmetic_over_a_year_asks_the_table_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        add_workdays(date(2026, 1, 1), 250)
    with django_assert_num_queries(1):
        workdays_between(date(2026, 1, 1), date(2026, 12, 31))


def test_leap_over_the_longest_run_of_days_off():
    for day in range(1, 29):
        Holiday.objects.update_or_create(
            day=date(2026, 12, day), defaults={"name": "假", "is_workday": False}
        )
    assert add_workdays(date(2026, 11, 30), 1) == date(2026, 12, 29)
