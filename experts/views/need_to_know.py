"""The security administrator keeps the need-to-know list by record number (二（二）): no name, no content."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import UserRequest
from accounts.roles import Right, Role
from experts.actions import need_to_know as actions
from experts.forms.need_to_know import EndForm, GrantForm, RenewForm
from experts.grants import GrantFilter, page_context, tabs
from experts.models import EndedGrant, NeedToKnow
from experts.people import detail_of, matching, people_with

OPTIONS_SHOWN = 20
UNPROCESSABLE = 422
CHOOSABLE: dict[str, Right] = {"view": "view", "approve": "approve"}


def _only_keepers(request: UserRequest) -> None:
    if not request.user.holds(Role.SECURITY_ADMIN):
        raise PermissionDenied("知悉范围由安全管理员维护。")


def _grant(request: UserRequest, uuid: str) -> NeedToKnow:
    _only_keepers(request)
    return get_object_or_404(NeedToKnow.objects.visible_to(request.user).with_people(), uuid=uuid)


@require_GET
def grants(request: UserRequest) -> HttpResponse:
    """Who may see which restricted record until when."""
    _only_keepers(request)
    chosen = GrantFilter.read(request.GET)
    found = chosen.apply(NeedToKnow.objects.visible_to(request.user))
    context = page_context(found, chosen, request.GET) | {"tabs": tabs("grants")}
    return render(request, "experts/need_to_know_list.html", context)


@require_GET
def history(request: UserRequest) -> HttpResponse:
    """Grants that have ended, by whom and why."""
    _only_keepers(request)
    chosen = GrantFilter.read(request.GET)
    found = chosen.apply_to_ended(EndedGrant.objects.visible_to(request.user))
    context = page_context(found, chosen, request.GET) | {"tabs": tabs("history")}
    return render(request, "experts/need_to_know_history.html", context)


@require_GET
def people(request: UserRequest) -> HttpResponse:
    """Colleagues for a picker, as JSON: those who hold `right` (view or approve) and match `q`."""
    if not (request.user.holds(Role.SECURITY_ADMIN) or request.user.may("view")):
        raise PermissionDenied
    right = CHOOSABLE.get(request.GET.get("right", "view"))
    if right is None:
        raise Http404
    text = request.GET.get("q", "").replace("\0", "")[:60]
    found = matching(people_with(right), text)[:OPTIONS_SHOWN]
    rows = [{"value": each.username, "text": str(each), "detail": detail_of(each)} for each in found]
    return JsonResponse({"results": rows})


def _form_page(request: UserRequest, form: Any, **context: Any) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "experts/need_to_know_form.html", {"form": form, **context}, status=status)


@require_http_methods(["GET", "POST"])
def grant_add(request: UserRequest) -> HttpResponse:
    """Put someone on a restricted record's list."""
    _only_keepers(request)
    initial = {"record_number": request.GET.get("record", "")[:20]}
    form = GrantForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.grant(by=request.user, **data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, f"已将“{data['person']}”列入 {data['record_number']} 的知悉范围。")
            return redirect("experts:need_to_know")
    return _form_page(request, form, title="增加知悉人", act="增加")


@require_http_methods(["GET", "POST"])
def grant_renew(request: UserRequest, uuid: str) -> HttpResponse:
    """A new reason, approver and end; the old grant goes to the history."""
    grant = _grant(request, uuid)
    form = RenewForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.renew(by=request.user, grant=grant, **form.cleaned_data)
        except ValidationError as problem:
            _add_errors(form, problem)
        else:
            until = form.cleaned_data["expires_on"].isoformat()
            messages.success(request, f"已续期：{grant.user}，{grant.record_number}，至 {until}。")
            return redirect("experts:need_to_know")
    return _form_page(request, form, title="续期", act="续期", grant=grant)


@require_http_methods(["GET", "POST"])
def grant_end(request: UserRequest, uuid: str) -> HttpResponse:
    """Take someone off a list, for a reason; at least two must remain."""
    grant = _grant(request, uuid)
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.end(by=request.user, grant=grant, reason=form.cleaned_data["reason"])
        except ValidationError as problem:
            _add_errors(form, problem)
        else:
            messages.success(request, f"已结束：{grant.user} 不再知悉 {grant.record_number}。")
            return redirect("experts:need_to_know")
    return _form_page(request, form, title="结束授权", act="结束授权", grant=grant)


@require_http_methods(["GET", "POST"])
def grants_end_all(request: UserRequest) -> HttpResponse:
    """End every grant of a person who left; `person` is the username."""
    _only_keepers(request)
    held = NeedToKnow.objects.visible_to(request.user).with_people()
    chosen = GrantFilter.read(request.GET)
    mine = list(held.filter(user=chosen.who).order_by("record_number")) if chosen.who else []
    if not mine:
        raise Http404
    person = mine[0].user
    form = EndForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            ended, kept = actions.end_all(by=request.user, person=person, reason=form.cleaned_data["reason"])
        except ValidationError as problem:
            _add_errors(form, problem)
        else:
            _say(request, str(person), ended, kept)
            return redirect("experts:need_to_know")
    return _form_page(request, form, title="结束此人全部授权", act="全部结束", person=person, grants=mine)


def _say(request: UserRequest, person: str, ended: list[str], kept: list[str]) -> None:
    if ended:
        messages.success(request, f"已结束“{person}”的 {len(ended)} 项授权。")
    if kept:
        numbers = "、".join(kept)
        messages.warning(request, f"未结束：{numbers}。结束后知悉人会少于两人，请先各增加一人。")


def _add_errors(form: Any, problem: ValidationError) -> None:
    """Beside the field where the form has it, else above the form."""
    by_field = problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}
    for name, texts in by_field.items():
        form.add_error(name if name in form.fields else None, texts)
