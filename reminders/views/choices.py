"""What a person chooses for their own reminders, signed in or by the link of a letter."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.requests import UserRequest
from core.rls import working_as
from reminders.actions import choose, unsubscribe
from reminders.forms import ChoicesForm, StopForm
from reminders.mailing import mail_is_on, reader_of
from reminders.models import Letter


@require_http_methods(["GET", "POST"])
def preferences(request: UserRequest) -> HttpResponse:
    """How one's reminders leave by e-mail, quiet hours, birthdays."""
    form = ChoicesForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        choose(
            by=request.user,
            mail=form.mail,
            quiet=(data["quiet_from"], data["quiet_until"]),
            hides_birthdays=data["hides_birthdays"],
        )
        messages.success(request, "已保存。")
        return redirect("reminders:preferences")
    context = {"form": form, "mail_is_on": mail_is_on(), "address": request.user.email}
    status = 422 if form.errors else 200
    return render(request, "reminders/preferences.html", context, status=status)


@csrf_exempt  # the link itself is the permission, and mail programs send it without a page of ours (RFC 8058)
@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and by POST stop, e-mail for rules of the letter whose link this is: those that are ticked, or all
    when it is the mail program that asks."""
    reader = reader_of(token)
    if reader is None:
        raise Http404
    user, number = reader
    with working_as(user, channel="web"):
        letter = get_object_or_404(Letter.objects.visible_to(user), uuid=number, recipient=user)
        form = StopForm(letter, request.POST if "chosen" in request.POST else None)
        stopped: list[str] = []
        if form.is_valid():
            stopped = form.cleaned_data["stopped"]
        elif request.method == "POST" and not form.is_bound:
            stopped = list(form.groups)
        unsubscribe(by=user, rules=form.rules_of(stopped))
    status = 422 if form.errors else 200
    return render(request, "reminders/unsubscribe.html", {"form": form, "stopped": stopped}, status=status)
