"""Sign-in only: accounts are opened by the system administrator."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from accounts.actions import note_sign_in, note_sign_out
from accounts.models import User

REFUSED = (
    "用户名或密码不对，或账号已被锁定。"
    f"连续输错 {settings.LOCK_AFTER_FAILURES} 次锁定 {settings.LOCK_MINUTES} 分钟，可联系系统管理员。"
)


class ClosedAccountAdapter(DefaultAccountAdapter):
    """No sign-up, no e-mail; signs in and out on the record."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": REFUSED,
        "enter_current_password": "现在的密码不对。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        note_sign_in(user=user)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            note_sign_out(user=request.user)
        super().logout(request)

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url(settings.LOGIN_URL)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        messages.success(request, "密码已修改。")
        return resolve_url(settings.LOGIN_REDIRECT_URL)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """allauth's own messages ("Successfully signed in as …") say nothing new."""
