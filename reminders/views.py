"""The inbox behind the bell."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from core.paging import Order, page_by_key
from reminders.actions import mark_read
from reminders.models import Message

PAGE_SIZE = 25
NEWEST_FIRST = Order(("id",), descending=True)


@require_GET
def inbox(request: UserRequest) -> HttpResponse:
    """The user's messages, newest first; `show=unread` leaves out what is read."""
    rows = Message.objects.visible_to(request.user)
    unread_count = rows.unread().count()
    only_unread = request.GET.get("show") == "unread"
    page = page_by_key(rows.unread() if only_unread else rows, NEWEST_FIRST, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        **page.urls(request.GET),
        "only_unread": only_unread,
        "unread_count": unread_count,
        "tabs": [
            {"label": "全部", "url": "?", "active": not only_unread},
            {"label": "未读", "url": "?show=unread", "active": only_unread, "count": unread_count},
        ],
    }
    return render(request, "reminders/inbox.html", context)


@require_GET
def open_message(request: UserRequest, uuid: UUID) -> HttpResponse:
    """Mark a message as read and go to the page it leads to."""
    message = get_object_or_404(Message.objects.visible_to(request.user), uuid=uuid)
    mark_read(by=request.user, messages=[message])
    if message.url and url_has_allowed_host_and_scheme(message.url, allowed_hosts=None):
        return redirect(message.url)
    return redirect("reminders:inbox")


@require_POST
def read_all(request: UserRequest) -> HttpResponse:
    """Mark everything as read."""
    count = mark_read(by=request.user)
    messages.success(request, f"{count} 条消息已标为已读。" if count else "没有未读消息。")
    return redirect("reminders:inbox")
