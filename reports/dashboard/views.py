"""The leaders' dashboard."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from reports.dashboard.board import board
from reports.dashboard.forms import DashboardForm


@require_GET
def dashboard(request: UserRequest) -> HttpResponse:
    """Of a unit with its subtree, or of the experts with whom the reader is paired; 422 with what to mend."""
    if not request.user.may("view"):
        raise PermissionDenied
    form = DashboardForm(request.user, request.GET)
    if not form.is_valid():
        return render(request, "reports/dashboard.html", {"form": form}, status=422)
    mine, chosen = form.is_mine(), form.shown()
    page = board(request.user, form.chosen_unit(), form.period(), mine=mine, shown=chosen)
    return render(request, "reports/dashboard.html", {"form": form, "shown": True, "mine": mine, **page})
