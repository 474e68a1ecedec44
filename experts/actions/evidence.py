"""Files that prove a reported change or belong to a mandatory exit: added and taken back by whoever is at it
while it waits, handed over on the record."""

from typing import Any, BinaryIO, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts import attachments
from experts.actions.changes import locked
from experts.actions.exits import locked_case
from experts.log import ILLNESS
from experts.models import ChangeReport, Evidence, EvidencePurpose, ExitPaper, MandatoryExit
from experts.models.evidence import VAULT

Row = TypeVar("Row", ChangeReport, MandatoryExit)
MOST = 10  # files of one report or case
DECIDED = "这件应退事项已经办理，不能再改动材料。"


def _about(evidence: Evidence) -> dict[str, Any]:
    """How the trail names it. Of an exit under a kind of its own: the record's log does not tell of cases."""
    reference = evidence.expert.record_number
    if evidence.purpose == EvidencePurpose.EXIT:
        return {"kind": "exit", "reference": reference, "fields": ["evidence"]}
    fields = [*ILLNESS, "evidence"] if evidence.is_sensitive else ["evidence"]
    return {"kind": "expert", "reference": reference, "fields": fields}


def _own(by: User, report: ChangeReport) -> ChangeReport:
    current = locked(by, report)
    if current.reported_by_id != by.pk:
        raise PermissionDenied
    return current


def _open(by: User, case: MandatoryExit) -> MandatoryExit:
    current = locked_case(by, case)
    if not current.is_open:
        raise ValidationError(DECIDED)
    return current


@transaction.atomic
def add_evidence(*, by: User, report: ChangeReport, upload: BinaryIO, name: str) -> Evidence:
    """Keep a file with a report. ValidationError says why a file is not accepted.

    The name of a file about an illness may say which one, so it is not kept.
    """
    current = _own(by, report)
    called = "附件" if current.is_illness else ""
    facts = {"purpose": EvidencePurpose.CHANGE, "about": current.uuid, "is_sensitive": current.is_illness}
    return _add(by, Evidence(expert=current.expert, **facts), upload, name, called)


@transaction.atomic
def add_exit_paper(
    *, by: User, case: MandatoryExit, paper: ExitPaper, upload: BinaryIO, name: str
) -> Evidence:
    """Keep a paper with a case that is open. ValidationError says why a file is not accepted."""
    current = _open(by, case)
    facts = {"purpose": EvidencePurpose.EXIT, "about": current.uuid, "is_sensitive": True}
    return _add(by, Evidence(expert=current.expert, **facts), upload, name, paper.label)


def _add(by: User, evidence: Evidence, upload: BinaryIO, name: str, called: str) -> Evidence:
    """Check and store the file under its own name, or as it is `called`."""
    kept = Evidence.objects.visible_to(by).of(EvidencePurpose(evidence.purpose), evidence.about)
    if kept.count() >= MOST:
        raise ValidationError({"file": f"一项最多附 {MOST} 个文件。"})
    record(Verb.CREATE, by=by, **_about(evidence))
    evidence.added_by = by
    return attachments.keep(evidence, VAULT, upload, name, called)


@transaction.atomic
def remove_evidence(*, by: User, evidence: Evidence) -> None:
    """Take a file back while the report or case waits. PermissionDenied for anybody but who added it."""
    if evidence.added_by_id != by.pk:
        raise PermissionDenied
    if evidence.purpose == EvidencePurpose.EXIT:
        _open(by, _found(MandatoryExit.objects.visible_to(by), evidence))
    else:
        _own(by, _found(ChangeReport.objects.visible_to(by), evidence))
    record(Verb.DELETE, by=by, **_about(evidence))
    attachments.drop(evidence, VAULT)


def _found(rows: QuerySet[Row], evidence: Evidence) -> Row:
    """What the file belongs to."""
    row = rows.filter(uuid=evidence.about, expert=evidence.expert_id).first()
    if row is None:
        raise PermissionDenied
    return row


def hand_over(*, by: User, evidence: Evidence) -> bytes:
    """The file in clear; the event is written before anything leaves. ValidationError when it is gone."""
    record(Verb.EXPORT, by=by, **_about(evidence))
    return attachments.content(evidence, VAULT)
