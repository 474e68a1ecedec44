"""Requests to restrict a record or to lift the restriction: asking, the list of those that wait, deciding."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from experts.actions import restriction as actions
from experts.enums import Label
from experts.forms.restriction import DecideForm, LiftForm, RestrictForm
from experts.models import Expert, RestrictionRequest
from experts.people import people_named
from experts.views.lookup import open_expert

PAGE_SIZE = 50
UNPROCESSABLE = 422
OLDEST_FIRST = Order(("id",))


@require_http_methods(["GET", "POST"])
def restriction_request(request: UserRequest, uuid: str) -> HttpResponse:
    """Ask that a record be restricted; a restricted one, that it be no longer."""
    expert = open_expert(request, uuid, to_change=True)
    waiting = RestrictionRequest.objects.visible_to(request.user).pending().filter(expert=expert).first()
    if waiting:
        return redirect("experts:restriction", waiting.uuid)
    lifting = expert.label == Label.RESTRICTED
    form = (LiftForm if lifting else RestrictForm)(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            asked = actions.request_restriction(by=request.user, expert=expert, facts=form.facts())
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "已提出申请，等待另一人批准。")
            return redirect("experts:restriction", asked.uuid)
    context = {"form": form, "expert": expert, "lifting": lifting}
    return render(
        request, "experts/restriction_form.html", context, status=UNPROCESSABLE if form.errors else 200
    )


@require_GET
def restrictions(request: UserRequest) -> HttpResponse:
    """Requests that wait for a decision: one's own, and those one can decide."""
    if not request.user.may("change"):
        raise PermissionDenied
    found = RestrictionRequest.objects.visible_to(request.user).open_for(request.user)
    page = page_by_key(
        found.select_related("expert__unit", "requested_by"), OLDEST_FIRST, request.GET, PAGE_SIZE
    )
    context = {
        "page": page,
        **page.urls(request.GET),
    }
    return render(request, "experts/restriction_list.html", context)


def _asked(user: User, uuid: str) -> RestrictionRequest:
    rows = RestrictionRequest.objects.visible_to(user).select_related(
        "expert__unit", "requested_by", "decided_by"
    )
    return get_object_or_404(rows, uuid=uuid)


def _may_decide(user: User, asked: RestrictionRequest) -> bool:
    return RestrictionRequest.objects.visible_to(user).decidable_by(user).filter(pk=asked.pk).exists()


def _page(request: UserRequest, asked: RestrictionRequest, form: DecideForm) -> HttpResponse:
    """The request; opening it opens the record, so a restricted one goes on the trail."""
    context = {
        "asked": asked,
        "expert": open_expert(request, str(asked.expert.uuid)),
        "persons": people_named(asked.persons),
        "form": form,
        "may_decide": _may_decide(request.user, asked),
        "may_withdraw": asked.is_pending and asked.requested_by_id == request.user.pk,
    }
    return render(
        request, "experts/restriction_detail.html", context, status=UNPROCESSABLE if form.errors else 200
    )


@require_GET
def restriction(request: UserRequest, uuid: str) -> HttpResponse:
    return _page(request, _asked(request.user, uuid), DecideForm())


@require_POST
def restriction_decide(request: UserRequest, uuid: str) -> HttpResponse:
    """Approve, refuse or withdraw; whoever no longer sees the record is led to the list."""
    asked, user = _asked(request.user, uuid), request.user
    if not _may_decide(user, asked) and asked.requested_by_id != user.pk:
        raise PermissionDenied
    form = DecideForm(request.POST)
    if form.is_valid():
        try:
            actions.decide_restriction(by=user, asked=asked, **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "已办理。")
            sees = Expert.objects.visible_to(user).filter(pk=asked.expert_id).exists()
            return redirect("experts:detail", asked.expert.uuid) if sees else redirect("experts:list")
    return _page(request, asked, form)
