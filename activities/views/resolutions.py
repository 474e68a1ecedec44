"""Resolutions of gatherings (议定事项, 二（一）): those that are open, and each until it is done."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import resolutions as actions
from activities.errors import AlreadyChanged
from activities.forms.resolutions import ChangeResolutionForm, ResolutionFilter, ResolutionForm, StepForm
from activities.gathering_page import tabs, with_due
from activities.models import Resolution, ResolutionNote
from activities.views.gatherings import opened, page, tried
from core.paging import Order, page_by_key, url_with
from experts.filters import chips
from experts.forms.proposals import refuse

PAGE_SIZE = 25
UNPROCESSABLE, CONFLICT = 422, 409
SOONEST_FIRST, LATEST_FIRST = Order(("due_on", "id")), Order(("due_on", "id"), descending=True)
LATE = "没有办成：这项议定事项刚被别人改过或办结。下面是现在的情况。"
DONE = {
    StepForm.PROGRESS: "已记下进展。",
    StepForm.FINISH: "已办结。",
    StepForm.REOPEN: "已退回重新办理。",
    StepForm.REMOVE: "已删除。",
}


@require_GET
def resolution_list(request: UserRequest) -> HttpResponse:
    """Those that are open, by when they are due; by the filter also others."""
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    filters = ResolutionFilter(params, Resolution.objects.visible_to(user), user=user)
    rows = filters.found.select_related("gathering__unit", "owner", "unit")
    order = LATEST_FIRST if params.get("state") in {"done", "all"} else SOONEST_FIRST
    found = page_by_key(rows, order, params, PAGE_SIZE)
    context = {
        "tabs": tabs("resolutions"),
        "page": found,
        "rows": with_due(found.rows),
        "filters": filters,
        "chips": list(chips(filters, params)),
        "previous_url": url_with(params, before=found.previous, after=None) if found.previous else "",
        "next_url": url_with(params, after=found.next, before=None) if found.next else "",
    }
    return render(request, "activities/resolution_list.html", context)


@require_POST
def resolution_add(request: UserRequest, uuid: str) -> HttpResponse:
    gathering, user = opened(request, uuid, to_change=True), request.user
    form = ResolutionForm(request.POST, user=user)
    if not form.is_valid():
        return page(request, gathering, status=UNPROCESSABLE, resolution_form=form)
    act = lambda: actions.add_resolution(by=user, gathering=gathering, **form.cleaned_data)  # noqa: E731
    return tried(request, gathering, form, act, "已记下，已通知责任人。", resolution_form=form)


def _opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> Resolution:
    """404 when invisible, 403 when it is not the user's to report on and meant `to_change`."""
    rows = Resolution.objects.visible_to(request.user)
    rows = rows.select_related("gathering__unit", "owner", "unit", "done_by")
    found = get_object_or_404(rows, uuid=uuid)
    if to_change and not _may_report(request, found):
        raise PermissionDenied
    return found


def _may_report(request: UserRequest, resolution: Resolution) -> bool:
    """As Resolution.objects.changeable_by, of a row at hand."""
    user, unit = request.user, resolution.unit
    ours = user.may("change", resolution.gathering.place)
    return ours or resolution.owner_id == user.pk or bool(unit and user.may("change", unit.order))


def _page(request: UserRequest, resolution: Resolution, *, status: int = 200, **more: Any) -> HttpResponse:
    keeps = request.user.may("change", resolution.gathering.place)
    (_, due, state), = with_due([resolution])  # fmt: skip
    context = {
        "resolution": resolution,
        "due": due,
        "due_state": state,
        "notes": ResolutionNote.objects.visible_to(request.user)
        .filter(resolution=resolution)
        .select_related("by"),
        "may_report": resolution.is_open and _may_report(request, resolution),
        "may_change": resolution.is_open and keeps,
        "may_reopen": not resolution.is_open and keeps,
        "form": StepForm(initial={"version": resolution.version}),
    }
    return render(request, "activities/resolution_detail.html", context | more, status=status)


@require_GET
def resolution_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _opened(request, uuid))


@require_http_methods(["GET", "POST"])
def resolution_edit(request: UserRequest, uuid: str) -> HttpResponse:
    resolution = _opened(request, uuid, to_change=True)
    if not request.user.may("change", resolution.gathering.place):
        raise PermissionDenied
    names = ("text", "owner", "unit", "due_on", "version")
    first = {name: getattr(resolution, name) for name in names}
    sent = request.POST if request.method == "POST" else None
    form = ChangeResolutionForm(sent, user=request.user, initial=first)
    if form.is_valid():
        facts = {name: form.cleaned_data[name] for name in names[:-1]}
        version = form.cleaned_data["version"]
        try:
            actions.change_resolution(by=request.user, resolution=resolution, version=version, facts=facts)
        except AlreadyChanged:
            return _page(request, _opened(request, uuid), status=CONFLICT, late=LATE)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存。")
            return redirect("gatherings:resolution", resolution.uuid)
    context = {"form": form, "resolution": resolution}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/resolution_form.html", context, status=status)


@require_POST
def resolution_step(request: UserRequest, uuid: str) -> HttpResponse:
    """Progress, done, reopened, removed."""
    resolution = _opened(request, uuid, to_change=True)
    form = StepForm(request.POST)
    if not form.is_valid():
        return _page(request, resolution, status=UNPROCESSABLE, form=form)
    step = form.cleaned_data["step"]
    try:
        _act(request, resolution, form.cleaned_data)[step]()
    except AlreadyChanged:
        return _page(request, _opened(request, uuid), status=CONFLICT, late=LATE)
    except ValidationError as problem:
        refuse(form, problem)
        return _page(request, resolution, status=UNPROCESSABLE, form=form)
    messages.success(request, DONE[step])
    if step == StepForm.REMOVE:
        return redirect("gatherings:detail", resolution.gathering.uuid)
    return redirect("gatherings:resolution", resolution.uuid)


def _act(request: UserRequest, resolution: Resolution, data: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    known: dict[str, Any] = {"by": request.user, "resolution": resolution}
    text, versioned = data["text"], known | {"version": data["version"]}
    return {
        StepForm.PROGRESS: lambda: actions.report_progress(text=text, **known),
        StepForm.FINISH: lambda: actions.finish_resolution(outcome=text, **versioned),
        StepForm.REOPEN: lambda: actions.reopen_resolution(reason=text, **versioned),
        StepForm.REMOVE: lambda: actions.remove_resolution(**versioned),
    }
