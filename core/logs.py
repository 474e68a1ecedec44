"""Log lines for people who may not see the records: where it failed and of what kind, never with what."""

import copy
import logging
import re
import traceback
from collections.abc import Iterator
from typing import Any

TOKEN = re.compile(r"(/feed/)[\w-]{6,}")


def without_tokens(text: str) -> str:
    """The text without the private part of an address that opens something to whoever has it."""
    return TOKEN.sub(r"\1…", text)


class ReticentFormatter(logging.Formatter):
    """Leaves out the text of exceptions, which quotes values: `invalid input syntax for type date: "…"`."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        record.exc_text = None  # another handler's wording
        if isinstance(record.args, dict):
            # Celery's lines: `exc` is the text of the exception.
            record.args = {key: _told(value, key == "exc") for key, value in record.args.items()}
        elif record.args:
            record.args = tuple(_told(value) for value in record.args)
        return without_tokens(super().format(record))

    def formatException(self, ei: Any) -> str:
        return "".join(_lines(ei[1])).rstrip()


def _told(value: Any, hidden: bool = False) -> Any:
    if isinstance(value, BaseException):
        return kind_of(value)
    return "(not shown)" if hidden else value


def kind_of(error: BaseException) -> str:
    """Class of an exception, with PostgreSQL's code and the constraint where it has them."""
    code, diagnosis = getattr(error, "pgcode", None), getattr(error, "diag", None)
    facts = [code, getattr(diagnosis, "table_name", None), getattr(diagnosis, "constraint_name", None)]
    return " ".join([type(error).__qualname__, *(fact for fact in facts if fact)])


def _lines(error: BaseException) -> Iterator[str]:
    """The traceback, causes first, without the texts."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
        yield "\nwhich led to\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{kind_of(error)}\n"
