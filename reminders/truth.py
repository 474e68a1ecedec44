"""Whether a reminder still holds: the rule itself is asked again, with the rights that the recipient has
now."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from reminders.functions import name_of
from reminders.registry import Rule

INSTANT = timedelta(microseconds=1)


class Due(NamedTuple):
    """What is asked about: who is to be told of what, and when it was due."""

    subject: int
    recipient: int
    due_at: datetime


def still_true(rule: Rule, asked: Iterable[Due], now: datetime) -> dict[Due, UUID | None]:
    """Those that the rule yields now, with the page that they lead to.

    A later reminder of the same thing to the same person takes the place of an earlier one.
    """
    wanted = set(asked)
    if not wanted:
        return {}
    start = min(each.due_at for each in wanted) - INSTANT
    subjects = sorted({each.subject for each in wanted})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT subject, recipient, due_at, page FROM {name_of(rule)}(%s, %s, %s)",  # noqa: S608
            [start, now, subjects],
        )
        found = {Due(subject, recipient, due): page for subject, recipient, due, page in cursor.fetchall()}
    return {each: found[each] for each in wanted & found.keys()}
