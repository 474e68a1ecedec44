"""The calendar: month, week, list; what stands in the way of a plan."""

from datetime import date, time
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from activities.calendar.asking import MINE, UNIT, CalendarFilter
from activities.calendar.grid import View, days, following, preceding, weeks
from activities.calendar.sources import entries, kinds
from activities.conflicts import Plan, conflicts, mark_of, moving
from activities.finding import planned_near
from activities.models import Gathering
from core.paging import url_with
from experts.people import people_with
from experts.proposal_page import chosen_experts

MOST_ASKED = 50  # people or experts in one question
PEOPLE = ("people", "went", "went_more")  # as forms call those who go


@require_GET
def calendar(request: UserRequest) -> HttpResponse:
    """What the user may see of a month or a week: contacts, gatherings, what is due."""
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    chosen = CalendarFilter.read(params, user)
    found, cut = entries(user, chosen.asked, chosen.kinds)
    page = days(chosen.view, chosen.on, found)
    busy = [day for day in page if day.entries and not day.is_outside]
    context = {
        "filter": chosen,
        "today": timezone.localdate(),
        "weeks": weeks(page) if chosen.view != View.LIST else [],
        "busy": busy,
        "cut": cut,
        "kinds": kinds(),
        "scopes": {MINE: "我的", UNIT: "单位的"},
        "tabs": [
            {"label": label, "url": url_with(params, view=value), "active": value == chosen.view}
            for value, label in View.choices
        ],
        "previous_url": url_with(params, on=preceding(chosen.view, chosen.on).isoformat()),
        "next_url": url_with(params, on=following(chosen.view, chosen.on).isoformat()),
        "today_url": url_with(params, on=None),
        "may_change": user.may("change"),
    }
    return render(request, "activities/calendar.html", context)


@require_GET
def conflict_check(request: UserRequest) -> HttpResponse:
    """What stands in the way of what a form says so far; nothing while it says no day. Of a contact (`for`)
    also what is planned with its experts about that day."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    plan, near = _plan(request), []
    clashes = conflicts(user, plan) if plan else []
    is_contact = request.GET.get("for") == "contact"
    if plan and is_contact:
        near = planned_near(user, plan.experts, plan.on)
    context = {"clashes": clashes, "near": near, "seen": mark_of(clashes + near) if is_contact else ""}
    return render(request, "activities/conflicts.html", context)


def _plan(request: UserRequest) -> Plan | None:
    params = request.GET
    on = _read(date.fromisoformat, params, "on")
    if on is None:
        return None
    typed = (text for name in PEOPLE for text in params.getlist(name))
    names = [text.replace("\0", "") for text in typed]
    people = people_with("view").filter(username__in=names[:MOST_ASKED]) if names else []
    experts = [*params.getlist("expert"), *params.getlist("experts")]
    plan = Plan(
        on,
        _read(time.fromisoformat, params, "starts"),
        _read(time.fromisoformat, params, "ends"),
        tuple(people),
        tuple(chosen_experts(request.user, experts, MOST_ASKED)),
        (params.get("room") or params.get("venue") or "")[:120],
        _read(UUID, params, "but"),
    )
    moved = _read(UUID, params, "moves")
    gathering = Gathering.objects.changeable_by(request.user).filter(uuid=moved).first() if moved else None
    return moving(request.user, plan, gathering) if gathering else plan


def _read(kind: Any, params: QueryDict, name: str) -> Any:
    try:
        return kind(params.get(name, ""))
    except ValueError:
        return None
