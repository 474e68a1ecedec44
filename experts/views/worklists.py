"""The standing worklists of a roster, with an act that proposes for those who are ticked."""

from contextlib import nullcontext
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Unit
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from core.planning import walking_an_index
from experts import roster_worklists
from experts.filters import chosen_unit
from experts.models import GapKind

PAGE_SIZE = 25
BY_NAME = Order(("sort_key", "place"))
PAGES = {
    GapKind.LACKING: ("to_admit", "符合条件未纳入"),
    GapKind.RISEN: ("to_raise", "应调整为重点联系"),
    GapKind.FALLEN: ("to_leave", "在名单上但不再符合"),
}
GROUND_CHOICES = [("", "全部依据"), ("rule", "规则认定"), ("priority", "本单位联系重点")]


def _chosen(request: UserRequest) -> tuple[Unit, bool]:
    """The unit of the address, else the user's own, and whether it is meant without those below it; 404 when
    the user may not look at it."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    asked = request.GET.get("unit", "")
    unit = chosen_unit(user, asked) if asked else user.unit
    if unit is None or not user.may("view", unit.order):
        raise Http404
    return unit, request.GET.get("own") == "yes"


def _page(request: UserRequest, kind: GapKind) -> HttpResponse:
    (unit, own), params = _chosen(request), request.GET
    rows = roster_worklists.gaps(request.user, unit, kind, own=own)
    ground = params.get("ground", "")
    if ground in roster_worklists.GROUNDS and kind != GapKind.FALLEN:
        rows = rows.filter(roster_worklists.GROUNDS[ground])
    limit = roster_worklists.COUNT_LIMIT
    seen = rows.order_by()[: limit + 1].count()
    # Few are sorted; of many the index has the first ones in order.
    with walking_an_index() if seen > limit else nullcontext():
        page = page_by_key(rows, BY_NAME, params, PAGE_SIZE)
    roster_worklists.name_priorities(page.rows)
    if kind == GapKind.LACKING:
        roster_worklists.name_exits(request.user, page.rows)
    name, title = PAGES[kind]
    context: dict[str, Any] = {
        "page": page,
        "kind": kind,
        "title": title,
        "unit": unit,
        "own": own,
        "ground": ground,
        "grounds": GROUND_CHOICES,
        "total": min(seen, limit),
        "exact": seen <= limit,
        "action": reverse(f"proposals:{name}"),
        "tabs": [
            {"label": label, "url": reverse(f"proposals:{each}"), "active": each == name}
            for each, label in PAGES.values()
        ],
        **page.urls(params),
    }
    return render(request, "experts/roster_gaps.html", context)


@require_GET
def to_admit(request: UserRequest) -> HttpResponse:
    """符合条件未纳入: key by the rule or the unit's priorities, and not on the roster of their unit."""
    return _page(request, GapKind.LACKING)


@require_GET
def to_raise(request: UserRequest) -> HttpResponse:
    """On the roster as general, while the rule or a priority says key."""
    return _page(request, GapKind.RISEN)


@require_GET
def to_leave(request: UserRequest) -> HttpResponse:
    """在名单上但不再符合: on the roster as key, while neither the rule nor a priority says so any more."""
    return _page(request, GapKind.FALLEN)
