"""Periods that a dashboard speaks of, and the one before each, for comparison."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models

ONE_DAY = timedelta(days=1)


class Span(models.TextChoices):
    YEAR = "year", "今年"
    QUARTER = "quarter", "本季度"
    MONTH = "month", "本月"
    CHOSEN = "chosen", "自选日期"


# How many months each lasts; a chosen one has its own days.
MONTHS = {Span.MONTH: 1, Span.QUARTER: 3, Span.YEAR: 12}
BEFORE = {Span.MONTH: "较上月", Span.QUARTER: "较上季度", Span.YEAR: "较去年", Span.CHOSEN: "较前一段"}


@dataclass(frozen=True)
class Period:
    """From `first` to `last`, both included."""

    span: Span
    first: date
    last: date

    @property
    def days(self) -> tuple[date, date]:
        return self.first, self.last

    @property
    def words(self) -> str:
        """2026 年 1 月 1 日 — 11 月 23 日; the second year only where it is another."""
        year = f"{self.last.year} 年 " if self.last.year != self.first.year else ""
        end = f"{year}{self.last.month} 月 {self.last.day} 日"
        return f"{self.first.year} 年 {self.first.month} 月 {self.first.day} 日 — {end}"

    @property
    def compared(self) -> str:
        return BEFORE[self.span]

    def before(self) -> "Period":
        """The same stretch of the month, quarter or year before, or as many days right before it."""
        if self.span == Span.CHOSEN:
            length = self.last - self.first
            return Period(self.span, self.first - length - ONE_DAY, self.first - ONE_DAY)
        months = MONTHS[self.span]
        return Period(self.span, months_before(self.first, months), months_before(self.last, months))


def until(today: date, span: Span) -> Period:
    """The month, quarter or year that holds today, up to today."""
    first = today.replace(day=1)
    if span == Span.QUARTER:
        first = first.replace(month=(today.month - 1) // 3 * 3 + 1)
    if span == Span.YEAR:
        first = first.replace(month=1)
    return Period(span, first, today)


def months_before(day: date, count: int) -> date:
    """The same day of an earlier month, or its last day where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
