"""The list of need-to-know grants as its pages show it: filters in the URL, order, and links that lead on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.paging import Order, page_by_key, url_with
from experts.models import EndedGrant, NeedToKnow
from experts.models.need_to_know import SOON, EndedGrantQuerySet, GrantQuerySet

PAGE_SIZE = 50
PLACES = {
    "grants": ("现有授权", "experts:need_to_know"),
    "history": ("已结束", "experts:need_to_know_history"),
}
BY_END = Order(("expires_on", "id"))
ORDERS = {
    "end": BY_END,
    "-end": Order(("expires_on", "id"), descending=True),
    "record": Order(("record_number", "id")),
    "-record": Order(("record_number", "id"), descending=True),
}
LATEST_FIRST = Order(("ended_at", "id"), descending=True)


@dataclass(frozen=True)
class GrantFilter:
    """What the URL asks: an exact record number, a person by username, grants that end soon."""

    record: str
    person: str
    soon: bool
    who: User | None

    @classmethod
    def read(cls, params: QueryDict) -> "GrantFilter":
        record = params.get("record", "").replace("\0", "").strip().upper()[:20]
        person = params.get("person", "").replace("\0", "").strip()[:60]
        who = User.objects.filter(username=person).first() if person else None
        return cls(record, who.username if who else "", params.get("soon") == "yes", who)

    def apply(self, grants: GrantQuerySet) -> GrantQuerySet:
        if self.soon:
            limit = timezone.localdate() + timedelta(days=SOON)
            grants = grants.live().filter(expires_on__lte=limit)
        return grants.filter(**self._exact())

    def apply_to_ended(self, grants: EndedGrantQuerySet) -> EndedGrantQuerySet:
        return grants.filter(**self._exact())

    def _exact(self) -> dict[str, Any]:
        wanted = {"record_number": self.record, "user": self.who}
        return {name: value for name, value in wanted.items() if value}

    def chips(self, params: QueryDict) -> list[dict[str, Any]]:
        shown = {
            "record": self.record,
            "person": str(self.who or ""),
            "soon": self.soon and f"{SOON} 天内到期",
        }
        return [
            {"label": label, "url": url_with(params, **{name: None})}
            for name, label in shown.items()
            if label
        ]


def page_context(
    found: "QuerySet[NeedToKnow] | QuerySet[EndedGrant]", chosen: GrantFilter, params: QueryDict
) -> dict[str, Any]:
    """A page of either list."""
    sort = params.get("sort", "")
    ended = found.model is EndedGrant
    order = LATEST_FIRST if ended else ORDERS.get(sort, BY_END)
    page = page_by_key(found.with_people(), order, params, PAGE_SIZE)  # type: ignore[union-attr]
    return {
        "page": page,
        "total": found.count(),
        "filter": chosen,
        "chips": chosen.chips(params),
        "sort": sort if sort in ORDERS else "",
        "sorts": {} if ended else sort_links(params, sort if sort in ORDERS else "end"),
        **page.urls(params),
        "today": timezone.localdate(),
    }


def sort_links(params: QueryDict, current: str) -> dict[str, dict[str, str]]:
    """For each sortable column: the URL that sorts by it and the direction in force."""
    links = {}
    for key in ("record", "end"):
        is_current, descending = current.lstrip("-") == key, current.startswith("-")
        links[key] = {
            "url": url_with(params, sort=f"-{key}" if is_current and not descending else key),
            "direction": ("desc" if descending else "asc") if is_current else "",
        }
    return links


def tabs(current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": reverse(route), "active": key == current}
        for key, (label, route) in PLACES.items()
    ]
