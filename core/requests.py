"""Facts about a request, and reading what it sends."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Where the request comes from; behind the trusted proxy, the address which that proxy saw."""
    if settings.BEHIND_PROXY and (hops := request.META.get("HTTP_X_FORWARDED_FOR", "")):
        return str(hops.rsplit(",", 1)[-1].strip()[:45])
    return str(request.META.get("REMOTE_ADDR", ""))


def known_uuids(texts: Iterable[str]) -> list[UUID]:
    """Those of the texts that are keys."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
