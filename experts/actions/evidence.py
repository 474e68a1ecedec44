"""Evidence of a reported change: added and taken back by its reporter while it waits, handed over on the
record."""

import secrets
from typing import Any, BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts.actions.changes import locked
from experts.evidence import Refused, accepted
from experts.log import ILLNESS
from experts.models import ChangeReport, Evidence, EvidencePurpose
from experts.models.evidence import VAULT

MOST = 10  # files of one report


def _about(evidence: Evidence) -> dict[str, Any]:
    fields = [*ILLNESS, "evidence"] if evidence.is_sensitive else ["evidence"]
    return {"kind": "expert", "reference": evidence.expert.record_number, "fields": fields}


def _own(by: User, report: ChangeReport) -> ChangeReport:
    current = locked(by, report)
    if current.reported_by_id != by.pk:
        raise PermissionDenied
    return current


@transaction.atomic
def add_evidence(*, by: User, report: ChangeReport, upload: BinaryIO, name: str) -> Evidence:
    """Keep a file with a report. ValidationError says why a file is not accepted.

    The name of a file about an illness may say which one, so it is not kept.
    """
    current = _own(by, report)
    kept = Evidence.objects.visible_to(by).of(EvidencePurpose.CHANGE, current.uuid)
    if kept.count() >= MOST:
        raise ValidationError({"file": f"一项变动最多附 {MOST} 个文件。"})
    try:
        file = accepted(upload, name)
    except Refused as problem:
        raise ValidationError({"file": str(problem)}) from None
    evidence = Evidence(
        expert=current.expert,
        purpose=EvidencePurpose.CHANGE,
        about=current.uuid,
        is_sensitive=current.is_illness,
        name=f"附件.{file.kind}" if current.is_illness else file.name,
        size=len(file.data),
        stored_as=secrets.token_hex(16),
        added_by=by,
    )
    evidence.stored_key = VAULT.keep(evidence.stored_as, file.data, bound_to=evidence.bound_to)
    try:
        evidence.save(force_insert=True)
        record(Verb.CREATE, by=by, **_about(evidence))
    except BaseException:
        VAULT.forget(evidence.stored_as)
        raise
    return evidence


@transaction.atomic
def remove_evidence(*, by: User, evidence: Evidence) -> None:
    """Take a file back while the report waits. PermissionDenied for anybody but its reporter."""
    reports = ChangeReport.objects.visible_to(by).filter(uuid=evidence.about)
    report = reports.filter(expert=evidence.expert_id).first()
    if report is None or evidence.purpose != EvidencePurpose.CHANGE:
        raise PermissionDenied
    _own(by, report)
    record(Verb.DELETE, by=by, **_about(evidence))
    stored_as = evidence.stored_as
    evidence.delete()
    transaction.on_commit(lambda: VAULT.forget(stored_as))


def hand_over(*, by: User, evidence: Evidence) -> bytes:
    """The file in clear; the event is written before anything leaves. ValidationError when it is gone."""
    record(Verb.EXPORT, by=by, **_about(evidence))
    try:
        return VAULT.read(evidence.stored_as, key_id=evidence.stored_key, bound_to=evidence.bound_to)
    except OSError:
        raise ValidationError("文件已不在，请联系系统管理员。") from None
