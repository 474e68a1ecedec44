"""Subscribing to the calendar: the private address, and what it answers without a sign-in."""

import hashlib
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.requests import UserRequest
from activities.actions.feed import note_fetch, open_feed, owner_of, renew_feed, revoke_feed
from activities.calendar.entries import Asked
from activities.calendar.ics import ics_of
from activities.calendar.sources import entries
from activities.models import CalendarFeed
from core.rls import working_as

BACK, AHEAD = timedelta(days=92), timedelta(days=400)
HOUR = 3600  # seconds


def _page(request: UserRequest, address: str = "") -> HttpResponse:
    feed = CalendarFeed.objects.visible_to(request.user).first()
    return render(request, "activities/calendar_feed.html", {"feed": feed, "address": address})


@require_GET
def feed_page(request: UserRequest) -> HttpResponse:
    """Whether there is a subscription and when it was last used; the address itself is never shown again."""
    if not request.user.may("view"):
        raise PermissionDenied
    return _page(request)


@require_POST
def feed_renew(request: UserRequest) -> HttpResponse:
    """Make the address, or a new one in its place; shown once."""
    if not request.user.may("view"):
        raise PermissionDenied
    token = renew_feed(by=request.user)
    response = _page(request, request.build_absolute_uri(reverse("calendar:feed", args=[token])))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def feed_revoke(request: UserRequest) -> HttpResponse:
    if not request.user.may("view"):
        raise PermissionDenied
    if revoke_feed(by=request.user):
        messages.success(request, "已停止订阅，原来的地址不再有效。")
    return redirect("calendar:feed_page")


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """One person's calendar, as far as they may see it now. Whoever holds the address needs no sign-in; every
    address that opens nothing answers alike."""
    ask = open_feed(token)
    owner = owner_of(ask) if ask else None
    if ask is None or owner is None:
        raise Http404
    if ask.is_too_often:
        return HttpResponse(status=429, headers={"Retry-After": str(HOUR), "Cache-Control": "private"})
    today = timezone.localdate()
    with working_as(owner, channel="feed"):
        if ask.is_first_today:
            note_fetch(by=owner)
        found, _ = entries(owner, Asked(today - BACK, today + AHEAD))
        data = ics_of(found, request.build_absolute_uri)
    return _answer(request, data)


def _answer(request: HttpRequest, data: bytes) -> HttpResponse:
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    headers["Content-Disposition"] = 'inline; filename="liaison.ics"'
    return HttpResponse(data, content_type="text/calendar; charset=utf-8", headers=headers)
