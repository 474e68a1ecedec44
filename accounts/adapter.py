"""Sign-in only: accounts are opened by the system administrator."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from accounts.actions import note_sign_in
from accounts.models import User
from audit.actions import record
from audit.verbs import Verb


class ClosedAccountAdapter(DefaultAccountAdapter):
    """No sign-up, no e-mail; signs in and out on the record."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "用户名或密码不对，或账号已被锁定。连续输错 5 次锁定 30 分钟，可联系系统管理员。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        note_sign_in(user=user)
        return super().post_login(request, user, **kwargs)

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            record(Verb.SIGN_OUT, by=request.user, kind="user", reference=request.user.get_username())
        super().logout(request)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """allauth's own messages ("Successfully signed in as …") say nothing new."""
