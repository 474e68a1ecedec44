"""How well units keep in touch with their experts, on any day (「确保覆盖到所有重点联系专家」, 三（二）)."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Unit
from accounts.requests import UserRequest
from activities.coverage_page import Asked
from activities.forms.coverage import CoverageForm


@require_GET
def own_coverage(request: UserRequest) -> HttpResponse:
    """The coverage of the highest unit in the user's reach, with what the URL asks of it."""
    if not request.user.may("view"):
        raise PermissionDenied
    unit = Unit.objects.reached_by(request.user, "view").order_by("order")[0]
    query = request.GET.urlencode()
    return redirect(reverse("coverage:unit", args=[unit.code]) + (f"?{query}" if query else ""))


@require_GET
def unit_coverage(request: UserRequest, code: str) -> HttpResponse:
    """Numbers of a unit with its subtree, the units below, the list behind a number; filters in the URL."""
    if not request.user.may("view"):
        raise PermissionDenied
    unit = get_object_or_404(Unit.objects.reached_by(request.user, "view"), code=code)
    form = CoverageForm({"day": timezone.localdate().isoformat()} | request.GET.dict())
    context = {"unit": unit, "form": form, "params": request.GET}
    if not form.is_valid():
        return render(request, "activities/coverage.html", context, status=422)
    chosen = form.cleaned_data
    asked = Asked(request.user, unit, **chosen)
    return render(request, "activities/coverage.html", context | asked.context(request.GET))
