"""The two standing worklists of a roster, with an act that proposes for those who are ticked."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import Unit
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts import roster_worklists
from experts.filters import chosen_unit

PAGE_SIZE = 25
BY_NAME, BY_ENTRY = Order(("sort_key",)), Order(("sort_key", "id"))


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


def _context(params: QueryDict, page: Any, unit: Unit, own: bool, seen: int, here: str) -> dict[str, Any]:
    limit = roster_worklists.COUNT_LIMIT
    return {
        "page": page,
        "unit": unit,
        "own": own,
        "total": min(seen, limit),
        "exact": seen <= limit,
        "action": reverse(f"proposals:{here}"),
        "tabs": [
            {"label": label, "url": reverse(f"proposals:{name}"), "active": name == here}
            for name, label in (("to_admit", "符合条件未纳入"), ("to_leave", "在名单上但不再符合"))
        ],
        **page.urls(params),
    }


@require_GET
def to_admit(request: UserRequest) -> HttpResponse:
    """符合条件未纳入."""
    (unit, own), params = _chosen(request), request.GET
    found = roster_worklists.to_admit(request.user, unit, own=own)
    page = page_by_key(found, BY_NAME, params, PAGE_SIZE)
    seen = found.count_up_to(roster_worklists.COUNT_LIMIT + 1) if page.rows else 0
    context = _context(params, page, unit, own, seen, "to_admit")
    return render(request, "experts/proposal_to_admit.html", context)


@require_GET
def to_leave(request: UserRequest) -> HttpResponse:
    """在名单上但不再符合."""
    (unit, own), params = _chosen(request), request.GET
    entries = roster_worklists.to_leave(request.user, unit, own=own)
    page = page_by_key(entries, BY_ENTRY, params, PAGE_SIZE)
    seen = entries.order_by()[: roster_worklists.COUNT_LIMIT + 1].count() if page.rows else 0
    context = _context(params, page, unit, own, seen, "to_leave")
    return render(request, "experts/proposal_to_leave.html", context)
