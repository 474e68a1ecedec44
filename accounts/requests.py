"""Who makes a request, for views and admin pages behind LoginRequiredMiddleware."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


class UserRequest(HttpRequest):
    """A request whose user has signed in; views that are not public take it."""

    user: User


def signed_in(request: HttpRequest) -> User:
    """The user of a request whose type does not tell; 403 when nobody has signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
