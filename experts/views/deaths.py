"""Registering a death and correcting the registration (二（三）)."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.requests import UserRequest
from experts.actions import deaths as actions
from experts.forms.deaths import CorrectDeathForm, RegisterDeathForm
from experts.models import Death
from experts.views.lookup import open_expert

UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
def death_register(request: UserRequest, uuid: str) -> HttpResponse:
    """Register; what is registered already is shown, to be corrected."""
    expert = open_expert(request, uuid, to_change=True)
    if expert.died_on:
        return redirect("experts:death", expert.uuid)
    form = RegisterDeathForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.register_death(by=request.user, expert=expert, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "已登记。")
            return redirect("experts:detail", expert.uuid)
    context = {"form": form, "expert": expert}
    return render(request, "experts/death_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "POST"])
def death(request: UserRequest, uuid: str) -> HttpResponse:
    """The registration that stands; POST corrects it, by another person within 30 days."""
    expert = open_expert(request, uuid, to_change=True)
    standing = Death.objects.visible_to(request.user).standing().filter(expert=expert)
    found = standing.select_related("registered_by").first()
    if found is None:
        raise Http404
    form = CorrectDeathForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.correct_death(by=request.user, expert=expert, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "已更正，原名单已恢复。结对和取消了的走访不自动恢复，请重新安排。")
            return redirect("experts:detail", expert.uuid)
    may_correct = found.may_still_be_corrected and found.registered_by_id != request.user.pk
    context = {"form": form, "expert": expert, "death": found, "may_correct": may_correct}
    return render(request, "experts/death_detail.html", context, status=UNPROCESSABLE if form.errors else 200)
