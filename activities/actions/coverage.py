"""Working off what changes of settings and writers have left, as the system.

Each step is a transaction of its own that the database makes whole, so any number of workers and any ending
between two steps are harmless."""

import time

from django.db import connection, transaction

EXPERTS = 1_000  # worked out anew in one step
ROWS = 50_000  # of tallies settled in one step


def work_off(*, seconds: float = 50) -> int:
    """Work out anew the coverage of experts whose unit has changed its settings, for about so long; returns
    how many. What is left the next call takes up where this one ended."""
    return _repeat("SELECT activities_work_off(%s)", EXPERTS, seconds)


def settle(*, seconds: float = 50) -> int:
    """Add the loose rows of the tallies to the settled ones, for about so long; returns how many."""
    return _repeat("SELECT activities_settle(%s)", ROWS, seconds)


def _repeat(statement: str, size: int, seconds: float) -> int:
    end, total = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [size])
            done = cursor.fetchone()[0]
        total += done
        if not done:
            break
    return total
