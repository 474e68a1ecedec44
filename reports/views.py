"""Exports: asking for one, watching it being made, fetching it. Everybody sees their own only."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from accounts.requests import UserRequest, signed_in
from core.jobs import JobState
from core.paging import Order, page_by_key
from experts.models import ProposalKind
from experts.views.lookup import open_expert
from reports import actions
from reports.dashboard.forms import DashboardForm
from reports.forms import ExportForm
from reports.models import Export, Kind
from reports.sources import SOURCES, may_export
from reports.sources.overview import overview_query
from reports.sources.proposals import ProposalSource

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


@require_POST
def export_roster(request: HttpRequest, code: str) -> HttpResponse:
    """The roster of the day, units and scope that the page shows."""
    return _start(request, Kind.ROSTER, reverse("experts:roster", args=[code]), unit=code)


@require_POST
def export_changes(request: HttpRequest, code: str) -> HttpResponse:
    """What differs between the two days that the page compares."""
    return _start(request, Kind.CHANGES, reverse("experts:roster", args=[code]), unit=code)


@require_POST
def export_coverage(request: HttpRequest, code: str) -> HttpResponse:
    """The list behind a number of coverage that the page shows."""
    return _start(request, Kind.COVERAGE, reverse("coverage:unit", args=[code]), unit=code)


@require_POST
def export_card(request: UserRequest, uuid: UUID) -> HttpResponse:
    if SOURCES[Kind.CARD].is_open_to(signed_in(request)):
        open_expert(request, str(uuid))  # a restricted one is on the trail from here on
    return _start(request, Kind.CARD, reverse("experts:detail", args=[uuid]), about=str(uuid))


@require_POST
def export_brief(request: UserRequest, uuid: UUID) -> HttpResponse:
    if SOURCES[Kind.BRIEF].is_open_to(signed_in(request)):
        open_expert(request, str(uuid))
    return _start(request, Kind.BRIEF, reverse("contacts:brief", args=[uuid]), about=str(uuid))


@require_POST
def export_dashboard(request: HttpRequest) -> HttpResponse:
    """The tables of the dashboard, of the unit and period that the page shows."""
    user, back = signed_in(request), reverse("dashboard:home")
    if not SOURCES[Kind.DASHBOARD].is_open_to(user):
        raise PermissionDenied
    posted = request.POST.get("query", "")
    form = DashboardForm(user, QueryDict(posted))
    if not form.is_valid():
        messages.error(request, "请先改正页面上的单位和时段，再导出。")
        return redirect(f"{back}?{posted}")
    return _start(request, Kind.DASHBOARD, back, **overview_query(user, form))


@require_POST
def export_proposal(request: HttpRequest, uuid: UUID) -> HttpResponse:
    about = {"about": str(uuid)}
    proposal = ProposalSource(signed_in(request), QueryDict(urlencode(about))).proposal
    is_leaving = proposal is not None and proposal.kind == ProposalKind.EXIT
    kind = Kind.LEAVING if is_leaving else Kind.PROPOSAL
    return _start(request, kind, reverse("proposals:detail", args=[uuid]), **about)


@require_POST
def export_exit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return _start(request, Kind.EXIT, reverse("experts:exit", args=[uuid]), about=str(uuid))


def _start(request: HttpRequest, kind: Kind, back: str, **named: str) -> HttpResponse:
    """Begin an export and show its page; without a reason, back to the page that it was asked from. `named`
    is what the address says that it is of: 404 when the user does not see it."""
    user, source = signed_in(request), SOURCES[kind]
    if not source.is_open_to(user):
        raise PermissionDenied
    if not source(user, QueryDict(urlencode(named))).is_there():
        raise Http404
    form = ExportForm(request.POST, formats=source.formats)
    posted = QueryDict(request.POST.get("query", ""))
    if form.is_valid():
        try:
            query = source.asked(posted, **named)
        except ValidationError as problem:
            form.add_error(None, problem)
    if not form.errors:
        wish = {"reason": form.cleaned_data["reason"], "format": form.cleaned_data["format"]}
        return redirect("reports:detail", actions.start_export(by=user, kind=kind, query=query, **wish).uuid)
    for texts in form.errors.values():
        messages.error(request, str(texts[0]))
    return redirect(f"{back}?{posted.urlencode()}" if posted else back)


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
    """The file, if its owner may still have all that is in it; on the record before anything leaves."""
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
