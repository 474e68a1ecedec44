"""Making a long list as a worker makes it: how long it takes, and how much memory more.

The floor is the same workbook from rows that are in memory already: no database, no rights.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlencode

from django.db.models import Sum
from django.utils import timezone

from accounts.models import Unit, User
from core.rls import transaction_as
from core.sheets import TEXT, new_workbook, write_text
from experts.models import RosterTally
from liaison.bench.load import FIRST_DAY
from reports.actions import delete_export
from reports.models import Export, Kind
from reports.sources import SOURCES
from reports.tasks import run_export

LINES = (5_000, 50_000)
EVERY = 0.05  # seconds between two looks at the memory
CELL = "示范科学技术大学先进材料研究院"


@dataclass
class Making:
    """One list of so many lines. `memory` and `floor_memory` are megabytes on top of what the process had."""

    lines: int
    seconds: float
    memory: float
    floor: float
    floor_memory: float


def measure_exports(username: str) -> list[Making]:
    """The city's roster on the days when it had so many people, or the most that it ever had."""
    user, city = User.objects.get(username=username), Unit.objects.get(code="BJ")
    return [_measured(user, city, day) for day in _days(user, city)]


def _days(user: User, city: Unit) -> list[date]:
    """For each number of lines the last day when the roster had no more."""
    with transaction_as(user.pk):
        tally = RosterTally.objects.visible_to(user).filter(unit=city, day__lte=timezone.localdate())
        moved = list(tally.values_list("day").annotate(Sum("change")).order_by("day"))
    found = dict.fromkeys(LINES, FIRST_DAY)
    standing = 0
    for day, change in moved:
        standing += change
        found |= {lines: day for lines in LINES if standing <= lines}
    return list(found.values())


def _measured(user: User, city: Unit, day: date) -> Making:
    with transaction_as(user.pk):
        query = urlencode({"unit": city.code, "day": day.isoformat()})
        export = Export.objects.create(user=user, kind=Kind.ROSTER, query=query, reason="测试")
    with watched() as made:
        run_export(export.pk, user.pk)
    with transaction_as(user.pk):
        export.refresh_from_db()
        lines = export.rows
        if not export.is_ready:
            raise RuntimeError(export.job_error)
        delete_export(by=user, export=export)
    with watched() as floor:
        plain_workbook(lines, len(SOURCES[Kind.ROSTER].columns))
    return Making(lines, made["seconds"], made["memory"], floor["seconds"], floor["memory"])


def plain_workbook(lines: int, columns: int) -> None:
    with new_workbook(BytesIO(), title="floor") as book:
        sheet, style = book.add_worksheet(), book.add_format(TEXT)
        for line in range(lines):
            for place in range(columns):
                write_text(sheet, line, place, CELL, style)


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Seconds, and the most memory that was taken on top, by looking now and then."""
    before, found, over = resident(), {"memory": 0.0}, threading.Event()

    def look() -> None:
        while not over.is_set():
            found["memory"] = max(found["memory"], resident() - before)
            sleep(EVERY)

    looking = threading.Thread(target=look, daemon=True)
    started = monotonic()
    looking.start()
    try:
        yield found
    finally:
        found["seconds"] = monotonic() - started
        over.set()
        looking.join()


def resident() -> float:
    """Megabytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024**2
