"""The trail as the auditor lists and exports it."""

from collections.abc import Callable
from typing import Any

from django.http import QueryDict

from audit.filters import TrailFilter
from audit.models import Event, EventQuerySet, Reader, Seal
from audit.words import channel_words, count_words, kind_words, moment_words, result_words
from core.paging import Order, page_by_key, url_with

PAGE_SIZE = 50
COUNT_LIMIT = 1000
QUIET = {"ok", "uploaded", "requested"}  # results that need no second look
NEWEST = Order(("at", "id"), descending=True)
# What an export holds: heading and the text of an event.
COLUMNS: list[tuple[str, Callable[[Event], str]]] = [
    ("时间", moment_words),
    ("用户名", lambda event: event.username),
    ("行为", lambda event: event.get_verb_display()),
    ("对象", kind_words),
    ("编号", lambda event: event.reference),
    ("字段", lambda event: "、".join(event.fields)),
    ("事由", lambda event: event.reason),
    ("结果", result_words),
    ("数量", count_words),
    ("来源地址", lambda event: event.address),
    ("途径", channel_words),
]


def trail(user: Reader, params: QueryDict) -> EventQuerySet:
    """The events that the user may read and the URL asks for, newest first; none when it asks nonsense."""
    visible = Event.objects.visible_to(user)
    filters = TrailFilter(params, visible)
    found = filters.qs if filters.form.is_valid() else visible.none()
    return found.order_by(*NEWEST.expressions())


def trail_context(user: Reader, params: QueryDict) -> dict[str, Any]:
    """One page of the trail: rows, count, filters and the links that lead on from it."""
    found, filters = trail(user, params), TrailFilter(params, Event.objects.none())
    page = page_by_key(found, NEWEST, params, PAGE_SIZE)
    seals = Seal.objects.visible_to(user).filter(event_id__in=[event.pk for event in page.rows])
    numbers = dict(seals.values_list("event_id", "number"))
    exact = params.get("count") == "exact"
    total = found.count() if exact else found.order_by()[: COUNT_LIMIT + 1].count()
    return {
        "page": page,
        "rows": [row_of(event, numbers.get(event.pk)) for event in page.rows],
        "total": total if exact else min(total, COUNT_LIMIT),
        "exact": exact or total <= COUNT_LIMIT,
        "count_url": url_with(params, count="exact"),
        "filters": filters,
        "chips": list(filters.chips(params)),
        "params": params,
    } | page.urls(params)


def row_of(event: Event, seal: int | None) -> dict[str, Any]:
    """One event in words; `more` is what its row opens to."""
    words = {heading: read(event) for heading, read in COLUMNS}
    return {
        "event": event,
        "moment": words["时间"],
        "kind": words["对象"],
        "result": words["结果"],
        "channel": words["途径"],
        "tone": "neutral" if event.result in QUIET else "bad",
        "seal": seal,
        "more": [(name, words[name]) for name in ("字段", "事由", "数量") if words[name]],
    }
