"""One transaction around routing and rendering, with the actor that row-level security trusts."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from core.context import Acting, acting_as
from core.errors import Unavailable
from core.requests import client_address
from core.rls import transaction_as
from core.views import unavailable

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Opens the transaction before the view and closes it after the template is rendered.

    A response of 500 or above rolls back; `ATOMIC_REQUESTS` would end before a lazy template reads.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        origin = Acting(
            user_id=user.pk,
            username=user.get_username(),
            address=client_address(request),
            channel="web",
        )
        with acting_as(origin), transaction_as(user.pk):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 for what cannot be answered without a service that does not work."""
        return unavailable(request) if isinstance(exception, Unavailable) else None


class VaryOnHtmxMiddleware:
    """One URL serves page and fragment, so caches must tell them apart."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        return response
