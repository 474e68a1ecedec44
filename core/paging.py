"""Paging by key: a page starts after a row, never at an offset, so page 200 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
PAGING = ("after", "before", "letter")  # parameters that say where a page starts
STARTS: dict[str, str | None] = dict.fromkeys(PAGING)


@dataclass(frozen=True)
class Order:
    """A total order: `fields` end with one that is unique. `descending` reverses all of them."""

    fields: tuple[str, ...]
    descending: bool = False

    def expressions(self, backwards: bool = False) -> list[str]:
        minus = "-" if self.descending != backwards else ""
        return [f"{minus}{name}" for name in self.fields]

    def beyond(self, values: list[Any], backwards: bool = False) -> Q:
        """Rows after these values in the order (before them when `backwards`)."""
        comparison = "lt" if self.descending != backwards else "gt"
        condition, equal = Q(), Q()
        for name, value in zip(self.fields, values, strict=True):
            condition |= equal & Q(**{f"{name}__{comparison}": value})
            equal &= Q(**{name: value})
        # The leading column alone, so that an index can start there.
        return Q(**{f"{self.fields[0]}__{comparison}e": values[0]}) & condition


@dataclass(frozen=True)
class Parts(Generic[Row]):
    """Rows that are found in several parts, each by an index of its own, and shown in one order.

    `rows` says how they are shown; a part is a queryset with the columns of the order and the name of the one
    that holds the row's key. Parts may overlap.
    """

    rows: QuerySet[Row]
    parts: list[tuple[QuerySet[Any], str]]

    @property
    def model(self) -> type[Row]:
        return self.rows.model

    def filter(self, condition: Q) -> "Parts[Row]":
        return Parts(self.rows, [(part.filter(condition), key) for part, key in self.parts])

    def first(self, ordering: list[str], count: int) -> list[Row]:
        """The first rows of each part, merged: no part is read further than the page goes."""
        chosen = self._union([part.order_by(*ordering)[:count].values(key) for part, key in self.parts])
        return list(self.rows.filter(pk__in=chosen).order_by(*ordering)[:count])

    def count(self) -> int:
        """How many rows there are; every one is read."""
        return int(self._union([part.order_by().values(key) for part, key in self.parts]).count())

    def count_up_to(self, limit: int) -> int:
        """How many rows there are, or `limit` when there are more. The first part is asked first; when it has
        enough the others are never read."""
        keys = [part.order_by()[:limit].values(key) for part, key in self.parts]
        if len(keys) == 1:
            return int(keys[0].count())
        sql, params = keys[0].union(*keys[1:], all=True).query.sql_with_params()
        with connections[self.rows.db].cursor() as cursor:
            # The keys' own SQL is the ORM's; `pk` is what it calls the first column.
            cursor.execute(f"SELECT count(*), count(DISTINCT k) FROM ({sql} LIMIT {limit}) found (k)", params)  # noqa: S608
            rows, different = cursor.fetchone()
        return int(different if rows < limit or different == limit else self._union(keys)[:limit].count())

    def _union(self, keys: list[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
        return keys[0].union(*keys[1:]) if len(keys) > 1 else keys[0]


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page; cursors are None where there is nothing further."""

    rows: list[Row]
    previous: str | None
    next: str | None

    def urls(self, params: QueryDict) -> dict[str, str]:
        """Addresses of the neighbouring pages (previous_url, next_url) beside these parameters; empty where
        there is none."""
        return {
            "previous_url": url_with(params, **STARTS | {"before": self.previous}) if self.previous else "",
            "next_url": url_with(params, **STARTS | {"after": self.next}) if self.next else "",
        }


def cursor_of(row: Model, order: Order) -> str:
    values = [getattr(row, name) for name in order.fields]
    texts = [
        value.isoformat() if isinstance(value, date) else value for value in values
    ]  # to the microsecond
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def _typed(field: "Field[Any, Any]", value: Any) -> Any:
    """The value as the column holds it; ValueError or another mistake when it cannot."""
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair cannot be sent
        if "\0" in value:
            raise ValueError(value)
    elif type(value) is not int:
        raise TypeError(value)
    found = field.to_python(value)
    if found is None or (isinstance(found, datetime) and found.tzinfo is None):
        raise ValueError(value)
    if isinstance(found, int):
        field.run_validators(found)  # beyond what the column can hold
    return found


def _unpack(cursor: str, order: Order, model: type[Model]) -> list[Any] | None:
    """The values of a cursor, or None when it was tampered with: the list then starts at its beginning."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(order.fields):
            return None
        columns = [model._meta.get_field(name) for name in order.fields]
        return [_typed(column, value) for column, value in zip(columns, values, strict=True)]  # type: ignore[arg-type]
    except (ValidationError, ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        return None


def _letter(params: QueryDict, order: Order) -> str:
    """The letter to start at, where the order is by name."""
    letter = params.get("letter", "")[:1].lower()
    fits = letter.isascii() and letter.isalpha() and order.fields[0] == "sort_key" and not order.descending
    return letter if fits else ""


def page_by_key(rows: QuerySet[Row] | Parts[Row], order: Order, params: QueryDict, size: int) -> Page[Row]:
    """The page that `after`, `before` or `letter` in the URL ask for; the first one when nothing is there."""
    backwards = bool(params.get("before"))
    at = _unpack(params.get("before") or params.get("after") or "", order, rows.model)
    letter = "" if at is not None else _letter(params, order)
    if at is None and not letter:
        return _page(rows, order, size)
    backwards = backwards and at is not None
    start = Q(sort_key__gte=letter) if at is None else order.beyond(at, backwards)
    page = _page(rows.filter(start), order, size, backwards=backwards, follows=True)
    return page if page.rows else _page(rows, order, size)


def _page(
    rows: QuerySet[Row] | Parts[Row],
    order: Order,
    size: int,
    *,
    backwards: bool = False,
    follows: bool = False,
) -> Page[Row]:
    """The first rows in the order, or the last before a key; `follows` says that rows may stand before."""
    ordering = order.expressions(backwards)
    found = (
        rows.first(ordering, size + 1)
        if isinstance(rows, Parts)
        else list(rows.order_by(*ordering)[: size + 1])
    )
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_previous, has_next = (more, True) if backwards else (follows, more)
    return Page(
        rows=found,
        previous=cursor_of(found[0], order) if found and has_previous else None,
        next=cursor_of(found[-1], order) if found and has_next else None,
    )


def url_with(params: QueryDict, **changes: str | None) -> str:
    """The query string with some parameters replaced (None removes); changing a filter restarts paging."""
    query = params.copy()
    if not set(changes) & set(PAGING):
        changes = {**STARTS, **changes}
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"
