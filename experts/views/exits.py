"""Mandatory exits (二（三）): the list of cases, registering one, its page and the acts on it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Unit, User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts.actions import evidence as evidence_actions
from experts.actions import exits as actions
from experts.forms.exits import (
    AskReviewForm,
    CheckExitForm,
    DecideExitForm,
    DecideReviewForm,
    PaperForm,
    RegisterExitForm,
    StatementForm,
    ToldForm,
)
from experts.models import (
    Evidence,
    EvidencePurpose,
    ExitState,
    ExitText,
    ExitTextKind,
    MandatoryExit,
)
from experts.models.exit import MandatoryExitQuerySet
from experts.sensitive import MASK
from experts.views.lookup import open_expert

PAGE_SIZE = 50
UNPROCESSABLE = 422
FIRST_DUE_FIRST = Order(("due_on", "id"))
DECIDED = (ExitState.APPROVED, ExitState.REFUSED, ExitState.REVERSED)
STATES = {
    "open": "办理中",
    "unchecked": "待审核",
    "checked": "待审批",
    "overdue": "逾期未办",
    **{state.value: state.label for state in DECIDED},
    "all": "全部",
}
STEPS = ["登记", "告知本人", "审核", "审批"]
FORMS: dict[str, type[forms.Form]] = {
    "told": ToldForm,
    "statement": StatementForm,
    "check": CheckExitForm,
    "decide": DecideExitForm,
    "paper": PaperForm,
    "review": AskReviewForm,
    "review_decide": DecideReviewForm,
}


@require_GET
def exits(request: UserRequest) -> HttpResponse:
    """Cases that the user may see, first due first; `state` is one of STATES, `unit` a code."""
    if not request.user.may("sensitive"):
        raise PermissionDenied
    state = request.GET.get("state", "")
    state = state if state in STATES else "open"
    found = _in_state(MandatoryExit.objects.visible_to(request.user), state)
    code = request.GET.get("unit", "").replace("\0", "")
    unit = Unit.objects.reached_by(request.user, "view").filter(code=code).first() if code else None
    if unit:
        found = found.within(unit)
    page = page_by_key(found.for_page(), FIRST_DUE_FIRST, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        "today": timezone.localdate(),
        "state": state,
        "states": STATES.items(),
        "unit": unit,
        **page.urls(request.GET),
    }
    return render(request, "experts/exit_list.html", context)


def _in_state(found: MandatoryExitQuerySet, state: str) -> MandatoryExitQuerySet:
    """Of the cases, those that one of STATES means."""
    if state in ExitState.values:
        return found.filter(state=state)
    narrowed = {
        "open": found.open,
        "unchecked": found.to_check,
        "checked": found.to_approve,
        "overdue": found.overdue,
    }
    return narrowed.get(state, found.all)()


@require_http_methods(["GET", "POST"])
def exit_register(request: UserRequest, uuid: str) -> HttpResponse:
    """Open a case about an expert; one that is pending already is shown instead."""
    expert = open_expert(request, uuid, to_change=True)
    if not expert.may_see_illness or expert.died_on:
        raise PermissionDenied
    waiting = MandatoryExit.objects.visible_to(request.user).filter(expert=expert, state=ExitState.PENDING)
    if case := waiting.first():
        return redirect("experts:exit", case.uuid)
    form = RegisterExitForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        known_on = form.cleaned_data["known_on"]
        try:
            case = actions.register_exit(
                by=request.user, expert=expert, known_on=known_on, texts=form.texts()
            )
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, f"已登记，须在 {case.due_on} 前办结。请先告知本人。")
            return redirect("experts:exit", case.uuid)
    context = {"form": form, "expert": expert}
    return render(request, "experts/exit_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _case(user: User, uuid: str) -> MandatoryExit:
    return get_object_or_404(MandatoryExit.objects.visible_to(user).for_page(), uuid=uuid)


@require_GET
def exit_case(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _case(request.user, uuid))


def _page(request: UserRequest, case: MandatoryExit, **filled: forms.Form) -> HttpResponse:
    """The case with the acts that are open to the user; `filled` is a form that was sent and refused."""
    user = request.user
    expert = open_expert(request, str(case.expert.uuid))
    held = set(ExitText.objects.visible_to(user).filter(case=case).values_list("kind", flat=True))
    context = {
        "case": case,
        "expert": expert,
        "today": timezone.localdate(),
        "texts": [_masked(case, kind) for kind in ExitTextKind if kind in held],
        "files": Evidence.objects.visible_to(user).of(EvidencePurpose.EXIT, case.uuid),
        "acts": _acts(user, case, expert.may_change, held),
        "steps": STEPS,
        "step": _step(case),
        "forms": {name: filled.get(name) or form() for name, form in FORMS.items()},
        "form": next(iter(filled.values()), None),
    }
    return render(request, "experts/exit_detail.html", context, status=UNPROCESSABLE if filled else 200)


def _step(case: MandatoryExit) -> int:
    """Which of the steps it stands at; one past the last when it is decided."""
    if not case.is_pending:
        return len(STEPS) + 1
    return 4 if case.is_heard and case.checked_by_id else 3 if case.is_heard else 2


def _masked(case: MandatoryExit, kind: ExitTextKind) -> dict[str, str]:
    url = reverse("experts:exit_reveal", args=[case.uuid, kind.value])
    return {"label": kind.label, "value": MASK, "url": url}


def _acts(user: User, case: MandatoryExit, may_change: bool, held: set[str]) -> set[str]:
    """Which forms the page offers."""
    found = set()
    decides = _decides(user, case)
    if case.is_pending and may_change:
        found |= set() if case.is_heard else {"told"}
        found |= set() if ExitTextKind.STATEMENT in held else {"statement"}
        if not case.checked_by_id and case.registered_by_id != user.pk:
            found.add("check")
    if case.is_open and may_change:
        found.add("paper")
    if case.is_pending and decides and user.pk not in {case.registered_by_id, case.checked_by_id}:
        found.add("decide")
    if case.state == ExitState.APPROVED and not case.review and may_change:
        found.add("review")
    if case.review == "asked" and decides and not actions.against_reviewing(user, case):
        found.add("review_decide")
    return found


def _decides(user: User, case: MandatoryExit) -> bool:
    return MandatoryExit.objects.visible_to(user).decidable_by(user).filter(pk=case.pk).exists()


def _act(
    request: UserRequest, uuid: str, name: str, do: Callable[..., Any], said: str, *, to_decide: bool = False
) -> HttpResponse:
    """Check the form called `name` and do with what it holds; refused, the page is shown with it."""
    case = _case(request.user, uuid)
    may = MandatoryExit.objects.changeable_by(request.user).filter(pk=case.pk).exists()
    if not may or (to_decide and not _decides(request.user, case)):
        raise PermissionDenied
    form = FORMS[name](request.POST, request.FILES)
    if form.is_valid():
        try:
            do(by=request.user, case=case, form=form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, said)
            return redirect("experts:exit", case.uuid)
    return _page(request, _case(request.user, uuid), **{name: form})


def _with_form(action: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the cleaned fields over by name."""
    return lambda *, by, case, form: action(by=by, case=case, **form)


