"""Telling PostgreSQL's planner what statistics cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def walking_an_index() -> Iterator[None]:
    """For the page of a list whose order an index has: no gathering and sorting.

    The planner takes the parameters of a policy for rare, expects a handful of rows where there are a million
    and would rather fetch and sort all of them than walk the index until the page is full; and would read all
    units for each row, since it expects but one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_setting("off"))
        yield
        cursor.execute(_setting("on"))


def _setting(value: str) -> str:
    return "; ".join(f"SET LOCAL enable_{way} = {value}" for way in ("sort", "bitmapscan", "seqscan"))
