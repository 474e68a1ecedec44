"""Column types and comparisons that Django lacks."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import models

Intervals = Iterable[tuple[int, int]]


class NumberSetField(models.Field):
    """A set of whole numbers as PostgreSQL's int8multirange; read as its text, written by triggers."""

    def db_type(self, connection: Any) -> str:
        return "int8multirange"


def numbers_of(text: str | None) -> list[tuple[int, int]]:
    """The intervals of such a set as it is read: each from its first number to before its last."""
    return [(int(low), int(high)) for low, high in re.findall(r"\[(\d+),(\d+)\)", text or "")]


@NumberSetField.register_lookup
class Meets(models.Lookup):
    """Whether the set has a number in one of these intervals, both ends included."""

    lookup_name = "meets"

    def get_prep_lookup(self) -> str:
        intervals: Intervals = self.rhs
        return "{" + ",".join(f"[{int(low)},{int(high)}]" for low, high in intervals) + "}"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} && %s::int8multirange", (*left_params, self.rhs)


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class AnyOf(models.Lookup):
    """Equal to an element of an array, as of an `ArraySubquery`.

    PostgreSQL fetches the array first and then looks its elements up; an `IN (SELECT …)` it may join the
    other way round, reading every row.
    """

    lookup_name = "any_of"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} = ANY {right}", (*left_params, *right_params)


class DaySetField(models.Field):
    """A set of days as PostgreSQL's datemultirange; read as its text, written by triggers."""

    def db_type(self, connection: Any) -> str:
        return "datemultirange"


@DaySetField.register_lookup
class HoldsDay(models.Lookup):
    """Whether the day is in the set."""

    lookup_name = "holds_day"

    def get_prep_lookup(self) -> date:
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} @> %s::date", (*left_params, self.rhs)
