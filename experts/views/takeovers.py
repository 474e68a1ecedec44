"""Whether another unit takes over an expert who has moved to it (二（二）): list, answer, withdrawal."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts.actions import transfers as actions
from experts.enums import Label
from experts.forms.takeovers import ACCEPT, AnswerForm
from experts.models import Expert, Proposal, TakeOver, TakeOverState
from experts.models.takeover import TakeOverQuerySet
from experts.views.lookup import open_expert

PAGE_SIZE = 25
UNPROCESSABLE = 422
OLDEST_FIRST, LATEST_FIRST = Order(("id",)), Order(("id",), descending=True)
MINE, SENT = "mine", "sent"
BOXES = {
    MINE: "等本单位答复",
    SENT: "本单位发出，待答复",
    TakeOverState.ACCEPTED.value: TakeOverState.ACCEPTED.label,
    TakeOverState.DECLINED.value: TakeOverState.DECLINED.label,
    TakeOverState.WITHDRAWN.value: TakeOverState.WITHDRAWN.label,
}
TONES = {
    TakeOverState.WAITING: "warn",
    TakeOverState.ACCEPTED: "ok",
    TakeOverState.DECLINED: "bad",
    TakeOverState.WITHDRAWN: "neutral",
}


def _boxed(user: User, box: str) -> TakeOverQuerySet:
    if box == MINE:
        return TakeOver.objects.visible_to(user).answerable_by(user)
    if box == SENT:
        return TakeOver.objects.changeable_by(user).waiting()
    return TakeOver.objects.changeable_by(user).filter(state=box)


@require_GET
def takeovers(request: UserRequest) -> HttpResponse:
    """What waits for the user's units; by `box` also what they have sent, and how it was answered."""
    if not request.user.may("change"):
        raise PermissionDenied
    box = request.GET.get("box", "")
    box = box if box in BOXES else MINE
    order = OLDEST_FIRST if box in {MINE, SENT} else LATEST_FIRST
    page = page_by_key(_boxed(request.user, box).for_page(), order, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        "rows": [(each, TONES[TakeOverState(each.state)]) for each in page.rows],
        "box": box,
        "tabs": [{"label": name, "url": f"?box={key}", "active": key == box} for key, name in BOXES.items()],
        **page.urls(request.GET),
    }
    return render(request, "experts/takeover_list.html", context)


def _opened(request: UserRequest, uuid: str) -> tuple[TakeOver, Expert | None]:
    """The question, and the record if the reader may open it; opening a restricted one is on the trail."""
    asked = get_object_or_404(TakeOver.objects.visible_to(request.user).for_page(), uuid=uuid)
    expert = Expert.objects.visible_to(request.user).filter(pk=asked.expert_id).first()
    if expert and expert.label == Label.RESTRICTED:
        expert = open_expert(request, str(expert.uuid))
    return asked, expert


def _page(
    request: UserRequest, asked: TakeOver, expert: Expert | None, form: AnswerForm | None = None
) -> HttpResponse:
    user = request.user
    here = TakeOver.objects.visible_to(user).filter(pk=asked.pk)
    context: dict[str, Any] = {
        "asked": asked,
        "expert": expert,
        "tone": TONES[TakeOverState(asked.state)],
        "form": form or AnswerForm(),
        "may_answer": here.answerable_by(user).exists(),
        "may_withdraw": here.changeable_by(user).waiting().exists(),
    }
    status = UNPROCESSABLE if form and form.errors else 200
    return render(request, "experts/takeover_detail.html", context, status=status)


@require_GET
def takeover(request: UserRequest, uuid: str) -> HttpResponse:
    asked, expert = _opened(request, uuid)
    return _page(request, asked, expert)


@require_POST
def takeover_answer(request: UserRequest, uuid: str) -> HttpResponse:
    """Take the expert over, or not."""
    asked, expert = _opened(request, uuid)
    if not request.user.may("change", asked.place):
        raise PermissionDenied
    form = AnswerForm(request.POST)
    if form.is_valid():
        accept = form.cleaned_data["decision"] == ACCEPT
        try:
            proposal = actions.answer(
                by=request.user, takeover=asked, accept=accept, note=form.cleaned_data["note"]
            )
        except ValidationError as problem:
            form.add_error("note" if hasattr(problem, "error_dict") else None, problem.messages)
        else:
            return _answered(request, asked, accept, proposal)
    return _page(request, asked, expert, form)


def _answered(request: UserRequest, asked: TakeOver, accept: bool, proposal: Proposal | None) -> HttpResponse:
    """To the record that is the unit's own now, or back to the list."""
    if not accept:
        messages.success(request, "已答复不接转，对方单位会看到原因。")
        return redirect("experts:takeovers")
    messages.success(request, "已接转，这位专家由您单位联系。")
    if proposal:
        messages.info(request, f"已起草{proposal.get_kind_display()}提案 {proposal.number}，请核对后提交。")
    expert = Expert.objects.visible_to(request.user).get(pk=asked.expert_id)
    return redirect("experts:detail", expert.uuid)


@require_POST
def takeover_withdraw(request: UserRequest, uuid: str) -> HttpResponse:
    """Ask no more."""
    asked, _ = _opened(request, uuid)
    try:
        actions.withdraw(by=request.user, takeover=asked)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, "已撤回征询。")
    return redirect("experts:takeover", uuid)
