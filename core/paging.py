"""Paging by key: a page starts after a row, never at an offset, so page 200 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
PAGING = ("after", "before", "letter")  # parameters that say where a page starts


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
class Page(Generic[Row]):
    """One page; cursors are None where there is nothing further."""

    rows: list[Row]
    previous: str | None
    next: str | None


def _pack(row: Model, order: Order) -> str:
    values = [getattr(row, name) for name in order.fields]
    return base64.urlsafe_b64encode(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode().rstrip("=")


def _unpack(cursor: str, order: Order) -> list[Any] | None:
    """The values of a cursor, or None when it was tampered with: the list then starts at its beginning."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(values, list) or len(values) != len(order.fields):
        return None
    return (
        values if all(isinstance(value, str | int) and "\0" not in str(value) for value in values) else None
    )


def page_by_key(rows: QuerySet[Row], order: Order, params: QueryDict, size: int) -> Page[Row]:
    """The page that `after`, `before` or `letter` in the URL ask for."""
    backwards = "before" in params
    at = _unpack(params.get("before") or params.get("after") or "", order)
    letter = params.get("letter", "")[:1].lower()
    if at is not None:
        rows = rows.filter(order.beyond(at, backwards))
    elif letter.isascii() and letter.isalpha() and order.fields == ("sort_key",):
        backwards = False
        rows = rows.filter(sort_key__gte=letter)
    else:
        backwards = False
    found = list(rows.order_by(*order.expressions(backwards))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_previous = more if backwards else at is not None or bool(letter)
    has_next = True if backwards else more
    return Page(
        rows=found,
        previous=_pack(found[0], order) if found and has_previous else None,
        next=_pack(found[-1], order) if found and has_next else None,
    )


def url_with(params: QueryDict, **changes: str | None) -> str:
    """The query string with some parameters replaced (None removes); changing a filter restarts paging."""
    query = params.copy()
    if not set(changes) & set(PAGING):
        changes = {**dict.fromkeys(PAGING), **changes}
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"
