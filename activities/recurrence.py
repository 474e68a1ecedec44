"""On which days the meetings of a series fall. Pure: no database, no clock."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LAST_WEEK = 5


@dataclass(frozen=True)
class Rhythm:
    """Every so many months from the month of `first`, on a day of the month (the last one where the month is
    shorter) or on a weekday of a week of the month (5: the last)."""

    first: date
    months: int
    day: int | None = None
    week: int | None = None
    weekday: int | None = None

    def days(self, after: date, until: date) -> Iterator[date]:
        """Days later than `after` up to and including `until`, none before `first`."""
        year, month = self.first.year, self.first.month
        while (year, month) <= (until.year, until.month):
            found = self._in(year, month)
            if max(self.first, after + timedelta(days=1)) <= found <= until:
                yield found
            count = year * 12 + month - 1 + self.months
            year, month = count // 12, count % 12 + 1

    def _in(self, year: int, month: int) -> date:
        length = calendar.monthrange(year, month)[1]
        if self.day is not None:
            return date(year, month, min(self.day, length))
        start = date(year, month, 1)
        offset = (self.weekday or 1) - start.isoweekday()
        found = start + timedelta(days=offset % 7 + 7 * ((self.week or 1) - 1))
        return found if found.month == month else found - timedelta(days=7)
