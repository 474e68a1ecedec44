"""Units' own priorities 联系重点 (二（二）): their list, one of them, stating one and ending it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit, User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts import priorities
from experts.actions import priorities as actions
from experts.filters import chosen_unit
from experts.forms.priorities import EndForm, PriorityForm, initial_of
from experts.forms.proposals import refuse
from experts.models import Priority, PriorityState
from experts.tasks import queue_priorities

PAGE_SIZE = 25
COUNT_LIMIT, NAMED = 1000, 20  # how many are counted, and how many named
UNPROCESSABLE = 422
NEWEST_FIRST = Order(("id",), descending=True)
TONES = {PriorityState.IN_FORCE: "ok", PriorityState.COMING: "info", PriorityState.ENDED: "neutral"}


def _unit(request: UserRequest) -> Unit:
    """The unit of the address, else the user's own; 404 when the user may not look at it."""
    user = request.user
    if not user.may("view"):
        raise PermissionDenied
    asked = request.GET.get("unit", "")
    unit = chosen_unit(user, asked) if asked else user.unit
    if unit is None or not user.may("view", unit.order):
        raise Http404
    return unit


@require_GET
def priority_list(request: UserRequest) -> HttpResponse:
    """What the roster of a unit goes by: its own priorities and those of units above for it; on request those
    of the units below, and what has ended."""
    unit, params = _unit(request), request.GET
    shown = {name: params.get(name) == "yes" for name in ("below", "ended")}
    seen = Priority.objects.visible_to(request.user)
    wanted = Q(pk__in=seen.applying_to(unit).order_by().values("pk"))
    if shown["below"]:
        wanted |= Q(place__range=(unit.order, unit.order_end))
    found = seen.filter(wanted)
    if not shown["ended"]:
        found = found.not_ended(timezone.localdate())
    page = page_by_key(found, NEWEST_FIRST, params, PAGE_SIZE)
    context = shown | {
        "page": page,
        "unit": unit,
        "rows": [_row(each, unit) for each in page.rows],
        "may_state": request.user.may("approve", unit.order),
        **page.urls(params),
    }
    return render(request, "experts/priority_list.html", context)


def _row(priority: Priority, unit: Unit) -> dict[str, Any]:
    return {
        "priority": priority,
        "terms": priorities.terms(priority),
        "is_own": priority.unit_id == unit.pk,
        "tone": TONES[priority.state],
    }


def _concerned(user: User, priority: Priority) -> dict[str, Any]:
    """How many of those whom the user sees it concerns, and the first by name."""
    found = priorities.whom(user, priority)
    people = found.first(["sort_key"], NAMED)
    seen = found.count_up_to(COUNT_LIMIT + 1) if len(people) == NAMED else len(people)
    return {"people": people, "count": min(seen, COUNT_LIMIT), "exact": seen <= COUNT_LIMIT}


def _opened(request: UserRequest, uuid: str) -> Priority:
    return get_object_or_404(Priority.objects.visible_to(request.user), uuid=uuid)


def _page(request: UserRequest, priority: Priority, form: EndForm) -> HttpResponse:
    context = _concerned(request.user, priority) | {
        "priority": priority,
        "terms": priorities.terms(priority),
        "tone": TONES[priority.state],
        "may_end": request.user.may("approve", priority.place) and priority.state != PriorityState.ENDED,
        "may_state": request.user.may("approve", priority.place),
        "form": form,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "experts/priority_detail.html", context, status=status)


@require_GET
def priority_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _opened(request, uuid), EndForm())


@require_http_methods(["GET", "POST"])
def priority_new(request: UserRequest) -> HttpResponse:
    """State a priority: first it is shown whom it concerns, then it is saved. `like` names one to begin
    with."""
    user = request.user
    if not user.may("approve"):
        raise PermissionDenied
    form = PriorityForm(
        request.POST if request.method == "POST" else None,
        user=user,
        wanted=request.GET.get("unit") or (user.unit.code if user.unit else ""),
        initial=_like(user, request.GET.get("like", "")),
    )
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        if form.cleaned_data["confirmed"] == form.digest():
            try:
                stated = actions.state_priority(by=user, **form.facts())
            except ValidationError as problem:
                refuse(form, problem)
            else:
                queue_priorities()
                messages.success(request, f"已设立联系重点“{stated.name}”。")
                return redirect("experts:priority", stated.uuid)
        else:
            draft = form.draft()
            context |= {"digest": form.digest(), "draft": draft, "terms": priorities.terms(draft)}
            context |= _concerned(user, draft)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "experts/priority_form.html", context, status=status)


def _like(user: User, number: str) -> dict[str, Any]:
    """The facts of the priority of this number, if the user sees it."""
    found = Priority.objects.visible_to(user).filter(number=number.replace("\0", "")).first()
    return initial_of(found) if found else {}


@require_POST
def priority_end(request: UserRequest, uuid: str) -> HttpResponse:
    priority = _opened(request, uuid)
    if not request.user.may("approve", priority.place):
        raise PermissionDenied
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            actions.end_priority(by=request.user, priority=priority, **form.cleaned_data)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            queue_priorities()
            messages.success(request, "已记下最后一天。")
            return redirect("experts:priority", priority.uuid)
    return _page(request, priority, form)
