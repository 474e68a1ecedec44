"""What was heard and promised: the list, more of it, and seeing to it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from activities.actions import follow_ups as actions
from activities.follow_up_listing import list_context
from activities.forms.contacts import lines_sent
from activities.forms.settling import OutcomeForm
from activities.models import FollowUp
from activities.views.contacts import contact_page
from activities.views.lookup import open_contact, tell_of
from experts.forms.proposals import refuse

UNPROCESSABLE = 422


@require_GET
def follow_ups(request: UserRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    return render(request, "activities/follow_up_list.html", list_context(request.user, request.GET))


@require_POST
def follow_ups_add(request: UserRequest, uuid: str) -> HttpResponse:
    """More that was heard in a contact that took place."""
    contact = open_contact(request, uuid, to_change=True)
    lines = lines_sent(request.POST, request.user, contact.expert)
    if not lines:
        messages.warning(request, "请先加一条诉求或建言。")
        return redirect("contacts:contact", contact.uuid)
    if not any([each.errors for each in lines]):  # noqa: C419  each is to say what is wrong with it
        try:
            told = [each.line() for each in lines if each.cleaned_data["text"]]
            actions.add_follow_ups(by=request.user, contact=contact, lines=told)
        except ValidationError as problem:
            lines[0].add_error("owner", problem.messages)
        else:
            messages.success(request, "已加上。")
            return redirect("contacts:contact", contact.uuid)
    return contact_page(request, contact, status=UNPROCESSABLE, lines=lines)


@require_http_methods(["GET", "POST"])
def follow_up_done(request: UserRequest, uuid: str) -> HttpResponse:
    """State with what outcome a need or suggestion was seen to."""
    user = request.user
    row = get_object_or_404(FollowUp.objects.visible_to(user).for_list(), uuid=uuid)
    if not FollowUp.objects.changeable_by(user).filter(pk=row.pk).exists():
        raise PermissionDenied
    tell_of(request, [row.expert])
    form = OutcomeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.complete_follow_up(by=user, follow_up=row, outcome=form.cleaned_data["outcome"])
        except ValidationError as problem:
            refuse(form, problem)
        else:
            messages.success(request, "已办结。")
            return redirect("contacts:contact", row.contact.uuid)
    context = {"form": form, "row": row, "expert": row.expert}
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "activities/follow_up_done.html", context, status=status)
