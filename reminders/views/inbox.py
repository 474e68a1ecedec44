"""The inbox behind the bell."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from reminders import actions
from reminders.actions import mark_read
from reminders.inbox import inbox_context
from reminders.models import Message

ACTS: dict[str, tuple[Callable[..., int], str]] = {
    "read": (actions.mark_read, "已标为已读 {} 条。"),
    "unread": (actions.mark_unread, "已标为未读 {} 条。"),
    "done": (actions.lay_aside, "已标为已办 {} 条。"),
    "open": (actions.take_up, "已改回未办 {} 条。"),
}


@require_GET
def inbox(request: UserRequest) -> HttpResponse:
    """The user's messages, newest first, filtered by the URL."""
    return render(request, "reminders/inbox.html", inbox_context(request.user, request.GET))


@never_cache
@require_GET
def bell(request: UserRequest) -> HttpResponse:
    """The bell with the number of unread messages, which every page asks for once a minute."""
    return render(request, "components/bell.html", {"unread_count": _unread(request)})


def _unread(request: UserRequest) -> int:
    return Message.objects.visible_to(request.user).unread().count()


def _message(request: UserRequest, uuid: UUID) -> Message:
    return get_object_or_404(Message.objects.visible_to(request.user), uuid=uuid)


@require_GET
def open_message(request: UserRequest, uuid: UUID) -> HttpResponse:
    """Mark a message as read and go to the page it leads to."""
    message = _message(request, uuid)
    mark_read(by=request.user, messages=[message])
    if message.url and url_has_allowed_host_and_scheme(message.url, allowed_hosts=None):
        return redirect(message.url)
    return redirect("reminders:inbox")


@require_POST
def finish(request: UserRequest, uuid: UUID) -> HttpResponse:
    """Done from the message: what its rule's button does, and then it is laid aside."""
    message = _message(request, uuid)
    try:
        actions.finish(by=request.user, message=message)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    except PermissionDenied:
        messages.error(request, "您现在没有权限办理这一项。")
    else:
        messages.success(request, "已办。")
    return _back(request)


@require_POST
def bulk(request: UserRequest) -> HttpResponse:
    """One act on the ticked messages."""
    chosen = ACTS.get(request.POST.get("act", ""))
    rows = Message.objects.visible_to(request.user).filter(uuid__in=_ticked(request))
    if chosen is None or not rows:
        messages.error(request, "请先勾选消息。")
        return _back(request)
    act, words = chosen
    messages.success(request, words.format(act(by=request.user, messages=list(rows))))
    return _back(request)


def _ticked(request: UserRequest) -> list[UUID]:
    """What was ticked; anything that is no number of a message is left out."""
    found = []
    for text in request.POST.getlist("message")[:100]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _back(request: UserRequest) -> HttpResponse:
    """To the list as it was asked for."""
    query = QueryDict(request.POST.get("query", "")).urlencode()
    return redirect(f"{reverse('reminders:inbox')}{'?' if query else ''}{query}")


@require_POST
def read_all(request: UserRequest) -> HttpResponse:
    """Mark everything as read."""
    count = mark_read(by=request.user)
    messages.success(request, f"{count} 条消息已标为已读。" if count else "没有未读消息。")
    return redirect("reminders:inbox")
