"""The workbench: what someone finds when they open the product in the morning."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from accounts.roles import Role
from activities import own_quarter
from activities.parts import pairing_items
from experts.identity import announce
from experts.worklists import figures, worklist
from liaison import todo


@require_GET
def workbench(request: UserRequest) -> HttpResponse:
    if request.user.is_staff:
        return redirect("admin:index")
    if request.user.holds(Role.SECURITY_AUDITOR):
        return redirect("audit:list")
    items = [*worklist(request.user), *pairing_items(request.user)]
    if any(item.url == reverse("experts:duplicates") for item in items):
        announce(request.user)
    today = timezone.localdate()
    lines = todo.lines(request.user, items, today)
    context = {
        "today": today,
        "figures": figures(request.user),
        "lines": lines,
        "summary": todo.summary(lines),
        "agenda": todo.agenda(request.user, today),
        "part": own_quarter.card(request.user, today) if request.user.may("view") else None,
        "may_change": request.user.may("change"),
        "may_view": request.user.may("view"),
    }
    return render(request, "liaison/workbench.html", context)
