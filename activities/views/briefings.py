"""Briefings 情况通报: their list, drafting, sending, acknowledging (二（一）, 四（一）)."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import briefings as actions
from activities.errors import AlreadyChanged
from activities.forms.briefings import BriefingForm
from activities.models import Briefing, BriefingExpert, BriefingFile, Receipt
from core.paging import Order, page_by_key, url_with
from experts.forms.changes import EvidenceForm
from experts.forms.proposals import refuse
from experts.proposal_page import chosen_experts
from experts.views.downloads import handed_over

PAGE_SIZE, MOST_EXPERTS = 25, 100
UNPROCESSABLE, CONFLICT = 422, 409
NEWEST_FIRST = Order(("id",), descending=True)
LATE = "没有办成：这份通报已经发送，不能再改。"


@require_GET
def briefing_list(request: UserRequest) -> HttpResponse:
    """Newest first; `show=unread` those that the user has not acknowledged."""
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    waiting = Receipt.objects.visible_to(user).filter(user=user).unread()
    only = params.get("show") == "unread"
    rows = Briefing.objects.visible_to(user).select_related("unit")
    rows = rows.filter(pk__in=waiting.values("briefing")) if only else rows
    page = page_by_key(rows.with_receipts(), NEWEST_FIRST, params, PAGE_SIZE)
    unread = set(waiting.values_list("briefing_id", flat=True))
    context = {
        "rows": [(each, each.pk in unread, user.may("change", each.place)) for each in page.rows],
        "tabs": [{"label": "全部", "url": "?", "active": not only},
                 {"label": "等我阅知", "url": "?show=unread", "active": only, "count": len(unread)}],
        "only_unread": only,
        "may_change": user.may("change"),
        "previous_url": url_with(params, before=page.previous, after=None) if page.previous else "",
        "next_url": url_with(params, after=page.next, before=None) if page.next else "",
    }  # fmt: skip
    return render(request, "activities/briefing_list.html", context)


@require_http_methods(["GET", "POST"])
def briefing_create(request: UserRequest) -> HttpResponse:
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else None
    chosen = chosen_experts(user, (sent or request.GET).getlist("expert"), MOST_EXPERTS)
    own = user.unit if user.unit and user.may("change", user.unit.order) else None
    form = BriefingForm(sent, user=user, experts=chosen, initial={"unit": own})
    if form.is_valid():
        data = form.cleaned_data
        try:
            briefing = actions.draft_briefing(
                by=user, unit=data["unit"], facts=form.facts(), units=data["units"], experts=chosen
            )
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已起草，还没有发送；附件在这里上传。")
            return redirect("briefings:detail", briefing.uuid)
    return _form(request, form)


def _form(request: UserRequest, form: BriefingForm, briefing: Briefing | None = None) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    context = {"form": form, "briefing": briefing}
    return render(request, "activities/briefing_form.html", context, status=status)


def _opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> Briefing:
    rows = Briefing.objects.visible_to(request.user).select_related("unit", "created_by", "sent_by")
    briefing = get_object_or_404(rows, uuid=uuid)
    if to_change and not request.user.may("change", briefing.place):
        raise PermissionDenied
    return briefing


def _page(request: UserRequest, briefing: Briefing, *, status: int = 200, **more: Any) -> HttpResponse:
    """The briefing; to its keepers also who has read it, or whom sending it would tell."""
    user = request.user
    keeps = user.may("change", briefing.place)
    receipts = list(
        Receipt.objects.visible_to(user).filter(briefing=briefing).select_related("user__unit").order_by("id")
    )
    concerned = BriefingExpert.objects.visible_to(user).filter(briefing=briefing).select_related("expert")
    context = {
        "briefing": briefing,
        "files": BriefingFile.objects.visible_to(user).filter(briefing=briefing),
        "experts": [each.expert for each in concerned],
        "receipts": receipts if keeps else [],
        "unread": sum(each.read_at is None for each in receipts),
        "waits": any(each.user_id == user.pk and each.read_at is None for each in receipts),
        "people": actions.recipients(user, briefing) if keeps and briefing.is_draft else [],
        "may_write": keeps and briefing.is_draft,
        "may_remind": keeps and not briefing.is_draft,
        "upload": EvidenceForm(),
    }
    return render(request, "activities/briefing_detail.html", context | more, status=status)


@require_GET
def briefing_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _opened(request, uuid))


@require_http_methods(["GET", "POST"])
def briefing_edit(request: UserRequest, uuid: str) -> HttpResponse:
    briefing, user = _opened(request, uuid, to_change=True), request.user
    if not briefing.is_draft:
        return _page(request, briefing, late=LATE, status=CONFLICT)
    sent = request.POST if request.method == "POST" else None
    if sent is None:
        concerned = BriefingExpert.objects.visible_to(user).filter(briefing=briefing).select_related("expert")
        chosen = [each.expert for each in concerned]
    else:
        chosen = chosen_experts(user, sent.getlist("expert"), MOST_EXPERTS)
    form = BriefingForm(sent, user=user, briefing=briefing, experts=chosen)
    if form.is_valid():
        units = form.cleaned_data["units"]
        try:
            actions.change_briefing(
                by=user, briefing=briefing, facts=form.facts(), units=units, experts=chosen
            )
        except AlreadyChanged:
            return _page(request, _opened(request, uuid), late=LATE, status=CONFLICT)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存。")
            return redirect("briefings:detail", briefing.uuid)
    return _form(request, form, briefing)


@require_POST
def file_add(request: UserRequest, uuid: str) -> HttpResponse:
    briefing = _opened(request, uuid, to_change=True)
    form = EvidenceForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            actions.add_file(by=request.user, briefing=briefing, upload=upload, name=upload.name)
        except AlreadyChanged:
            return _page(request, briefing, late=LATE, status=CONFLICT)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已上传。")
            return redirect("briefings:detail", briefing.uuid)
    return _page(request, briefing, upload=form, status=UNPROCESSABLE)


def _file(request: UserRequest, briefing: Briefing, file: str) -> BriefingFile:
    rows = BriefingFile.objects.visible_to(request.user).filter(briefing=briefing)
    return get_object_or_404(rows.select_related("briefing"), uuid=file)


@require_GET
def file(request: UserRequest, uuid: str, file: str) -> FileResponse:
    """The file, on the record before anything leaves."""
    kept = _file(request, _opened(request, uuid), file)
    return handed_over(kept.name, lambda: actions.hand_over_file(by=request.user, file=kept))


@require_POST
def file_remove(request: UserRequest, uuid: str, file: str) -> HttpResponse:
    briefing = _opened(request, uuid, to_change=True)
    kept = _file(request, briefing, file)
    try:
        actions.remove_file(by=request.user, file=kept)
    except AlreadyChanged:
        return _page(request, briefing, late=LATE, status=CONFLICT)
    messages.success(request, "已删除这个文件。")
    return redirect("briefings:detail", briefing.uuid)


@require_POST
def briefing_send(request: UserRequest, uuid: str) -> HttpResponse:
    briefing = _opened(request, uuid, to_change=True)
    try:
        told = actions.send_briefing(by=request.user, briefing=briefing)
    except AlreadyChanged:
        return _page(request, _opened(request, uuid), late=LATE, status=CONFLICT)
    except ValidationError as problem:
        return _page(request, briefing, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, f"已发送给 {told} 人。")
    return redirect("briefings:detail", briefing.uuid)


@require_POST
def briefing_drop(request: UserRequest, uuid: str) -> HttpResponse:
    briefing = _opened(request, uuid, to_change=True)
    try:
        actions.drop_draft(by=request.user, briefing=briefing)
    except AlreadyChanged:
        return _page(request, _opened(request, uuid), late=LATE, status=CONFLICT)
    messages.success(request, "已删除草稿。")
    return redirect("briefings:list")


@require_POST
def briefing_acknowledge(request: UserRequest, uuid: str) -> HttpResponse:
    briefing = _opened(request, uuid)
    if actions.acknowledge(by=request.user, briefing=briefing):
        messages.success(request, "已记为阅知。")
    return redirect("briefings:detail", briefing.uuid)


@require_POST
def briefing_remind(request: UserRequest, uuid: str) -> HttpResponse:
    briefing = _opened(request, uuid, to_change=True)
    try:
        reminded = actions.remind_unread(by=request.user, briefing=briefing)
    except ValidationError as problem:
        return _page(request, briefing, late=problem.messages[0], status=UNPROCESSABLE)
    messages.success(request, f"已提醒 {reminded} 人。")
    return redirect("briefings:detail", briefing.uuid)
