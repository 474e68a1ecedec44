"""What becomes of a contact that does not take place as planned, and of a record that is wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import follow_ups, settling
from activities.enums import ContactState
from activities.errors import StaleContact
from activities.forms.settling import CallOffForm, MoveForm, VersionForm, VoidForm
from activities.models import Contact
from activities.views.lookup import open_contact
from experts.forms.proposals import refuse

UNPROCESSABLE, CONFLICT = 422, 409
STALE = "这条联系记录刚被别人改过，现在是“{}”，请看过后再办。"


@dataclass(frozen=True)
class Question:
    """One act on a contact, as its page asks it."""

    title: str
    button: str
    done: str
    hint: str
    form: type[VersionForm]
    states: frozenset[ContactState]
    act: Callable[..., None]


MOVE = Question(
    "改期", "改期", "已改期。", "改到今天或以后的日子。", MoveForm, frozenset({ContactState.PLANNED}),
    settling.reschedule,
)  # fmt: skip


def _call_off(*, outcome: str, **given: Any) -> None:
    act = settling.miss_contact if outcome == ContactState.MISSED else settling.cancel_contact
    act(**given)


CALL_OFF = Question(
    "取消或未成行", "确定", "已记下。", "留在记录里，不计入联系。", CallOffForm,
    frozenset({ContactState.PLANNED}), _call_off,
)  # fmt: skip
VOID = Question(
    "作废这条记录", "作废", "已作废，不再计入。", "记错了人或没有这回事的，作废后不再计入；原因留档。",
    VoidForm, frozenset({ContactState.DONE}), settling.void_contact,
)  # fmt: skip


def _ask(request: UserRequest, uuid: str, question: Question, *shown: str) -> HttpResponse:
    """The page of the question, with these columns of the contact filled in, and doing it."""
    contact = open_contact(request, uuid, to_change=True)
    given = {name: getattr(contact, name) for name in ("version", *shown)}
    form = question.form(request.POST if request.method == "POST" else None, initial=given)
    status = UNPROCESSABLE if form.errors else 200
    if form.is_valid():
        try:
            question.act(by=request.user, contact=contact, **form.cleaned_data)
        except StaleContact as stale:
            form.add_error(None, STALE.format(stale.current.get_state_display()))
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["version"] = str(stale.current.version)  # type: ignore[index]
            status = CONFLICT
        except ValidationError as problem:
            refuse(form, problem)
            status = UNPROCESSABLE
        else:
            messages.success(request, question.done)
            return redirect("contacts:contact", contact.uuid)
    elif contact.state not in question.states:
        return redirect("contacts:contact", contact.uuid)
    return _page(request, contact, question, form, status)


def _page(
    request: UserRequest, contact: Contact, question: Question, form: VersionForm, status: int
) -> HttpResponse:
    context = {"contact": contact, "expert": contact.expert, "question": question, "form": form}
    return render(request, "activities/contact_act.html", context, status=status)


@require_http_methods(["GET", "POST"])
def move(request: UserRequest, uuid: str) -> HttpResponse:
    return _ask(request, uuid, MOVE, "on", "starts", "ends")


@require_http_methods(["GET", "POST"])
def call_off(request: UserRequest, uuid: str) -> HttpResponse:
    """Cancelled beforehand, or missed on the day."""
    return _ask(request, uuid, CALL_OFF)


@require_http_methods(["GET", "POST"])
def void(request: UserRequest, uuid: str) -> HttpResponse:
    """Take back a record that is wrong."""
    return _ask(request, uuid, VOID)


@require_POST
def delete(request: UserRequest, uuid: str) -> HttpResponse:
    """Throw a draft away."""
    contact = open_contact(request, uuid, to_change=True)
    settling.delete_draft(by=request.user, contact=contact)
    messages.success(request, "草稿已删除。")
    return redirect("contacts:list")


@require_POST
def promise_kept(request: UserRequest, uuid: str) -> HttpResponse:
    contact = open_contact(request, uuid, to_change=True)
    try:
        follow_ups.keep_promise(by=request.user, contact=contact)
    except ValidationError as problem:
        messages.warning(request, problem.messages[0])
    else:
        messages.success(request, "已记为兑现。")
    return redirect("contacts:contact", contact.uuid)
