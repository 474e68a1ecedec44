"""An expert's honours: add, edit, verify, remove."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import UserRequest
from experts.actions import awards as actions
from experts.forms.acts import AwardForm
from experts.models import Award, Expert
from experts.views.lookup import as_saved, open_expert


def _award(request: UserRequest, expert: Expert, uuid: str) -> Award:
    awards = Award.objects.visible_to(request.user).select_related("honour", "expert")
    return get_object_or_404(awards, expert=expert, uuid=uuid)


def _done(expert: Expert, request: UserRequest, text: str) -> HttpResponse:
    before, after = expert.scope, Expert.objects.visible_to(request.user).get(pk=expert.pk)
    if after.scope != before:
        text += f"联系范围由规则重新认定为“{after.get_scope_display()}”。"
    messages.success(request, text)
    return redirect(reverse("experts:detail", args=[expert.uuid]) + "?tab=awards")


@require_http_methods(["GET", "POST"])
def award_create(request: UserRequest, uuid: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    form = AwardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_award(by=request.user, expert=as_saved(request, expert), facts=form.facts())
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            return _done(expert, request, "已登记称号。")
    return render(request, "experts/award_form.html", {"form": form, "expert": expert})


@require_http_methods(["GET", "POST"])
def award_edit(request: UserRequest, uuid: str, award: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    row = _award(request, expert, award)
    form = AwardForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_award(by=request.user, award=_award(request, expert, award), facts=form.facts())
        except ValidationError as problem:
            form.add_error("text", problem.messages)
        else:
            return _done(expert, request, "已保存。")
    remove_url = reverse("experts:award_remove", args=[expert.uuid, award])
    context = {"form": form, "expert": expert, "award": row, "remove_url": remove_url}
    return render(request, "experts/award_form.html", context)


@require_POST
def award_verify(request: UserRequest, uuid: str, award: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    accept = request.POST.get("accept") == "yes"
    actions.verify_award(by=request.user, award=_award(request, expert, award), accept=accept)
    return _done(expert, request, "已核实。" if accept else "已记为未予认定。")


@require_POST
def award_remove(request: UserRequest, uuid: str, award: str) -> HttpResponse:
    expert = open_expert(request, uuid, to_change=True)
    actions.remove_award(by=request.user, award=_award(request, expert, award))
    return _done(expert, request, "已删除这条称号。")
