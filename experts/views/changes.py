"""Changes of the five kinds (二（二）): reporting one, the list of those that wait, deciding."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from experts.actions import changes as actions
from experts.actions import evidence as evidence_actions
from experts.actions.transfers import Opened
from experts.changes import TONES, before_and_after, kinds_open_to, list_context, opened_by
from experts.enums import ChangeKind
from experts.errors import StaleSave
from experts.forms.changes import FORMS, DecideForm, EvidenceForm
from experts.models import ChangeReport, ChangeState, Evidence, EvidencePurpose, Expert
from experts.sensitive import MASK
from experts.views.lookup import open_expert

UNPROCESSABLE, CONFLICT = 422, 409
STALE = "这份档案刚被别人改过。下面是现在的资料，请看过后再核实。"
DONE = {
    ChangeState.EFFECTIVE: "已核实，变动已生效。",
    ChangeState.REFUSED: "已记为未予采纳。",
    ChangeState.WITHDRAWN: "已撤回。",
}


@require_GET
def changes(request: UserRequest) -> HttpResponse:
    """Reports that wait for the user; by the filter also others that they may change."""
    if not request.user.may("change"):
        raise PermissionDenied
    return render(request, "experts/change_list.html", list_context(request.user, request.GET))


@require_GET
def change_new(request: UserRequest, uuid: str) -> HttpResponse:
    """Which of the five kinds it is."""
    expert = open_expert(request, uuid, to_change=True)
    return render(request, "experts/change_new.html", {"expert": expert, "kinds": kinds_open_to(expert)})


@require_http_methods(["GET", "POST"])
def change_report(request: UserRequest, uuid: str, kind: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    if kind not in ChangeKind.values:
        raise Http404
    chosen = ChangeKind(kind)
    if chosen not in kinds_open_to(expert):
        raise PermissionDenied
    form = FORMS[chosen](request.POST if request.method == "POST" else None)
    if form.is_valid():
        report = actions.report_change(by=request.user, expert=expert, kind=chosen, facts=form.facts())
        messages.success(request, "已报送，由另一人核实后生效。有佐证材料的，请在这里上传。")
        return redirect("experts:change", report.uuid)
    context = {"form": form, "expert": expert, "kind": chosen}
    return render(request, "experts/change_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _report(request: UserRequest, uuid: str) -> ChangeReport:
    return get_object_or_404(ChangeReport.objects.visible_to(request.user).for_page(), uuid=uuid)


def _page(
    request: UserRequest,
    report: ChangeReport,
    expert: Expert,
    form: DecideForm | None = None,
    upload: EvidenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The report, with what the user may do about it."""
    waiting = report.is_waiting and expert.may_change
    own = report.reported_by_id == request.user.pk
    files = Evidence.objects.visible_to(request.user).of(EvidencePurpose.CHANGE, report.uuid)
    context = {
        "report": report,
        "expert": expert,
        "tone": TONES[ChangeState(report.state)],
        "files": files,
        "opened": opened_by(request.user, report),
        "rows": before_and_after(report, expert) if report.is_waiting else [],
        "mask": MASK,
        "form": form or DecideForm(),
        "upload": upload or EvidenceForm(),
        "may_decide": waiting and not own,
        "is_mine": waiting and own,
    }
    return render(request, "experts/change_detail.html", context, status=status)


@require_GET
def change(request: UserRequest, uuid: str) -> HttpResponse:
    report = _report(request, uuid)
    return _page(request, report, open_expert(request, str(report.expert.uuid)))


@require_POST
def change_decide(request: UserRequest, uuid: str) -> HttpResponse:
    """Verify, refuse or withdraw."""
    report = _report(request, uuid)
    expert = open_expert(request, str(report.expert.uuid), to_change=True)
    form = DecideForm(request.POST)
    if form.is_valid():
        try:
            said = _decide(request, report, form)
        except StaleSave:
            form.add_error(None, STALE)
            return _page(request, report, open_expert(request, str(expert.uuid)), form, status=CONFLICT)
        except ValidationError as problem:
            named = hasattr(problem, "error_dict") and "note" in problem.error_dict
            form.add_error("note" if named else None, problem.messages)
        else:
            messages.success(request, said)
            if opened_by(request.user, _report(request, uuid)):
                return redirect("experts:change", uuid)
            return redirect(reverse("experts:detail", args=[expert.uuid]) + "?tab=changes")
    return _page(request, _report(request, uuid), expert, form, status=UNPROCESSABLE)


def _decide(request: UserRequest, report: ChangeReport, form: DecideForm) -> str:
    """What was done, in words."""
    decision, by = form.cleaned_data["decision"], request.user
    if decision == ChangeState.EFFECTIVE:
        opened = actions.verify_change(by=by, report=report, version=form.cleaned_data["version"] or 0)
        return DONE[ChangeState.EFFECTIVE] + _opened_words(opened)
    if decision == ChangeState.REFUSED:
        actions.refuse_change(by=by, report=report, note=form.cleaned_data["note"])
    else:
        actions.withdraw_change(by=by, report=report)
    return DONE[ChangeState(decision)]


def _opened_words(opened: Opened) -> str:
    """What a transfer has opened; the page of the report leads to it."""
    said = ""
    if opened.proposal:
        said += f"已起草退出提案 {opened.proposal.number}，请核对后提交，或撤回。"
    if opened.takeover:
        said += f"已征询{opened.takeover.unit.short_name}是否接着联系。"
    return said


@require_http_methods(["GET", "POST"])
def change_reveal(request: UserRequest, uuid: str) -> HttpResponse:
    """What was reported of an illness: masked, asked for with a reason, shown for a minute."""
    report = _report(request, uuid)
    if not report.is_illness:
        raise Http404
    open_expert(request, str(report.expert.uuid))
    url = reverse("experts:change_reveal", args=[report.uuid])
    context = {"label": "伤病情况", "url": url, "value": MASK, "error": ""}
    if request.method == "GET":
        return render(request, "experts/sensitive_value.html#masked", context)
    if "reason" not in request.POST:
        return render(request, "experts/sensitive_value.html#ask", context)
    try:
        reason = request.POST["reason"][:200]
        context["value"] = actions.reveal_illness(by=request.user, report=report, reason=reason)
    except ValidationError as problem:
        context["error"] = problem.messages[0]
        return render(request, "experts/sensitive_value.html#ask", context, status=UNPROCESSABLE)
    response = render(request, "experts/sensitive_value.html#shown", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def change_evidence(request: UserRequest, uuid: str) -> HttpResponse:
    """Add a file; its reporter does, while the report waits."""
    report = _report(request, uuid)
    expert = open_expert(request, str(report.expert.uuid), to_change=True)
    if report.reported_by_id != request.user.pk:
        raise PermissionDenied
    form = EvidenceForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            evidence_actions.add_evidence(by=request.user, report=report, upload=upload, name=upload.name)
        except ValidationError as problem:
            form.add_error("file", problem.messages)
        else:
            messages.success(request, "已上传。")
            return redirect("experts:change", report.uuid)
    return _page(request, report, expert, upload=form, status=UNPROCESSABLE)
