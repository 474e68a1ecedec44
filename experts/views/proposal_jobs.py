"""Work on a large proposal in the background: how far it is, stopping it, beginning again."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from accounts.requests import UserRequest
from experts.actions import proposal_jobs as actions
from experts.models import Proposal
from experts.proposal_page import may_act, work_context
from experts.views.proposals import opened


@require_GET
def work_progress(request: UserRequest, uuid: str) -> HttpResponse:
    """Asks the browser to load the page anew once the work has ended."""
    proposal = opened(request, uuid)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("proposals:detail", proposal.uuid)
    if not proposal.busy_by_id:
        return HttpResponseClientRefresh()
    return render(request, "experts/proposal_progress.html", work_context(request.user, proposal))


@require_POST
def work_stop(request: UserRequest, uuid: str) -> HttpResponse:
    stop = lambda proposal: actions.stop(by=request.user, proposal=proposal)  # noqa: E731
    return _act(request, uuid, stop, "已要求停止，正在收尾；没有写入的内容不会保留。")


@require_POST
def work_restart(request: UserRequest, uuid: str) -> HttpResponse:
    """Queue it again, when no worker is at it."""
    again = lambda proposal: actions.begin_again(by=request.user, proposal=proposal)  # noqa: E731
    return _act(request, uuid, again, "已重新开始。")


def _act(request: UserRequest, uuid: str, act: Callable[[Proposal], None], done: str) -> HttpResponse:
    proposal = opened(request, uuid)
    if not may_act(request.user, proposal):
        raise PermissionDenied
    try:
        act(proposal)
    except ValidationError as problem:
        messages.error(request, "；".join(problem.messages))
    else:
        messages.success(request, done)
    return redirect("proposals:detail", proposal.uuid)
