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
    with _without("sort", "bitmapscan", "seqscan"):
        yield


@contextmanager
def by_indexes() -> Iterator[None]:
    """For a few rows that are gathered and sorted: each is found by its key, and so is what hangs on it."""
    with _without("bitmapscan", "seqscan"):
        yield


@contextmanager
def _without(*ways: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL enable_{way} = off" for way in ways))
        yield
        cursor.execute("; ".join(f"SET LOCAL enable_{way} = on" for way in ways))
