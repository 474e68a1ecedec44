"""The trail as the security auditor reads it."""

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.listing import trail_context
from audit.models import AUDITOR, Reader
from audit.standing import standing


@require_GET
def event_list(request: HttpRequest) -> HttpResponse:
    """Events by page, filtered by the URL, under the state of the seal."""
    reader = cast(Reader, request.user)
    if not reader.holds(AUDITOR):
        raise PermissionDenied
    context = trail_context(reader, request.GET) | {"standing": standing(reader)}
    return render(request, "audit/event_list.html", context)
