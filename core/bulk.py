"""Writing many rows under row-level security.

COPY into a protected table is refused, so rows are copied into a temporary table and inserted from there,
under the same policies, constraints and triggers as any insert.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

SPECIAL = re.compile("[\\\\\t\n\r\0]")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
CHUNK = 1 << 16  # characters handed to COPY at a time


def copy_text(value: Any) -> str:
    """A value in the text form of COPY; lists and dicts as JSON."""
    if type(value) is str:
        return value.translate(ESCAPES) if SPECIAL.search(value) else value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | memoryview):
        return "\\\\x" + bytes(value).hex()
    if isinstance(value, list | dict):
        return copy_text(json.dumps(value, ensure_ascii=False))
    return copy_text(str(value))


def lines_of(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    return ("\t".join(map(copy_text, row)) + "\n" for row in rows)


class Lines:
    """Lines as the file that COPY reads, made as it reads."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines: Iterator[str] = iter(lines)
        self.kept = ""

    def read(self, size: int = CHUNK) -> str:
        parts, length = [self.kept], len(self.kept)
        for line in self.lines:
            parts.append(line)
            length += len(line)
            if length >= size:
                break
        text = "".join(parts)
        self.kept = text[size:]
        return text[:size]


def copy_to_temporary(name: str, columns: dict[str, str], lines: Iterable[str]) -> None:
    """A temporary table of this transaction filled by COPY; `columns` maps names to SQL types."""
    quote = connection.ops.quote_name
    definition = ", ".join(f"{quote(column)} {kind}" for column, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{quote(name)}")
        cursor.execute(f"CREATE TEMPORARY TABLE {quote(name)} ({definition}) ON COMMIT DROP")
        cursor.copy_expert(f"COPY pg_temp.{quote(name)} FROM STDIN", Lines(lines))


def column_types(model: type[Model], names: Iterable[str]) -> dict[str, str]:
    """SQL types of a model's columns, by column name."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    return {
        name: str(fields[name].rel_db_type(connection) or fields[name].db_type(connection)) for name in names
    }


def insert_rows(model: type[Model], columns: list[str], rows: Iterable[Iterable[Any]]) -> int:
    """Insert rows given as values of `columns` (database names); returns how many."""
    return insert_lines(model, columns, lines_of(rows))


def insert_lines(model: type[Model], columns: list[str], lines: Iterable[str]) -> int:
    """`insert_rows` for rows that are lines in the text form of COPY already."""
    quote = connection.ops.quote_name
    listed = ", ".join(quote(column) for column in columns)
    copy_to_temporary("bulk_rows", column_types(model, columns), lines)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({listed}) SELECT {listed} FROM pg_temp.bulk_rows"  # noqa: S608
        )
        return int(cursor.rowcount)


def insert_from(
    model: type[Model], columns: list[str], rows: QuerySet[Any, Any], *, skip_known: bool = False
) -> int:
    """INSERT … SELECT: `rows` are a values_list in the order of `columns`; returns how many were inserted,
    with `skip_known` without those that a unique constraint refuses."""
    conflict = " ON CONFLICT DO NOTHING" if skip_known else ""
    quote = connection.ops.quote_name
    listed = ", ".join(quote(column) for column in columns)
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({listed}) {sql}{conflict}", params)
        return int(cursor.rowcount)


def take_ids(model: type[Model], count: int) -> list[int]:
    """Fresh primary keys, so that rows and the rows that hang on them can be copied together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [int(value) for (value,) in cursor.fetchall()]
