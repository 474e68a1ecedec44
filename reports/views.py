"""Exports: asking for one, watching it being made, fetching it. Everybody sees their own only."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from accounts.requests import signed_in
from core.jobs import JobState
from core.paging import Order, page_by_key
from experts.filters import saved_query
from reports import actions
from reports.forms import ExportForm
from reports.models import Export, Kind
from reports.sources import SOURCES, may_export

LIST_SIZE = 25
NEWEST = Order(("id",), descending=True)
PATIENCE = timedelta(minutes=2)  # after which a page offers to begin again
TONES = {JobState.DONE: "ok", JobState.FAILED: "bad", JobState.CANCELLED: "neutral"}


def _exporter(request: HttpRequest) -> User:
    """The user, if there is anything that they may export; 403 otherwise."""
    user = signed_in(request)
    if not may_export(user):
        raise PermissionDenied
    return user


def _export(user: User, uuid: str) -> Export:
    return get_object_or_404(Export.objects.visible_to(user).for_list(), uuid=uuid)


@require_GET
def export_list(request: HttpRequest) -> HttpResponse:
    user = _exporter(request)
    page = page_by_key(Export.objects.visible_to(user).for_list(), NEWEST, request.GET, LIST_SIZE)
    context = {
        "lines": [{"export": export, "standing": standing(export)} for export in page.rows],
        **page.urls(request.GET),
        "page_summary": f"最近的在前 · 每页 {LIST_SIZE} 份",
        "may_view": user.may("view"),
    }
    return render(request, "reports/export_list.html", context)


def standing(export: Export) -> dict[str, str]:
    """How an export stands, in a badge."""
    if export.job_state == JobState.DONE and not export.is_ready:
        return {"text": "文件已清除", "tone": "neutral"}
    state = JobState(export.job_state)
    return {"text": state.label, "tone": TONES.get(state, "info")}


@require_POST
def export_experts(request: HttpRequest) -> HttpResponse:
    return _start(request, Kind.EXPERTS, reverse("experts:list"))


@require_POST
def export_trail(request: HttpRequest) -> HttpResponse:
    return _start(request, Kind.TRAIL, reverse("audit:list"))


def _start(request: HttpRequest, kind: Kind, back: str) -> HttpResponse:
    """Begin an export and show its page; without a reason, back to the list that it was asked from."""
    user = signed_in(request)
    if not SOURCES[kind].is_open_to(user):
        raise PermissionDenied
    form = ExportForm(request.POST)
    if form.is_valid():
        query = saved_query(QueryDict(form.cleaned_data["query"]))
        export = actions.start_export(by=user, kind=kind, query=query, reason=form.cleaned_data["reason"])
        return redirect("reports:detail", export.uuid)
    for problem in form.errors.values():
        messages.error(request, str(problem[0]))
    return redirect(f"{back}?{QueryDict(request.POST.get('query', '')).urlencode()}")


@require_GET
def export_detail(request: HttpRequest, uuid: str) -> HttpResponse:
    export = _export(_exporter(request), uuid)
    context = _progress(export) | {
        "standing": standing(export),
        "ended_without": export.job_state in {JobState.FAILED, JobState.CANCELLED},
        "is_slow": export.is_active and export.requested_at < timezone.now() - PATIENCE,
    }
    return render(request, "reports/export_detail.html", context)


@require_GET
def export_progress(request: HttpRequest, uuid: str) -> HttpResponse:
    """How far the work is; asks the browser to load the page anew once it has ended."""
    export = _export(_exporter(request), uuid)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("reports:detail", export.uuid)
    if not export.is_active:
        return HttpResponseClientRefresh()
    return render(request, "reports/export_progress.html", _progress(export))


def _progress(export: Export) -> dict[str, Any]:
    waiting = export.job_state == JobState.WAITING
    return {"export": export, "doing": "排队等待处理" if waiting else "正在导出"}


@require_GET
def export_fetch(request: HttpRequest, uuid: str) -> HttpResponse | FileResponse:
    """The workbook, if its owner may still have all that is in it; on the record before anything leaves."""
    user = _exporter(request)
    export = _export(user, uuid)
    if not SOURCES[export.kind].is_open_to(user):
        raise PermissionDenied
    try:
        data = actions.hand_over(by=user, export=export)
    except actions.NoLongerVisible:
        actions.withdraw(by=user, export=export)
        return render(request, "reports/export_withdrawn.html", status=410)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return redirect("reports:detail", export.uuid)
    response = FileResponse(BytesIO(data), as_attachment=True, filename=export.file_name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def export_cancel(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _exporter(request)
    export = _export(user, uuid)
    return _act(request, export, lambda: actions.cancel(by=user, export=export), "已要求停止。")


@require_POST
def export_restart(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _exporter(request)
    export = _export(user, uuid)
    return _act(request, export, lambda: actions.restart(by=user, export=export), "已重新开始导出。")


def _act(request: HttpRequest, export: Export, act: Callable[[], None], done: str) -> HttpResponse:
    """Do it and go back to the page; what stands against it is said there."""
    try:
        act()
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, done)
    return redirect("reports:detail", export.uuid)


@require_POST
def export_delete(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _exporter(request)
    export = _export(user, uuid)
    try:
        actions.delete_export(by=user, export=export)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
        return redirect("reports:detail", export.uuid)
    messages.success(request, f"已删除导出 {export.number}。")
    return redirect("reports:list")
