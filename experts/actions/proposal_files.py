"""Files that a proposal rests on (二（二）, 二（三）): added until it is decided, taken back while it is
written, handed over on the record."""

from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts import attachments
from experts.actions.proposals import being_written, undecided
from experts.models import Proposal, ProposalFile
from experts.models.proposal_file import VAULT

MOST = 20  # files of one proposal


def _note(verb: Verb, by: User, proposal: Proposal) -> None:
    record(verb, by=by, kind="proposal", reference=proposal.number, fields=["evidence"])


@transaction.atomic
def add_file(*, by: User, proposal: Proposal, upload: BinaryIO, name: str) -> ProposalFile:
    """Keep a file with a proposal that waits, by whoever has a say in it and sees everybody in it.

    ValidationError says why a file is not accepted, AlreadyDecided that somebody was faster.
    """
    current = undecided(by, proposal)
    if not Proposal.objects.seen_whole_by(by).filter(pk=current.pk).exists():
        raise PermissionDenied
    if current.files.count() >= MOST:
        raise ValidationError({"file": f"一份提案最多附 {MOST} 个文件。"})
    _note(Verb.CHANGE, by, current)
    return attachments.keep(ProposalFile(proposal=current, added_by=by), VAULT, upload, name)


@transaction.atomic
def remove_file(*, by: User, file: ProposalFile) -> None:
    """Take a file back while the proposal is written. PermissionDenied for anybody but who added it."""
    current = being_written(by, file.proposal)
    if file.added_by_id != by.pk:
        raise PermissionDenied
    _note(Verb.CHANGE, by, current)
    attachments.drop(file, VAULT)


def hand_over_file(*, by: User, file: ProposalFile) -> bytes:
    """The file in clear; the event is written before anything leaves. ValidationError when it is gone."""
    _note(Verb.EXPORT, by, file.proposal)
    return attachments.content(file, VAULT)
