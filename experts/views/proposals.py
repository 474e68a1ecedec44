"""Proposals: their list, beginning one, its page, its lines, and the acts on it (二（二）, 二（三）)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key, url_with
from core.requests import known_uuids
from experts.actions import proposal_jobs as jobs
from experts.actions import proposals as actions
from experts.errors import AlreadyDecided
from experts.filters import chips
from experts.finding import named
from experts.forms.proposals import (
    AllLinesForm,
    ExpertsForm,
    HeadForm,
    ProposalFilter,
    ProposalForm,
    StepForm,
    line_forms,
    refuse,
)
from experts.models import Expert, JobAct, Proposal, ProposalLine, ProposalStep
from experts.models.proposal import ProposalLineQuerySet
from experts.proposal_page import (
    LineFilter,
    chosen_experts,
    context_of,
    is_written_by,
    may_act,
    tone_of,
)
from experts.roster import unfit

PAGE_SIZE = 25
MOST_CHOSEN = 50  # experts that come along in an address
LINES_AT_ONCE = 100
OPTIONS_SHOWN = 20
UNPROCESSABLE, CONFLICT = 422, 409
DEFAULT_SORT = "-drafted"
ORDERS = {
    "-drafted": Order(("id",), descending=True),
    "drafted": Order(("id",)),
    "-day": Order(("effective_on", "id"), descending=True),
    "day": Order(("effective_on", "id")),
}
BEGUN = "人数较多，已交后台办理，进度在本页显示。"
DONE = {
    ProposalStep.SUBMIT.value: "已提交，等待审核。",
    ProposalStep.REVIEW.value: "已审核。",
    ProposalStep.APPROVE.value: "已批准，名单已更新。",
    ProposalStep.RETURN.value: "已退回，由提交人修改后重新提交。",
    ProposalStep.WITHDRAW.value: "已撤回。",
}


@require_GET
def proposal_list(request: UserRequest) -> HttpResponse:
    user, params = request.user, request.GET
    if not user.may("view"):
        raise PermissionDenied
    filters = ProposalFilter(params, Proposal.objects.visible_to(user), user=user)
    found = filters.qs if filters.form.is_valid() else filters.queryset.none()
    sort = params.get("sort", "")
    sort = sort if sort in ORDERS else DEFAULT_SORT
    page = page_by_key(found.for_list(), ORDERS[sort], params, PAGE_SIZE)
    sizes = ProposalLine.objects.visible_to(user).sizes(page.rows)
    context = {
        "page": page,
        "rows": [(each, sizes.get(each.pk, 0), tone_of(each)) for each in page.rows],
        "filters": filters,
        "chips": list(chips(filters, params)),
        "sort": params.get("sort", ""),
        "sorts": {key: _sort_link(params, sort, key) for key in ("drafted", "day")},
        "may_change": user.may("change"),
        **page.urls(params),
    }
    return render(request, "experts/proposal_list.html", context)


def _sort_link(params: Any, current: str, key: str) -> dict[str, str]:
    is_current = current.lstrip("-") == key
    wanted = key if current == f"-{key}" else f"-{key}"
    direction = ("desc" if current.startswith("-") else "asc") if is_current else ""
    return {"url": url_with(params, sort=wanted), "direction": direction}


@require_GET
def experts(request: UserRequest) -> HttpResponse:
    """Visible living experts for a picker, as JSON, by name, pinyin, initials, employer or record number."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    found: list[Expert] = []
    if text and request.user.may("change"):
        living = lambda experts: experts.filter(died_on__isnull=True)  # noqa: E731
        found = named(request.user, text, living).first(["sort_key"], OPTIONS_SHOWN)
    rows = [
        {"value": str(each.uuid), "text": each.name, "detail": f"{each.employer} · {each.unit.short_name}"}
        for each in found
    ]
    return JsonResponse({"results": rows})


@require_http_methods(["GET", "POST"])
def proposal_create(request: UserRequest) -> HttpResponse:
    """Begin a proposal, of the experts that `expert` names; those whom it cannot be about are named."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    chosen = chosen_experts(user, sent.getlist("expert"), MOST_CHOSEN)
    form = ProposalForm(
        request.POST if request.method == "POST" else None,
        user=user,
        wanted=sent.get("unit") or _unit_of(user, chosen),
        initial={"kind": sent.get("kind", "")},
    )
    if form.is_valid():
        data = form.cleaned_data
        outside = unfit(data["kind"], data["unit"], chosen)
        kept = [each for each in chosen if each not in {expert for expert, _ in outside}]
        try:
            proposal = actions.draft_proposal(by=user, experts=kept, **data)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            _name(request, outside)
            return redirect("proposals:detail", proposal.uuid)
    context = {"form": form, "experts": chosen, "today": timezone.localdate()}
    return render(
        request, "experts/proposal_form.html", context, status=UNPROCESSABLE if form.errors else 200
    )


def _unit_of(user: User, chosen: list[Expert]) -> str:
    """The unit that manages all of them, if the user keeps it; else the user's own."""
    units = {each.unit for each in chosen}
    if len(units) == 1 and user.may("change", next(iter(units)).order):
        return next(iter(units)).code
    return user.unit.code if user.unit else ""


