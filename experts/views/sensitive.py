"""Showing a masked value: with a reason, on the record, for a minute."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.requests import UserRequest
from experts.actions.register import reveal
from experts.enums import SensitiveField
from experts.sensitive import MASK
from experts.views.lookup import open_expert


@require_http_methods(["GET", "POST"])
def reveal_field(request: UserRequest, uuid: str, field: str) -> HttpResponse:
    """GET gives the masked line back; POST without a reason asks for one, with a reason shows the value."""
    if field not in SensitiveField.values:
        raise Http404
    expert = open_expert(request, uuid)
    kind = SensitiveField(field)
    url = reverse("experts:reveal", args=[expert.uuid, field])
    context = {"label": kind.label, "url": url, "value": MASK, "error": ""}
    if request.method == "GET":
        return render(request, "experts/sensitive_value.html#masked", context)
    if "reason" not in request.POST:
        return render(request, "experts/sensitive_value.html#ask", context)
    try:
        context["value"] = reveal(
            by=request.user, expert=expert, field=kind, reason=request.POST["reason"][:200]
        )
    except ValidationError as problem:
        context["error"] = problem.messages[0]
        return render(request, "experts/sensitive_value.html#ask", context, status=422)
    response = render(request, "experts/sensitive_value.html#shown", context)
    response["Cache-Control"] = "no-store"
    return response
