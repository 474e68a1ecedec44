"""Facts about a request."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Where the request comes from; behind the trusted proxy, the address which that proxy saw."""
    if settings.BEHIND_PROXY and (hops := request.META.get("HTTP_X_FORWARDED_FOR", "")):
        return str(hops.rsplit(",", 1)[-1].strip()[:45])
    return str(request.META.get("REMOTE_ADDR", ""))