def _decision(*, by: User, case: MandatoryExit, form: dict[str, Any]) -> None:
    act = actions.approve_exit if form["decision"] == "approve" else actions.refuse_exit
    act(by=by, case=case, opinion=form["opinion"])


@require_POST
def exit_told(request: UserRequest, uuid: str) -> HttpResponse:
    return _act(request, uuid, "told", _with_form(actions.note_told), "已记录告知情况。")


@require_POST
def exit_statement(request: UserRequest, uuid: str) -> HttpResponse:
    return _act(request, uuid, "statement", _with_form(actions.attach_statement), "已附本人申辩。")


def _paper(*, by: User, case: MandatoryExit, form: dict[str, Any]) -> None:
    upload = form["file"]
    evidence_actions.add_exit_paper(by=by, case=case, paper=form["paper"], upload=upload, name=upload.name)


@require_POST
def exit_paper(request: UserRequest, uuid: str) -> HttpResponse:
    """Add a file to a case that is open."""
    return _act(request, uuid, "paper", _paper, "已上传。")


@require_POST
def exit_check(request: UserRequest, uuid: str) -> HttpResponse:
    """The first level."""
    return _act(request, uuid, "check", _with_form(actions.check_exit), "已审核，等待负责人审批。")


@require_POST
def exit_decide(request: UserRequest, uuid: str) -> HttpResponse:
    """Approve or refuse."""
    return _act(request, uuid, "decide", _decision, "已办理。", to_decide=True)


@require_POST
def exit_review(request: UserRequest, uuid: str) -> HttpResponse:
    """Ask for a review."""
    return _act(request, uuid, "review", _with_form(actions.ask_review), "已申请复核，由另一位负责人办理。")


@require_POST
def exit_review_decide(request: UserRequest, uuid: str) -> HttpResponse:
    """Uphold or reverse."""
    done = _with_form(actions.decide_review)
    return _act(request, uuid, "review_decide", done, "复核已办理。", to_decide=True)


@require_http_methods(["GET", "POST"])
def exit_reveal(request: UserRequest, uuid: str, kind: str) -> HttpResponse:
    """GET gives the masked line back; POST without a reason asks for one, with a reason shows the text."""
    case = _case(request.user, uuid)
    open_expert(request, str(case.expert.uuid))
    if not ExitText.objects.visible_to(request.user).filter(case=case, kind=kind).exists():
        raise Http404
    context = _masked(case, ExitTextKind(kind)) | {"error": ""}
    show = partial(render, request)
    if request.method == "GET":
        return show("experts/sensitive_value.html#masked", context)
    if "reason" not in request.POST:
        return show("experts/sensitive_value.html#ask", context)
    try:
        context["value"] = actions.reveal_exit(
            by=request.user, case=case, kind=ExitTextKind(kind), reason=request.POST["reason"][:200]
        )
    except ValidationError as problem:
        context["error"] = problem.messages[0]
        return show("experts/sensitive_value.html#ask", context, status=UNPROCESSABLE)
    response = show("experts/sensitive_value.html#shown", context)
    response["Cache-Control"] = "no-store"
    return response
