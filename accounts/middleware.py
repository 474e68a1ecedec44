"""Sessions end when idle and at the end of the working day, whatever the browser keeps."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

STARTED, SEEN = "started_at", "seen_at"
WRITE_EVERY = 60  # seconds between two writes of SEEN, so that reading costs no write


class SessionLimitsMiddleware:
    """Signs out after SESSION_IDLE_MINUTES without a request or SESSION_HOURS in all; holds back a user
    who must change the password first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            if self._has_ended(request, now):
                logout(request)
                messages.info(request, "登录已过期，请重新登录。")
                return redirect(settings.LOGIN_URL)
            if self._must_change_password(request):
                return redirect("account_change_password")
        return self.get_response(request)

    def _has_ended(self, request: HttpRequest, now: int) -> bool:
        session = request.session
        started, seen = session.setdefault(STARTED, now), session.get(SEEN, now)
        if now - seen > settings.SESSION_IDLE_MINUTES * 60 or now - started > settings.SESSION_HOURS * 3600:
            return True
        if SEEN not in session or now - seen > WRITE_EVERY:
            session[SEEN] = now
        return False

    def _must_change_password(self, request: HttpRequest) -> bool:
        allowed = {reverse("account_change_password"), reverse("account_logout")}
        return request.user.must_change_password and request.path not in allowed  # type: ignore[union-attr]
