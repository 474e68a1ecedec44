"""Who keeps in touch with whom (四（一）): lists of pairings, of experts without anybody, of people and what
they have; pairing, handing over and ending, of many at once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities import own_quarter
from activities import pairing_lists as lists
from activities.actions import pairings as actions
from activities.enums import PairingKind
from activities.forms.pairings import GiveForm, PairingFilter, UnpairedFilter
from activities.models import Pairing
from activities.pickers import paired_people, suggestions
from activities.posts import candidates
from activities.vacancies import left_behind, without
from core.paging import Order, page_by_key, url_with
from experts.filters import chips, chosen_unit
from experts.forms.proposals import refuse
from experts.people import matching
from experts.proposal_page import known_uuids
from experts.views.lookup import open_expert

PAGE_SIZE, OPTIONS_SHOWN, COUNT_LIMIT = 25, 20, 1000
UNPROCESSABLE = 422
BY_NAME = Order(("sort_key", "id"))
ORDERS = {
    "name": BY_NAME,
    "-name": Order(("sort_key", "id"), descending=True),
    "since": Order(("since", "id")),
    "-since": Order(("since", "id"), descending=True),
}
FIRST_DUE_FIRST = Order(("due_on", "id"))


def _for_readers(request: UserRequest) -> None:
    if not request.user.may("view"):
        raise PermissionDenied


def _for_keepers(request: UserRequest) -> None:
    if not request.user.may("change"):
        raise PermissionDenied


def _counted(rows: Any) -> dict[str, Any]:
    """How many there are, or that there are more than a thousand."""
    seen = rows.order_by()[: COUNT_LIMIT + 1].count()
    return {"total": min(seen, COUNT_LIMIT), "exact": seen <= COUNT_LIMIT}


@require_GET
def pairings(request: UserRequest) -> HttpResponse:
    """Open pairings in the user's reach, by unit, kind, person, and whether that person is still there."""
    _for_readers(request)
    user, params = request.user, request.GET
    filters = PairingFilter(params, Pairing.objects.visible_to(user).open().for_list(), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    sort = params.get("sort", "") if params.get("sort", "") in ORDERS else "name"
    page = page_by_key(found, ORDERS[sort], params, PAGE_SIZE)
    context = _counted(found) | {
        "page": page,
        "filters": filters,
        "chips": list(chips(filters, params)),
        "params": params,
        "sorts": {key: _sort_link(params, sort, key) for key in ("name", "since")},
        "tabs": lists.tabs("list", params),
        "may_change": user.may("change"),
        "today": timezone.localdate(),
        **page.urls(params),
    }
    return render(request, "activities/pairing_list.html", context)


def _sort_link(params: QueryDict, current: str, key: str) -> dict[str, str]:
    is_current = current.lstrip("-") == key
    wanted = f"-{key}" if current == key else key
    direction = ("desc" if current.startswith("-") else "asc") if is_current else ""
    return {"url": url_with(params, sort=wanted), "direction": direction}


@require_GET
def unpaired(request: UserRequest) -> HttpResponse:
    """Experts on rosters without a leader, or without an officer; key ones unless asked otherwise."""
    _for_readers(request)
    user, params = request.user, request.GET
    kind = PairingKind(params["kind"]) if params.get("kind") in PairingKind.values else PairingKind.LEADER
    filters = UnpairedFilter(params, without(user, kind, timezone.localdate()), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    page = page_by_key(found.select_related("expert", "unit"), BY_NAME, params, PAGE_SIZE)
    behind = left_behind(user, page.rows, kind)
    context = _counted(found) | {
        "page": page,
        "rows": [(entry, behind.get(entry.pk)) for entry in page.rows],
        "kind": kind,
        "kinds": PairingKind.choices,
        "filters": filters,
        "tabs": lists.tabs("unpaired", params),
        "may_change": user.may("change"),
        **page.urls(params),
    }
    return render(request, "activities/pairing_unpaired.html", context)


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Leaders and officers of a unit and those below it with what they have; who has left comes first."""
    _for_readers(request)
    user, params = request.user, request.GET
    unit = chosen_unit(user, params.get("unit", "")) or lists.top_unit(user)
    page = page_by_key(lists.held_in(unit), Order(("unit_id", "id")), params, PAGE_SIZE)
    context = {
        "page": page,
        "rows": lists.posts_of(user, page.rows),
        "gone": lists.gone(user, unit),
        "unit": unit,
        "tabs": lists.tabs("people", params),
        "may_change": user.may("change", unit.order),
        **page.urls(params),
    }
    return render(request, "activities/pairing_people.html", context)


@require_GET
def mine(request: UserRequest) -> HttpResponse:
    """The user's own experts, whose contact is due first; all, or those of a number of the quarter."""
    _for_readers(request)
    chosen = request.GET.get("quarter", "")
    quarter = own_quarter.quarter_of(request.user, timezone.localdate())
    rows = lists.mine(request.user).filter(expert__in=quarter.part(chosen))
    page = page_by_key(rows, FIRST_DUE_FIRST, request.GET, PAGE_SIZE)
    kinds = lists.kinds_of(request.user, page.rows)
    context = {
        "page": page,
        "rows": [(row, kinds[row.pk]) for row in page.rows],
        "tabs": own_quarter.tabs(quarter, chosen) if quarter.everybody else [],
        **page.urls(request.GET),
    }
    return render(request, "activities/pairing_mine.html", context)


@require_GET
def options(request: UserRequest) -> HttpResponse:
    """People for a picker, as JSON: those who may be paired (as `kind`) with experts of `unit`, with what
    they have, or with `paired` those who have somebody."""
    _for_readers(request)
    user, params = request.user, request.GET
    kind = params.get("kind", "")
    if kind and kind not in PairingKind.values:
        return HttpResponseBadRequest("kind is leader or officer", content_type="text/plain")
    unit = chosen_unit(user, params.get("unit", "")) or lists.top_unit(user)
    text = params.get("q", "").replace("\0", "")[:60]
    offered = paired_people(user, unit) if params.get("paired") else candidates(kind, unit)
    found = list(matching(offered, text)[:OPTIONS_SHOWN])
    return JsonResponse({"results": suggestions(user, found, kind, unit)})


@require_POST
def bulk(request: UserRequest) -> HttpResponse:
    """Hand the ticked pairings over (a form follows), or end them; back to the list, or to the expert."""
    _for_keepers(request)
    chosen = lists.chosen_pairings(request.user, request.POST)
    if not request.POST.getlist("pairing"):
        messages.warning(request, "请先勾选。")
    elif request.POST.get("act") == "hand_over":
        query = QueryDict(mutable=True)
        query.setlist("pairing", request.POST.getlist("pairing")[: lists.MOST_CHOSEN])
        return redirect(f"{reverse('pairings:hand_over')}?{query.urlencode()}")
    else:
        if done := actions.end(by=request.user, pairings=chosen):
            messages.success(request, f"已解除 {done} 对。")
        else:
            messages.warning(request, "没有解除：已由别人办理，或不归您维护。")
    return _back(request)


def _back(request: UserRequest) -> HttpResponse:
    if expert := known_uuids([request.POST.get("expert", "")]):
        return redirect("pairings:expert", expert[0])
    query = QueryDict(request.POST.get("query", "")[:1000])
    return redirect(reverse("pairings:list") + (f"?{query.urlencode()}" if query else ""))


@require_http_methods(["GET", "POST"])
def create(request: UserRequest) -> HttpResponse:
    """Give the experts of the entries that `entry` names to a person."""
    _for_keepers(request)
    sent = request.POST if request.method == "POST" else request.GET
    kind = sent.get("kind", "") if sent.get("kind") in PairingKind.values else PairingKind.LEADER.value
    chosen = lists.chosen_entries(request.user, sent)
    return _given(
        request,
        kind,
        [(entry, entry.expert, entry.unit, None) for entry in chosen.order_by("sort_key")],
        lambda data: actions.pair(by=request.user, entries=chosen, kind=PairingKind(kind), **data),
        title=f"安排{PairingKind(kind).label}",
        key="entry",
    )


@require_http_methods(["GET", "POST"])
def hand_over(request: UserRequest) -> HttpResponse:
    """Give chosen pairings, or all of one person, to another person."""
    _for_keepers(request)
    sent = request.POST if request.method == "POST" else request.GET
    chosen = lists.chosen_pairings(request.user, sent)
    rows = list(chosen.order_by("sort_key")[: lists.MOST_CHOSEN])
    kinds = {each.kind for each in rows}
    return _given(
        request,
        next(iter(kinds)) if len(kinds) == 1 else "",
        [(each, each.expert, each.unit, each.person) for each in rows],
        lambda data: actions.hand_over(
            by=request.user, pairings=chosen.filter(pk__in=[each.pk for each in rows]), **data
        ),
        title="移交专家",
        key="pairing",
    )


def _given(
    request: UserRequest,
    kind: str,
    rows: list[tuple[Any, ...]],
    act: Callable[[dict[str, Any]], int],
    **shown: str,
) -> HttpResponse:
    """The form that both acts share: to whom, from when, and about whom."""
    unit = lists.common_unit(request.user, {unit for _, _, unit, _ in rows})
    form = GiveForm(request.POST if request.method == "POST" else None, kind=kind, unit=unit)
    if request.method == "POST" and not rows:
        form.add_error(None, "没有选中专家，或已由别人办理。请回到名单重新勾选。")
    if form.is_valid():
        try:
            done = act(form.cleaned_data)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, f"已由{form.cleaned_data['person']}联系 {done} 名专家。")
            return redirect(f"{reverse('pairings:list')}?person={form.cleaned_data['person'].username}")
    context = shown | {"form": form, "rows": rows, "kind": kind, "is_full": len(rows) == lists.MOST_CHOSEN}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/pairing_form.html", context, status=status)


@require_GET
def of_expert(request: UserRequest, uuid: str) -> HttpResponse:
    """Who keeps in touch with one expert, for each roster in the user's reach, and who did before."""
    expert = open_expert(request, uuid)
    context = {
        "expert": expert,
        "places": lists.places_of(request.user, expert),
        "past": lists.past_of(request.user, expert),
    }
    return render(request, "activities/pairing_expert.html", context)