def _name(request: UserRequest, outside: list[tuple[Expert, str]]) -> None:
    """Say who was left out, and why."""
    if outside:
        named_ones = "；".join(f"{expert.name}：{why}" for expert, why in outside)
        messages.warning(request, f"没有加入的专家——{named_ones}。")


def opened(request: UserRequest, uuid: str, *, to_change: bool = False) -> Proposal:
    """The proposal that an address names; 404 when invisible, 403 when read-only and meant `to_change`."""
    visible = Proposal.objects.visible_to(request.user).for_list()
    proposal = get_object_or_404(visible, uuid=uuid)
    if to_change and not request.user.may("change", proposal.place):
        raise PermissionDenied
    return proposal


def page_of(request: UserRequest, proposal: Proposal, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = context_of(request.user, proposal, request.GET, **forms)
    return render(request, "experts/proposal_detail.html", context, status=status)


def _late(request: UserRequest, proposal: Proposal) -> HttpResponse:
    """Somebody was faster: the page as it stands now says by whom and when."""
    current = opened(request, str(proposal.uuid))
    context = context_of(request.user, current, request.GET) | {"late": True}
    return render(request, "experts/proposal_detail.html", context, status=CONFLICT)


def tried(
    request: UserRequest, proposal: Proposal, form: Any, act: Callable[[], Any], done: str, **forms: Any
) -> HttpResponse:
    """Do it and go back to the page; what stands against it is said there. With the last of those whom the
    user saw in it leaving their units' rosters, the page is no longer theirs: then to the list."""
    try:
        act()
    except AlreadyDecided:
        return _late(request, proposal)
    except ValidationError as problem:
        refuse(form, problem)
        return page_of(request, proposal, status=UNPROCESSABLE, **forms)
    if done:
        messages.success(request, done)
    if not Proposal.objects.visible_to(request.user).filter(pk=proposal.pk).exists():
        return redirect("proposals:list")
    return redirect("proposals:detail", proposal.uuid)


@require_GET
def proposal_detail(request: UserRequest, uuid: str) -> HttpResponse:
    return page_of(request, opened(request, uuid))


@require_http_methods(["GET", "POST"])
def proposal_edit(request: UserRequest, uuid: str) -> HttpResponse:
    """The day and the words of a proposal that is being written."""
    proposal = opened(request, uuid, to_change=True)
    if not is_written_by(request.user, proposal):
        return _late(request, proposal)
    initial = {"effective_on": proposal.effective_on, "note": proposal.note}
    form = HeadForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            actions.change_head(by=request.user, proposal=proposal, **form.cleaned_data)
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已保存。")
            return redirect("proposals:detail", proposal.uuid)
    context = {"form": form, "proposal": proposal}
    return render(
        request, "experts/proposal_form.html", context, status=UNPROCESSABLE if form.errors else 200
    )


@require_POST
def proposal_act(request: UserRequest, uuid: str) -> HttpResponse:
    """Submit, review, approve, return or withdraw."""
    proposal, user = opened(request, uuid), request.user
    if not may_act(user, proposal):
        raise PermissionDenied
    form = StepForm(request.POST)
    if not form.is_valid():
        return page_of(request, proposal, status=UNPROCESSABLE, step_form=form)
    step, note = form.cleaned_data["step"], form.cleaned_data["note"]
    if step == ProposalStep.SUBMIT and (stopped := _saved_first(request, proposal)):
        return stopped
    if step in JobAct and jobs.is_large(ProposalLine.objects.visible_to(user).filter(proposal=proposal)):
        begin = lambda: jobs.begin(by=user, proposal=proposal, act=JobAct(step), note=note)  # noqa: E731
        return tried(request, proposal, form, begin, BEGUN, step_form=form)
    act = lambda: form.act(by=user, proposal=proposal)  # noqa: E731
    return tried(request, proposal, form, act, DONE[step], step_form=form)


@require_POST
def proposal_add(request: UserRequest, uuid: str) -> HttpResponse:
    """Add the experts that `expert` names; those whom the proposal cannot be about are named."""
    proposal, user = opened(request, uuid, to_change=True), request.user
    form = ExpertsForm(request.POST)
    if not form.is_valid():
        return page_of(request, proposal, status=UNPROCESSABLE, experts_form=form)
    chosen = chosen_experts(user, form.cleaned_data["expert"], LINES_AT_ONCE)
    outside = unfit(proposal.kind, proposal.unit, chosen)
    kept = [each for each in chosen if each not in {expert for expert, _ in outside}]
    answer = tried(
        request,
        proposal,
        form,
        lambda: actions.add_lines(by=user, proposal=proposal, experts=kept),
        f"已添加 {len(kept)} 人。" if kept else "",
        experts_form=form,
    )
    _name(request, outside)
    return answer


def _saved(request: UserRequest, proposal: Proposal) -> tuple[list[Any], int]:
    """Save the lines that `line` names and that were changed: their forms, and how many were saved."""
    user = request.user
    keys = known_uuids(request.POST.getlist("line"))[:LINES_AT_ONCE]
    lines = ProposalLine.objects.visible_to(user).filter(proposal=proposal, uuid__in=keys)
    forms = line_forms(lines.select_related("expert__unit").order_by("id"), proposal.kind, request.POST)
    saved = 0
    for form in forms:
        if form.is_valid() and form.has_changed():
            try:
                actions.change_line(by=user, line=form.instance, **form.facts())
            except ValidationError as problem:
                refuse(form, problem)
            else:
                saved += 1
    return forms, saved


def _saved_first(request: UserRequest, proposal: Proposal) -> HttpResponse | None:
    """Save the lines that come with a submission (保存并提交); the page if one of them cannot be saved."""
    if not is_written_by(request.user, proposal):
        return None
    try:
        forms, _ = _saved(request, proposal)
    except AlreadyDecided:
        return _late(request, proposal)
    if any(form.errors for form in forms):
        return page_of(request, proposal, status=UNPROCESSABLE, lines=forms)
    return None


def _back(request: UserRequest, proposal: Proposal) -> HttpResponse:
    """To the page, with the filter of lines that was in force."""
    query = QueryDict(request.POST.get("query", "")[:500])
    kept = QueryDict(mutable=True)
    for name in ("q", "show"):
        if query.get(name):
            kept[name] = query[name]
    url = reverse("proposals:detail", args=[proposal.uuid])
    return redirect(f"{url}?{kept.urlencode()}" if kept else url)


@require_POST
def proposal_lines(request: UserRequest, uuid: str) -> HttpResponse:
    """Save the lines of one page; with `apply` then set the same for those that are ticked, with `remove`
    take those out."""
    proposal, user = opened(request, uuid, to_change=True), request.user
    if not is_written_by(user, proposal):
        return _late(request, proposal)
    try:
        forms, saved = _saved(request, proposal)
        if any(form.errors for form in forms):
            return page_of(request, proposal, status=UNPROCESSABLE, lines=forms)
        ticked = ProposalLine.objects.visible_to(user).filter(
            proposal=proposal, uuid__in=known_uuids(request.POST.getlist("chosen"))[:LINES_AT_ONCE]
        )
        if "remove" in request.POST:
            removed = actions.remove_lines(by=user, proposal=proposal, lines=ticked)
            messages.success(request, f"已移出 {removed} 人。")
        elif "apply" in request.POST:
            return _applied(request, proposal, ticked)
        else:
            messages.success(request, f"已保存 {saved} 人。" if saved else "没有改动。")
    except AlreadyDecided:
        return _late(request, proposal)
    return _back(request, proposal)


def _applied(
    request: UserRequest, proposal: Proposal, lines: ProposalLineQuerySet, query: str = ""
) -> HttpResponse:
    """Set the same for these lines; many, which `query` names, by a worker."""
    form = AllLinesForm(request.POST, kind=proposal.kind)
    if not form.is_valid():
        return page_of(request, proposal, status=UNPROCESSABLE, all_form=form)
    try:
        if jobs.is_large(lines):
            asked = {"query": query, "facts": form.facts()}
            jobs.begin(by=request.user, proposal=proposal, act=JobAct.FILL, **asked)
            messages.success(request, BEGUN)
            return _back(request, proposal)
        done = actions.change_lines(by=request.user, proposal=proposal, lines=lines, **form.facts())
    except AlreadyDecided:
        return _late(request, proposal)
    except ValidationError as problem:
        refuse(form, problem)
        return page_of(request, proposal, status=UNPROCESSABLE, all_form=form)
    messages.success(request, f"已应用到 {done} 人。")
    return _back(request, proposal)


@require_POST
def proposal_all(request: UserRequest, uuid: str) -> HttpResponse:
    """The same for every line, or for those that the filter in `query` leaves."""
    proposal = opened(request, uuid, to_change=True)
    query = request.POST.get("query", "")[:500]
    lines = LineFilter.read(QueryDict(query)).lines(request.user, proposal)
    return _applied(request, proposal, lines, query)


@require_POST
def proposal_remove(request: UserRequest, uuid: str, line: str) -> HttpResponse:
    proposal, user = opened(request, uuid, to_change=True), request.user
    visible = ProposalLine.objects.visible_to(user).filter(proposal=proposal)
    taken = get_object_or_404(visible.select_related("expert"), uuid=line)
    form = StepForm()
    act = lambda: actions.remove_lines(by=user, proposal=proposal, lines=visible.filter(pk=taken.pk))  # noqa: E731
    return tried(request, proposal, form, act, f"已移出“{taken.expert.name}”。", step_form=form)
