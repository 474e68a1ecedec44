"""A refusal leaves a trace, though what was refused does not."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from audit.actions import record
from audit.verbs import Verb
from core.errors import Unavailable
from core.jobs import ASIDE
from core.views import unavailable


class RefusalMiddleware:
    """Records each 403 for a missing right, in a transaction of its own. What is hidden answers 404 and is
    recorded no more than what is missing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, PermissionDenied) or not request.user.is_authenticated:
            return None
        match = request.resolver_match
        route = (match.view_name if match.url_name else match.route) if match else ""
        try:
            with transaction.atomic(using=ASIDE):
                record(
                    Verb.REFUSED, by=None, kind="route", reference=route[:80], result="denied", using=ASIDE
                )
        except Unavailable:
            return unavailable(request)
        return None
