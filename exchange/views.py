"""The import wizard: upload, columns, check, preview, commit. One page shows where an import stands."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.models import User
from accounts.requests import signed_in
from audit.actions import record
from audit.verbs import Verb
from core.jobs import JobState
from core.paging import Order, Page, page_by_key
from exchange import actions, presenting
from exchange.forms import AwardsForm, ColumnsForm, FixForm, UploadForm
from exchange.models import RosterImport, RosterRow, RowState, Stage
from exchange.pipeline.source import samples_of
from exchange.rows import content
from exchange.workbook import held_workbook
from experts.models import Proposal, ProposalState

LIST_SIZE = 25
PAGE_SIZE = 25
NEWEST = Order(("id",), descending=True)
BY_NUMBER = Order(("number",))
MENDING = "改正名册中待处理的行"
GONE = "这次导入的文件和预览已按规定清除，请重新上传名册。"


def _importer(request: HttpRequest) -> User:
    """The user, if they may change experts anywhere; 403 otherwise."""
    user = signed_in(request)
    if not user.may("change"):
        raise PermissionDenied
    return user


def _roster(user: User, uuid: str) -> RosterImport:
    rosters = RosterImport.objects.visible_to(user).select_related("unit", "uploaded_by")
    return get_object_or_404(rosters, uuid=uuid)


@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    user = _importer(request)
    rosters = RosterImport.objects.visible_to(user).select_related("unit", "uploaded_by")
    page = page_by_key(rosters, NEWEST, request.GET, LIST_SIZE)
    lines = [
        {"roster": each, "standing": presenting.standing(each), "summary": presenting.summary(each.counts)}
        for each in page.rows
    ]
    context = {
        "lines": lines,
        **page.urls(request.GET),
        "page_summary": f"最近的在前 · 每页 {LIST_SIZE} 份",
    }
    return render(request, "exchange/import_list.html", context)


@require_http_methods(["GET", "POST"])
def import_create(request: HttpRequest) -> HttpResponse:
    user = _importer(request)
    form = UploadForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            roster = actions.start_import(by=user, unit=data["unit"], upload=data["file"])
        except ValidationError as problem:
            form.add_error("file", ValidationError(problem.messages))
        else:
            return redirect("exchange:detail", roster.uuid)
    context = {"form": form, "steps": presenting.STEPS}
    return render(request, "exchange/import_create.html", context)


@require_GET
def import_detail(request: HttpRequest, uuid: str) -> HttpResponse:
    """The step that an import is at; `columns=again` goes back to the columns from the preview."""
    user = _importer(request)
    return _page(request, user, _roster(user, uuid))


@require_GET
def import_progress(request: HttpRequest, uuid: str) -> HttpResponse:
    """How far the work is; asks the browser to load the page anew once it has ended."""
    user = _importer(request)
    roster = _roster(user, uuid)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("exchange:detail", roster.uuid)
    if not roster.is_active:
        return HttpResponseClientRefresh()
    return render(request, "exchange/import_progress.html", _progress(roster))


def _progress(roster: RosterImport) -> dict[str, Any]:
    waiting = roster.job_state == JobState.WAITING
    return {
        "roster": roster,
        "doing": "排队等待处理" if waiting else presenting.DOING.get(Stage(roster.stage), "处理中"),
        "so_far": f"已处理 {roster.job_done:,} 行" if roster.job_done and not roster.job_total else "",
    }


def _page(
    request: HttpRequest,
    user: User,
    roster: RosterImport,
    *,
    columns_form: ColumnsForm | None = None,
    row: RosterRow | None = None,
    bound: FixForm | AwardsForm | None = None,
) -> HttpResponse:
    """The wizard at its step. A form that was refused comes back bound, the row it is for first."""
    context = _progress(roster) | {
        "steps": presenting.STEPS,
        "step": presenting.step_of(roster),
        "error": roster.job_error if roster.job_state == JobState.FAILED else "",
        "stopped": roster.job_error if roster.job_state == JobState.CANCELLED else "",
    }
    template = "exchange/import_detail.html"
    if roster.is_active:
        return render(request, template, context | {"part": "progress"})
    if roster.stage == Stage.COMMITTED:
        return render(request, template, context | {"part": "done"} | _done(user, roster))
    if not roster.stored_as:
        return render(request, template, context | {"part": "stopped", "error": GONE})
    if roster.stage == Stage.PREVIEW and "columns" not in request.GET and not columns_form:
        context |= {"part": "preview"} | _preview(request, user, roster, row, bound)
    elif roster.stage in {Stage.MAPPING, Stage.PREVIEW}:
        context |= {"part": "columns", "step": 2} | _mapping(roster, columns_form)
    else:
        context["part"] = "stopped"
    return render(request, template, context)


def _chosen(roster: RosterImport) -> dict[int, str]:
    return {int(index): key for index, key in roster.layout.get("columns", {}).items()}


def _mapping(roster: RosterImport, form: ColumnsForm | None) -> dict[str, Any]:
    samples, chosen = samples_of(roster), _chosen(roster)
    form = form or ColumnsForm(headers=presenting.headers(roster, samples), chosen=chosen)
    return {"form": form, "rows": presenting.column_rows(form, samples, chosen)}


def _rows(request: HttpRequest, user: User, roster: RosterImport, show: str) -> Page[RosterRow]:
    rows = RosterRow.objects.visible_to(user).filter(roster=roster)
    if show:
        rows = rows.filter(**presenting.SHOWS[show][1])
    return page_by_key(rows, BY_NUMBER, request.GET, PAGE_SIZE)


def _preview(
    request: HttpRequest,
    user: User,
    roster: RosterImport,
    row: RosterRow | None,
    bound: FixForm | AwardsForm | None,
) -> dict[str, Any]:
    params, counts = request.GET, roster.counts
    show = request.POST.get("show") or params.get("show", "")
    show = show if show in presenting.SHOWS else ""
    page = Page([row], None, None) if row else _rows(request, user, roster, show)
    forms = {row.number: bound} if row and bound else {}
    writes = counts.get("create", 0) + counts.get("update", 0)
    views = list(presenting.row_views(roster, page.rows, forms))
    if revealed := presenting.revealed(views):  # on the record before it is shown
        reference = str(roster.uuid)
        record(Verb.REVEAL, by=user, kind="roster", reference=reference, fields=revealed, reason=MENDING)
    return {
        "counts": counts,
        "tiles": presenting.tiles(roster, show),
        "show": show,
        "show_label": presenting.SHOWS[show][0] if show else "全部",
        "views": views,
        **page.urls(params),
        "page_summary": f"按名册行号排列 · 每页 {PAGE_SIZE} 行",
        "writes": writes,
        "commit_question": presenting.commit_question(counts),
        "held_url": presenting.detail_url(roster, RowState.HELD),
    }


def _done(user: User, roster: RosterImport) -> dict[str, Any]:
    held = RosterRow.objects.visible_to(user).filter(roster=roster, state=RowState.HELD)
    proposal = Proposal.objects.visible_to(user).filter(pk=roster.proposal_id or 0).first()
    may_propose = proposal is None or proposal.state == ProposalState.WITHDRAWN
    return {
        "counts": roster.counts,
        "has_held_rows": held.exists(),
        "proposal": proposal,
        "admission": presenting.admission(user, roster) if roster.stored_as and may_propose else None,
    }


@require_POST
def import_columns(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _importer(request)
    roster = _roster(user, uuid)
    if not roster.layout or not roster.stored_as:
        messages.error(request, GONE)
        return redirect("exchange:detail", roster.uuid)
    headers = presenting.headers(roster, samples_of(roster))
    form = ColumnsForm(request.POST, headers=headers, chosen=_chosen(roster))
    if not form.is_valid() and _can_show(roster, Stage.MAPPING, Stage.PREVIEW):
        return _page(request, user, roster, columns_form=form)
    return _act(request, roster, lambda: actions.set_columns(by=user, roster=roster, columns=form.columns()))


def _can_show(roster: RosterImport, *stages: Stage) -> bool:
    return not roster.is_active and roster.stage in stages


def _act(request: HttpRequest, roster: RosterImport, act: Callable[[], None], done: str = "") -> HttpResponse:
    """Do it and go back to the page; what stands against it is said there."""
    try:
        act()
    except ValidationError as problem:
        messages.error(request, "；".join(problem.messages))
    else:
        if done:
            messages.success(request, done)
    return redirect(presenting.detail_url(roster, request.POST.get("show", "")))


def _held_row(user: User, roster: RosterImport, number: int) -> RosterRow | None:
    rows = RosterRow.objects.visible_to(user).filter(roster=roster, number=number, state=RowState.HELD)
    row = rows.first()
    if row:
        row.roster = roster
    return row


def _mend(
    request: HttpRequest, uuid: str, number: int, read: Callable[[RosterRow], FixForm | AwardsForm | str]
) -> HttpResponse:
    """Read a form for a held row; the form when it was refused, a sentence when the act could not be done."""
    user = _importer(request)
    roster = _roster(user, uuid)
    row = _held_row(user, roster, number) if _can_show(roster, Stage.PREVIEW) else None
    if row is None:
        messages.error(request, "名册正在处理，或这一行已经处理过了。请核对现在的内容后再改。")
        return redirect(presenting.detail_url(roster, request.POST.get("show", "")))
    outcome = read(row)
    if not isinstance(outcome, str):
        return _page(request, user, roster, row=row, bound=outcome)
    if outcome:
        messages.error(request, outcome)
    return redirect(presenting.detail_url(roster, request.POST.get("show", "")))


def _tried(act: Callable[[], None]) -> str:
    """What stands against an act, "" when it was done."""
    try:
        act()
    except ValidationError as problem:
        return "；".join(problem.messages)
    return ""


@require_POST
def row_fix(request: HttpRequest, uuid: str, number: int) -> HttpResponse:
    user = _importer(request)

    def read(row: RosterRow) -> FixForm | str:
        form = presenting.fix_form(content(row), number, request.POST)
        if not form.is_valid():
            return form
        if not (values := form.changes()):
            return f"第 {number} 行没有改动。"
        return _tried(lambda: actions.fix_row(by=user, roster=row.roster, number=number, values=values))

    return _mend(request, uuid, number, read)


@require_POST
def row_award(request: HttpRequest, uuid: str, number: int) -> HttpResponse:
    user = _importer(request)

    def read(row: RosterRow) -> AwardsForm | str:
        form = presenting.awards_form(content(row), number, request.POST)
        if not form.texts:
            return f"第 {number} 行没有目录以外的奖项。"
        if not form.is_valid():
            return form
        awards = form.awards()
        return _tried(lambda: actions.accept_award(by=user, roster=row.roster, number=number, awards=awards))

    return _mend(request, uuid, number, read)


@require_POST
def import_commit(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _importer(request)
    roster = _roster(user, uuid)
    counts = roster.counts
    if _can_show(roster, Stage.PREVIEW) and not counts.get("create", 0) + counts.get("update", 0):
        messages.error(request, "没有需要导入的内容。")
        return redirect("exchange:detail", roster.uuid)
    return _act(request, roster, lambda: actions.commit_import(by=user, roster=roster))


@require_POST
def import_cancel(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _importer(request)
    roster = _roster(user, uuid)
    act = lambda: actions.cancel(by=user, roster=roster)  # noqa: E731
    return _act(request, roster, act, done="已要求停止，正在收尾。")


@require_POST
def import_discard(request: HttpRequest, uuid: str) -> HttpResponse:
    user = _importer(request)
    roster = _roster(user, uuid)
    if problem := _tried(lambda: actions.discard(by=user, roster=roster)):
        messages.error(request, problem)
        return redirect("exchange:detail", roster.uuid)
    messages.success(request, f"已放弃导入“{roster.file_name}”，上传的文件和预览已删除。")
    return redirect("exchange:list")


@require_POST
def import_propose(request: HttpRequest, uuid: str) -> HttpResponse:
    """One proposal for everybody of the imported roster who is not on the unit's list yet (二（二）)."""
    user = _importer(request)
    roster = _roster(user, uuid)
    try:
        proposal = actions.propose_import(by=user, roster=roster)
    except ValidationError as problem:
        messages.error(request, "；".join(problem.messages))
    else:
        if proposal:
            messages.success(request, "已起草，请核对名单、确认基本条件后提交。")
            return redirect("proposals:detail", proposal.uuid)
    return redirect("exchange:detail", roster.uuid)


@require_GET
def held_rows(request: HttpRequest, uuid: str) -> HttpResponse | FileResponse:
    """The held rows as a workbook; on the record before anything leaves (二（二）)."""
    user = _importer(request)
    roster = _roster(user, uuid)
    rows = RosterRow.objects.visible_to(user).filter(roster=roster, state=RowState.HELD)
    count = rows.count() if _can_show(roster, Stage.PREVIEW, Stage.COMMITTED) else 0
    if not count:
        messages.error(request, "没有可以下载的待处理行。")
        return redirect("exchange:detail", roster.uuid)
    record(Verb.EXPORT, by=user, kind="roster", reference=str(roster.uuid), counts={"held": count})
    stem = roster.file_name.rsplit(".", 1)[0]
    response = FileResponse(held_workbook(roster, rows), as_attachment=True, filename=f"待处理行-{stem}.xlsx")
    response["Cache-Control"] = "private, no-store"
    return response
