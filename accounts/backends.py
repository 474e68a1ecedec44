"""Password sign-in with our own lock, kept in the database."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest

from accounts.actions import note_failed_sign_in
from accounts.models import User


class LockingBackend(BaseBackend):
    """Refuses a locked account even with the right password, and counts failures.

    A locked, a disabled and an unknown account all look like a wrong password and cost the same work.
    The row is locked while the password is tried, so that parallel guesses count one after another.
    """

    @transaction.atomic
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or not password:
            return None
        user = User.objects.select_for_update().filter(username=username).first()
        if user is None:
            make_password(password)
        elif user.check_password(password) and user.is_active and not user.is_locked:
            return user
        note_failed_sign_in(user=user, after=settings.LOCK_AFTER_FAILURES, minutes=settings.LOCK_MINUTES)
        return None

    def get_user(self, user_id: Any) -> User | None:
        """The account with its unit and roles, in the one query that every request needs."""
        return User.objects.get_queryset().with_roles().filter(pk=user_id, is_active=True).order_by().first()
