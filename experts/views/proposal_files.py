"""The files of a proposal: added, fetched, taken back."""

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from experts.actions import proposal_files as actions
from experts.forms.changes import EvidenceForm
from experts.models import Proposal, ProposalFile
from experts.proposal_page import may_act
from experts.views.downloads import handed_over
from experts.views.proposals import UNPROCESSABLE, opened, page_of, tried


@require_POST
def file_add(request: UserRequest, uuid: str) -> HttpResponse:
    proposal, user = opened(request, uuid), request.user
    if not may_act(user, proposal):
        raise PermissionDenied
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        return page_of(request, proposal, status=UNPROCESSABLE, upload=form)
    upload = form.cleaned_data["file"]
    add = lambda: actions.add_file(by=user, proposal=proposal, upload=upload, name=upload.name)  # noqa: E731
    return tried(request, proposal, form, add, "已上传。", upload=form)


def _file(request: UserRequest, proposal: Proposal, file: str) -> ProposalFile:
    rows = ProposalFile.objects.visible_to(request.user).filter(proposal=proposal)
    return get_object_or_404(rows.select_related("proposal"), uuid=file)


@require_GET
def file(request: UserRequest, uuid: str, file: str) -> FileResponse:
    """The file, on the record before anything leaves."""
    kept = _file(request, opened(request, uuid), file)
    return handed_over(kept.name, lambda: actions.hand_over_file(by=request.user, file=kept))


@require_POST
def file_remove(request: UserRequest, uuid: str, file: str) -> HttpResponse:
    proposal, form = opened(request, uuid), EvidenceForm()
    kept = _file(request, proposal, file)
    remove = lambda: actions.remove_file(by=request.user, file=kept)  # noqa: E731
    return tried(request, proposal, form, remove, "已删除这个文件。", upload=form)
