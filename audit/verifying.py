"""Walks the chain and names the first row that is not as our own code wrote it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from audit.chain import COLUMNS, LOWEST, START, digest_of, facts_of, head_mac, mark_of
from audit.models import Head

BATCH = 2000
LATE = timedelta(minutes=5)  # an event that waits longer than this for its seal
SEALED = f"""
SELECT seal.number, seal.digest, seal.event_id, event.id, {", ".join(COLUMNS.values())}
FROM audit_seal seal LEFT JOIN audit_event event ON event.id = seal.event_id
WHERE seal.number > %s ORDER BY seal.number LIMIT {BATCH}
"""  # noqa: S608  expressions of our own
UNSEALED = f"""
SELECT event.id, event.at < now() - %s, {", ".join(COLUMNS.values())} FROM audit_event event
WHERE NOT EXISTS (SELECT FROM audit_seal seal WHERE seal.event_id = event.id) AND event.id > %s
ORDER BY event.id LIMIT {BATCH}
"""  # noqa: S608  expressions of our own
REPEATED = "SELECT max(id) FROM audit_event GROUP BY mark HAVING count(*) > 1 ORDER BY 1 LIMIT 1"


class Broken(Exception):
    """The trail is not what was written; the text names the first bad row."""


def verify(*, expected: tuple[int, str] | None = None) -> tuple[int, int, str]:
    """Check everything in one snapshot; returns the number of events and the head's number and digest.

    `expected` is a head noted down earlier, outside the database: it finds what was cut off together with the
    seals and the head. Raises Broken.
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        number, digest = _walk(expected)
        _check_head(number, digest)
        return number + _check_unsealed(), number, digest


def _rows(statement: str, *arguments: Any) -> Iterator[tuple[Any, ...]]:
    """Rows of a statement that goes on after the first column of the last one."""
    after = LOWEST
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [*arguments, after])
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        after = rows[-1][0]


def _walk(expected: tuple[int, str] | None) -> tuple[int, str]:
    """Follow the seals from the first to the last."""
    place, digest = 0, START
    for number, sealed, event_id, found, *columns in _rows(SEALED):
        place += 1
        if number != place:
            raise Broken(f"Seal {place} is missing: the next one is {number}.")
        if found is None:
            raise Broken(f"Event {event_id} was deleted: seal {number} has no event.")
        facts = facts_of(tuple(columns))
        digest = digest_of(digest, number, event_id, facts)
        if digest != sealed:
            raise Broken(f"Event {event_id} was edited, or its seal {number}: the digest differs.")
        _check_mark(event_id, facts, f"seal {number}")
        if expected and number == expected[0] and digest != expected[1]:
            raise Broken(f"Seal {number} is not the one that was noted: the trail up to it was replaced.")
    if expected and place < expected[0]:
        raise Broken(f"The trail ends at seal {place}: the noted head {expected[0]} was cut off.")
    return place, digest


def _check_mark(event_id: int, facts: dict[str, Any], place: str) -> None:
    if facts["mark"] != mark_of(facts):
        raise Broken(f"Event {event_id} ({place}) was inserted, or edited before it was sealed: wrong mark.")


def _check_head(number: int, digest: str) -> None:
    """The head says where the chain must end."""
    head = Head.objects.first()
    if head is None:
        if number:
            raise Broken(f"The head is missing, after seal {number}.")
        return
    if head.mac != head_mac(head.number, head.digest):
        raise Broken(f"The head {head.number} is forged: wrong code.")
    if head.number > number:
        raise Broken(f"The tail was cut off: the head is {head.number}, the last seal {number}.")
    if (head.number, head.digest) != (number, digest):
        raise Broken(f"The head was set back: it is {head.number}, the last seal {number}.")


def _check_unsealed() -> int:
    """Events that wait for their seal: ours, none twice, and none for long. Returns how many."""
    waiting, late = 0, 0
    for event_id, is_late, *columns in _rows(UNSEALED, LATE):
        _check_mark(event_id, facts_of(tuple(columns)), "not sealed yet")
        waiting += 1
        late += bool(is_late)
    with connection.cursor() as cursor:
        cursor.execute(REPEATED)
        if repeated := cursor.fetchone():
            raise Broken(f"Event {repeated[0]} was inserted: it repeats the mark of another.")
    if late:
        minutes = int(LATE.total_seconds() // 60)
        raise Broken(
            f"{late} events have waited more than {minutes} minutes for their seal: is the sealer up?"
        )
    return waiting
