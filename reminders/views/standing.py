"""How the reminders run: numbers, what is late, what failed, and the test of the mail server."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.requests import UserRequest
from accounts.roles import Role
from reminders import actions
from reminders.forms import TestLetterForm
from reminders.mailing import mail_is_on
from reminders.models import Letter
from reminders.registry import REGISTRY
from reminders.standing import standing_context, tests_of


def _administrator(request: UserRequest) -> User:
    if not request.user.holds(Role.SYSTEM_ADMIN):
        raise PermissionDenied
    return request.user


@require_GET
def standing(request: UserRequest) -> HttpResponse:
    """Planned, sent, failed and late, by rule and by day; nothing of whom or what they are about."""
    user = _administrator(request)
    form = TestLetterForm(initial={"address": user.email})
    return render(request, "reminders/standing.html", standing_context(user, request.GET) | {"form": form})


@require_POST
def plan_again(request: UserRequest, key: str) -> HttpResponse:
    """Put the failed reminders of a rule back."""
    user = _administrator(request)
    if key not in REGISTRY.rules:
        raise Http404
    count = actions.plan_again(by=user, rule=key)
    messages.success(request, f"已放回 {count} 条，一分钟内重新发出。")
    return redirect("reminders:standing")


@require_POST
def letters_again(request: UserRequest) -> HttpResponse:
    """Put the ticked letters back into the outbox."""
    user = _administrator(request)
    chosen = Letter.objects.visible_to(user).dead().filter(uuid__in=_ticked(request))
    count = actions.send_again(by=user, letters=chosen) if chosen else 0
    if count:
        messages.success(request, f"已放回 {count} 封，一分钟内重新发出。")
    else:
        messages.error(request, "请先勾选邮件。")
    return redirect("reminders:standing")


def _ticked(request: UserRequest) -> list[UUID]:
    found = []
    for text in request.POST.getlist("letter")[:500]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


@require_POST
def test_letter(request: UserRequest) -> HttpResponse:
    """A test letter goes the way of all letters; the page then tells what the server said."""
    user = _administrator(request)
    form = TestLetterForm(request.POST)
    if not mail_is_on():
        form.add_error(None, "还没有设置邮件服务器（EMAIL_URL）。")
    if not form.is_valid():
        context = standing_context(user, request.GET) | {"form": form}
        return render(request, "reminders/standing.html", context, status=422)
    actions.ask_for_test(by=user, address=form.cleaned_data["address"])
    messages.success(request, "测试邮件已放入发件箱，结果显示在下面。")
    return redirect("reminders:standing")


@require_GET
def test_letters(request: UserRequest) -> HttpResponse:
    """The last test letters as a fragment, which asks again while one is on its way."""
    return render(request, "reminders/test_letters.html", {"tests": tests_of(_administrator(request))})
