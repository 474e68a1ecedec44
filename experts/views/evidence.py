"""Evidence files: fetched by those who see what they prove, taken back by whoever added them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from experts.actions import evidence as actions
from experts.models import Evidence, EvidencePurpose, Expert
from experts.views.downloads import handed_over
from experts.views.lookup import open_expert


def _evidence(request: UserRequest, expert: Expert, file: str) -> Evidence:
    rows = Evidence.objects.visible_to(request.user).select_related("expert")
    return get_object_or_404(rows, expert=expert, uuid=file)


@require_GET
def evidence(request: UserRequest, uuid: str, file: str) -> FileResponse:
    """The file, never shown inside a page; on the record before anything leaves."""
    kept = _evidence(request, open_expert(request, uuid), file)
    return handed_over(kept.name, lambda: actions.hand_over(by=request.user, evidence=kept))


@require_POST
def evidence_remove(request: UserRequest, uuid: str, file: str) -> HttpResponse:
    kept = _evidence(request, open_expert(request, uuid), file)
    try:
        actions.remove_evidence(by=request.user, evidence=kept)
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    else:
        messages.success(request, "已删除这个文件。")
    return redirect("experts:exit" if kept.purpose == EvidencePurpose.EXIT else "experts:change", kept.about)
