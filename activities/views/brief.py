"""走访一页纸 before a visit: on the phone, and printed on one sheet."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from activities.briefing import brief_of
from audit.actions import record
from audit.verbs import Verb
from experts.views.lookup import open_expert


@require_GET
def brief(request: UserRequest, uuid: str) -> HttpResponse:
    """It is made to be carried out of the house, so opening it is on the record."""
    expert = open_expert(request, uuid)
    record(Verb.VIEW, by=request.user, kind="expert", reference=expert.record_number, fields=["brief"])
    context = {"expert": expert} | brief_of(request.user, expert)
    return render(request, "activities/brief.html", context)
