"""The type of a request behind LoginRequiredMiddleware."""

from django.http import HttpRequest

from accounts.models import User


class UserRequest(HttpRequest):
    """A request whose user has signed in; views that are not public take it."""

    user: User
