"""Password sign-in with our own lock, kept in the database."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.actions import note_failed_sign_in
from accounts.models import User


class LockingBackend(AuthenticationBackend):
    """Refuses a locked account even with the right password, and counts failures.

    A locked, a disabled and an unknown account all look like a wrong password until the password is right.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        username = (credentials.get("username") or "").strip()
        locked = User.objects.filter(username=username, locked_until__gt=timezone.now()).exists()
        user = super().authenticate(request, **credentials)
        if locked:
            return None
        if user is None and username:
            note_failed_sign_in(
                username=username, after=settings.LOCK_AFTER_FAILURES, minutes=settings.LOCK_MINUTES
            )
        return user

    def get_user(self, user_id: Any) -> User | None:
        """The account with its unit, in the one query that every request needs."""
        user = User.objects.select_related("unit").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None
