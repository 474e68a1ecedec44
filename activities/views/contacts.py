"""Contacts: their list, one of them, and what the forms ask while they are filled in."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from activities.actions.photos import may_remove
from activities.enums import FollowUpKind
from activities.finding import paired_or_named
from activities.forms.contacts import PlanForm, RecordForm, experts_named, new_line
from activities.forms.photos import PhotosForm
from activities.limits import days_to_record, is_open_to, open_until
from activities.listing import dressed, list_context
from activities.models import Contact, FollowUp, Photo
from activities.presenting import about as about_expert
from activities.views.lookup import open_contact, tell_of

OPTIONS_SHOWN = 20


@require_GET
def contact_list(request: UserRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    context = list_context(request.user, request.GET) | {"may_change": request.user.may("change")}
    return render(request, "activities/contact_list.html", context)


@require_GET
def contact(request: UserRequest, uuid: str) -> HttpResponse:
    return contact_page(request, open_contact(request, uuid))


def contact_page(request: UserRequest, contact: Contact, *, status: int = 200, **forms: Any) -> HttpResponse:
    """A contact with what hangs on it and what the user may do about it; `forms` are those that were
    refused."""
    user, days = request.user, days_to_record(contact)
    photos = list(Photo.objects.visible_to(user).filter(contact=contact).order_by("id"))
    follow_ups = FollowUp.objects.visible_to(user).for_list().filter(contact=contact).order_by("id")
    context = {
        "contact": dressed(contact),
        "expert": contact.expert,
        "photos": [(photo, may_remove(user, photo, days)) for photo in photos],
        "follow_ups": list(follow_ups),
        "may_correct": contact.is_done and contact.may_change and is_open_to(user, contact, days),
        "open_until": open_until(contact, days) if contact.is_done else None,
        "is_due": contact.is_planned and contact.on <= timezone.localdate(),
        "today": timezone.localdate(),
        "photos_form": PhotosForm(),
    }
    return render(request, "activities/contact_detail.html", context | forms, status=status)


@require_GET
def experts(request: UserRequest) -> HttpResponse:
    """Experts for a picker, as JSON: by name and the like, before anything is typed the user's own."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    found = paired_or_named(request.user, text, OPTIONS_SHOWN) if request.user.may("view") else []
    rows = [
        {"value": str(each.uuid), "text": each.name, "detail": f"{each.employer} · {each.unit.short_name}"}
        for each in found
    ]
    return JsonResponse({"results": rows})


@require_GET
def about(request: UserRequest) -> HttpResponse:
    """Who may go, and what to know, once an expert is chosen in a form."""
    user = request.user
    if not user.may("change"):
        raise PermissionDenied
    found = experts_named(user, request.GET.getlist("expert"))
    several = experts_named(user, request.GET.getlist("experts"))
    tell_of(request, found + several)
    context: dict[str, Any] = {"form": PlanForm(user=user, experts=several)}
    if found:
        context = {"form": RecordForm(user=user, expert=found[0])} | about_expert(user, found[0])
    return render(request, "activities/about.html", context)


@require_GET
def line(request: UserRequest) -> HttpResponse:
    """One more line for what was heard."""
    user, kind = request.user, request.GET.get("kind", "")
    if not user.may("change"):
        raise PermissionDenied
    if kind not in FollowUpKind.values:
        raise Http404
    found = experts_named(user, [request.GET.get("expert", "")])
    form = new_line(user, found[0] if found else None, kind)
    return render(request, "activities/line.html", {"line": form})
