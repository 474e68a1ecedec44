"""What the log tells about a failure: where, of what kind, and no value."""

import logging

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from core.logs import ReticentFormatter

MARK = "金丝雀"


def line_of(*args, error=None, before=None):
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, *args, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    if before:
        record.exc_text = before
    return ReticentFormatter("{levelname} {message}", style="{").format(record)


def caught(code):
    try:
        code()
    except Exception as error:
        return error


def fails(text):
    try:
        int(text)
    except ValueError as error:
        raise RuntimeError(text) from error


def test_a_failure_tells_place_and_kind_of_all_its_causes_but_no_text():
    error = caught(lambda: fails(MARK))
    assert MARK in str(error)
    assert MARK in str(error.__cause__)
    line = line_of("Internal Server Error: %s", ("/experts/",), error=error, before=f"cached {MARK}")
    assert line.startswith("ERROR Internal Server Error: /experts/\nTraceback")
    kinds = [each for each in line.splitlines() if not each.startswith(" ") and each.endswith("Error")]
    assert kinds == ["ValueError", "RuntimeError"]
    assert "in fails" in line
    assert MARK not in line


@pytest.mark.django_db
def test_a_failure_of_the_database_tells_its_code():
    def ask():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [MARK])

    error = caught(ask)
    assert isinstance(error, DatabaseError)
    assert MARK in str(error)
    line = line_of("failed", (), error=error)
    assert "InvalidTextRepresentation 22P02" in line
    assert MARK not in line


def test_exceptions_among_the_arguments_are_not_quoted():
    assert line_of("failed: %s", (ValueError(MARK),)) == "ERROR failed: ValueError"
    told = {"id": 1, "exc": repr(ValueError(MARK))}
    assert line_of("Task %(id)s raised: %(exc)s", (told,)) == "ERROR Task 1 raised: (not shown)"


def test_every_handler_of_the_product_writes_such_lines():
    assert settings.LOGGING["formatters"]["line"]["()"] == "core.logs.ReticentFormatter"
    assert {handler["formatter"] for handler in settings.LOGGING["handlers"].values()} == {"line"}
    assert logging.getLogger("django").handlers == []
