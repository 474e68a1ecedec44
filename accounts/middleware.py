"""Sessions end when idle and at the end of the working day, whatever the browser keeps."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse

from accounts.actions import note_sign_out
from accounts.models import User
from core.context import Acting, acting_as
from core.errors import Unavailable
from core.requests import client_address
from core.views import unavailable

STARTED, SEEN = "started_at", "seen_at"
UNATTENDED = "X-Unattended"  # what a page asks for by itself is no activity of its reader (static/js/bell.js)
WRITE_EVERY = 60  # seconds between two writes of SEEN, so that reading costs no write


class SessionLimitsMiddleware:
    """Signs out after SESSION_IDLE_MINUTES without a request or SESSION_HOURS in all; holds back a user
    who must change the password first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            if self._has_ended(request, int(time.time())):
                return self._sign_out(request, user)
            if user.must_change_password and request.path not in self._open_to_all():
                return redirect("account_change_password")
        return self.get_response(request)

    def _has_ended(self, request: HttpRequest, now: int) -> bool:
        session = request.session
        started, seen = session.setdefault(STARTED, now), session.get(SEEN, now)
        if now - seen > settings.SESSION_IDLE_MINUTES * 60 or now - started > settings.SESSION_HOURS * 3600:
            return True
        if SEEN not in session or (now - seen > WRITE_EVERY and UNATTENDED not in request.headers):
            session[SEEN] = now
        return False

    def _sign_out(self, request: HttpRequest, user: User) -> HttpResponse:
        address = client_address(request)
        try:
            with acting_as(Acting(user.pk, user.username, address, "web")):
                note_sign_out(user=user, reason="登录过期")
        except Unavailable:
            return unavailable(request)
        logout(request)
        messages.info(request, "登录已过期，请重新登录。")
        if request.method == "GET":
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        return redirect(settings.LOGIN_URL)

    def _open_to_all(self) -> set[str]:
        return {reverse("account_change_password"), reverse("account_logout")}
