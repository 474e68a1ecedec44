"""What makes a bulk load slow, put aside for its time: triggers, foreign keys, and indexes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.utils import CursorWrapper

# A primary or unique key that a foreign key points at stays.
CONSTRAINTS = """
SELECT con.conname, pg_get_constraintdef(con.oid), con.contype FROM pg_constraint con
WHERE con.conrelid = %(table)s::regclass AND con.contype IN ('p', 'u', 'f', 'x')
  AND (con.contype = 'f' OR NOT EXISTS (
        SELECT FROM pg_constraint other
        WHERE other.contype = 'f' AND other.confrelid = con.conrelid AND other.conindid = con.conindid))
ORDER BY con.contype = 'f' DESC
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %(table)s::regclass
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
"""
TRIGGERS = """
SELECT tgname, tgenabled FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal AND tgenabled <> 'D'
"""


@contextmanager
def put_aside(tables: list[str]) -> Iterator[None]:
    """Drop and disable on the way in; on the way out make everything again, which checks every row."""
    again: list[list[str]] = [[], [], [], []]  # keys, other indexes, foreign keys, triggers
    with connection.cursor() as cursor:
        for table in reversed(tables):
            again[3] += _silence(cursor, table)
            cursor.execute(CONSTRAINTS, {"table": table})
            for name, definition, kind in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
                again[2 if kind == "f" else 0].append(
                    f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
                )
            cursor.execute(INDEXES, {"table": table})
            for name, definition in cursor.fetchall():
                cursor.execute(f"DROP INDEX {name}")
                again[1].append(definition)
    yield
    with connection.cursor() as cursor:
        for statement in (each for group in again for each in group):
            cursor.execute(statement)


@contextmanager
def without_triggers(tables: Iterable[str]) -> Iterator[None]:
    """Keys and indexes stay; triggers are disabled on the way in and enabled on the way out."""
    with connection.cursor() as cursor:
        again = [statement for table in tables for statement in _silence(cursor, table)]
        yield
        for statement in again:
            cursor.execute(statement)


def _silence(cursor: CursorWrapper, table: str) -> list[str]:
    """Disables the triggers of a table; returns what enables them again."""
    cursor.execute(TRIGGERS, {"table": table})
    again = [
        f"ALTER TABLE {table} ENABLE {'ALWAYS ' if state == 'A' else ''}TRIGGER {name}"
        for name, state in cursor.fetchall()
    ]
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    return again
