"""Pages that belong to no app: the gallery of components, the health check, refusals before any view."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from core.components import icon_names
from core.gallery import samples


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states, for those who build and review pages."""
    return render(request, "core/gallery.html", {"icons": icon_names(), **samples()})


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """ "ok" while the process answers and the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


def refusal(template: str, status: int) -> HttpResponse:
    """A page of its own, rendered without the request: it may have failed before it had a user."""
    return HttpResponse(render_to_string(template, {"demo": settings.DEMO}), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request itself cannot be understood."""
    return refusal("400.html", 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or old, most often after a long pause."""
    return refusal("403_csrf.html", 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: nothing was saved."""
    return refusal("500.html", 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: nothing was shown or saved. The transaction may be broken, so the page asks nothing of it."""
    return refusal("503.html", 503)
