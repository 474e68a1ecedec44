"""A unit's roster of any day, and what differs between two days (二（二）)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Unit, User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from core.planning import walking_an_index
from experts.enums import Scope
from experts.forms.roster import MovementForm, RosterForm
from experts.listing import letter_links
from experts.models import Movement, RosterEntry
from experts.models.roster import RosterEntryQuerySet
from experts.movements import Moved, counted, movements_url
from experts.roster import Changes, Listing, turns
from experts.roster_reasons import TITLES, Happened, Reasons

PAGE_SIZE = 50
SHOWN = 100  # of each kind of change
BY_NAME = Order(("sort_key", "id"))
BY_DAY = {
    kind: Order(("until" if kind == Movement.LEFT else "since", "id"), descending=True) for kind in Movement
}


@require_GET
def own_roster(request: UserRequest) -> HttpResponse:
    """The roster of the user's own unit."""
    if not request.user.may("view"):
        raise PermissionDenied
    unit = Unit.objects.reached_by(request.user, "view").order_by("order")[0]
    return redirect("experts:roster", unit.code)


@require_GET
def roster(request: UserRequest, code: str) -> HttpResponse:
    """Who was on the roster on the day that the URL names, today if none; with `since` what has changed."""
    unit = _unit(request, code)
    today = {"day": timezone.localdate().isoformat()}
    form = RosterForm(today | {name: value for name, value in request.GET.items() if value})
    context: dict[str, Any] = {"unit": unit, "form": form, "params": request.GET}
    if not form.is_valid():
        return render(request, "experts/roster.html", context | {"page": None}, status=422)
    chosen = form.cleaned_data
    listing = Listing(request.user, unit, chosen["day"], chosen["below"])
    totals = listing.totals()
    entries = listing.entries().select_related("expert", "unit")
    if chosen["scope"]:
        entries = entries.filter(scope=chosen["scope"])
    with walking_an_index():
        page = page_by_key(entries, BY_NAME, request.GET, PAGE_SIZE)
    context |= {
        "listing": listing,
        "page": page,
        "total": sum(totals.values()),
        "by_scope": [(Scope(scope).label, number) for scope, number in totals.items()],
        "letters": letter_links(request.GET),
        **page.urls(request.GET),
        "changes": shown(request.user, listing.changes_since(chosen["since"]), chosen["since"])
        if chosen["since"]
        else None,
    }
    return render(request, "experts/roster.html", context)


def _unit(request: UserRequest, code: str) -> Unit:
    """The unit, if the user may read there; 404 otherwise, and 403 for who reads nowhere."""
    if not request.user.may("view"):
        raise PermissionDenied
    return get_object_or_404(Unit.objects.reached_by(request.user, "view"), code=code)


@require_GET
def movements(request: UserRequest, code: str) -> HttpResponse:
    """Who came onto the rosters of the unit and those below it in a stretch of days, who left, or whose scope
    changed: a line for each time, the latest first. 422 with what to mend."""
    user, unit = request.user, _unit(request, code)
    today, asked = timezone.localdate(), request.GET.get("kind")
    days = {"since": today.replace(day=1).isoformat(), "until": today.isoformat()}
    form = MovementForm(days | request.GET.dict())
    kind = Movement(asked) if asked in Movement.values else Movement.ENTERED
    context: dict[str, Any] = {"unit": unit, "form": form, "kind": kind}
    if not form.is_valid():
        return render(request, "experts/movements.html", context, status=422)
    chosen = form.cleaned_data
    moved = Moved(user, unit, kind, (chosen["since"], chosen["until"]))
    (totals,) = counted(user, unit, moved.days)
    entries = moved.entries().select_related("expert", "unit")
    page = page_by_key(entries, BY_DAY[kind], request.GET, PAGE_SIZE)
    reasons = Reasons.of(user, page.rows)
    context |= {
        "moved": moved,
        "tabs": _kinds(moved, totals),
        "rows": [(entry, reasons.why(entry, kind)) for entry in page.rows],
        "unnamed": moved.unnamed(totals[kind]),
        **page.urls(request.GET),
    }
    return render(request, "experts/movements.html", context)


def _kinds(moved: Moved, totals: Mapping[str, int]) -> list[dict[str, Any]]:
    """The three lists of the same days."""
    return [
        {
            "label": kind.label,
            "url": movements_url(moved.unit, kind, moved.days),
            "active": kind == moved.kind,
            "count": totals[kind],
        }
        for kind in Movement
    ]


def shown(user: User, changes: Changes, since: date) -> dict[str, Any]:
    """The changes in the words of the page, the first hundred of each kind, each with its reason."""
    kinds: dict[Happened, list[RosterEntry]] = {
        "entered": _first(changes.entered),
        "left": _first(changes.left),
        "rescoped": _first(changes.rescoped),
    }
    turned = turns(user, **kinds)
    reasons = Reasons.of(user, turned.values())
    for happened, entries in kinds.items():
        for entry in entries:
            turn = turned[entry.pk]
            entry.why = reasons.why(turn, happened)  # type: ignore[attr-defined]
            first, last = sorted((entry, turn), key=lambda each: each.since)
            entry.first, entry.last = first.since, last.until  # type: ignore[attr-defined]
    return {
        "since": since,
        "found": any(kinds.values()),
        "kinds": [
            {
                "title": TITLES[happened],
                "said": f"{SHOWN} 人以上" if len(entries) > SHOWN else f"{len(entries)} 人",
                "rows": entries[:SHOWN],
                "more": len(entries) > SHOWN,
            }
            for happened, entries in kinds.items()
        ],
    }


def _first(entries: RosterEntryQuerySet) -> list[RosterEntry]:
    return list(entries.select_related("expert", "unit").order_by("sort_key", "id")[: SHOWN + 1])
