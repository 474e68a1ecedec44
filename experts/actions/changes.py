"""Changes of the five kinds (二（二）): reported by one person, verified by another, effective with that."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.chinese import as_written
from core.crypto import decrypt, encrypt
from core.markings import MARKED, find_marking
from core.origin import coming_from
from experts.actions.awards import add_award, verify_award
from experts.actions.register import update_expert
from experts.actions.transfers import Opened, open_after
from experts.effects import FellIll, Transferred, on_illness, on_transfer
from experts.enums import AwardState, ChangeKind
from experts.freshness import Source
from experts.log import ILLNESS
from experts.models import ChangeReport, ChangeState, Expert, Origin

DECIDED = "这项变动已经办理过了。"
OWN = "不能核实自己报送的变动，请由另一人办理。"


def _named(report: ChangeReport) -> list[str]:
    """What an event names: the fields touched, for an illness in a way that the page's log can leave out."""
    return ILLNESS if report.is_illness else ["changes"]


def _about(report: ChangeReport) -> dict[str, Any]:
    return {"kind": "expert", "reference": report.expert.record_number, "fields": _named(report)}


@transaction.atomic
def report_change(*, by: User, expert: Expert, kind: ChangeKind, facts: dict[str, Any]) -> ChangeReport:
    """Report what happened to an expert; nothing of the record changes yet.

    `facts` are columns of ChangeReport; the text about an illness is stored encrypted. PermissionDenied when
    the record is not the user's to change, or of an illness without the right to sensitive fields.
    """
    current = Expert.objects.changeable_by(by).for_page(by).filter(pk=expert.pk).first()
    illness = kind == ChangeKind.SERIOUS_ILLNESS
    if current is None or (illness and not current.may_see_illness):
        raise PermissionDenied
    report = ChangeReport(expert=current, kind=kind, reported_by=by, **facts)
    if illness:
        report.ciphertext, report.key_id = encrypt(report.text, bound_to=report.bound_to)
        report.text = ""
    report.save(force_insert=True)
    record(Verb.REQUEST, by=by, **_about(report))
    return report


def locked(by: User, report: ChangeReport) -> ChangeReport:
    """The report as it stands, held until the transaction ends; its expert is held before it, as everywhere.

    ValidationError when somebody has decided meanwhile, PermissionDenied when it is not the user's to decide.
    """
    experts = Expert.objects.changeable_by(by).select_for_update(of=("self",))
    expert = experts.filter(pk=report.expert_id).first()
    if expert is None:
        raise PermissionDenied
    waiting = ChangeReport.objects.changeable_by(by).waiting().select_for_update(of=("self",))
    current = waiting.filter(pk=report.pk).first()
    if current is None:
        raise ValidationError(DECIDED)
    current.expert = expert
    return current


@transaction.atomic
def verify_change(*, by: User, report: ChangeReport, version: int) -> Opened:
    """State that the report holds, and let it take effect, all or nothing; returns what a transfer opened.

    What changes says in its history that it comes from the report. `version` is that of the record which the
    verifier has seen: StaleSave when somebody saved since. ValidationError says what else is in the way.
    """
    current = locked(by, report)
    if current.reported_by_id == by.pk:
        raise ValidationError(OWN)
    with coming_from(Origin.CHANGE, str(current.uuid)):
        opened = EFFECTS[ChangeKind(current.kind)](by, current, version)
    _decide(by, current, ChangeState.EFFECTIVE)
    record(Verb.CONFIRM, by=by, **_about(current))
    return opened or Opened()


@transaction.atomic
def refuse_change(*, by: User, report: ChangeReport, note: str) -> None:
    """Not accepted, and why; the report stays."""
    current = locked(by, report)
    if current.reported_by_id == by.pk:
        raise ValidationError(OWN)
    note = as_written(note)
    if not note:
        raise ValidationError({"note": "请写明不予采纳的理由。"})
    if find_marking(note):
        raise ValidationError({"note": MARKED})
    _decide(by, current, ChangeState.REFUSED, note)
    record(Verb.CONFIRM, by=by, result="refused", **_about(current))


@transaction.atomic
def withdraw_change(*, by: User, report: ChangeReport) -> None:
    """Taken back by whoever reported it; the report stays."""
    current = locked(by, report)
    if current.reported_by_id != by.pk:
        raise PermissionDenied
    _decide(by, current, ChangeState.WITHDRAWN)
    record(Verb.REVOKE, by=by, **_about(current))


@transaction.atomic
def reveal_illness(*, by: User, report: ChangeReport, reason: str) -> str:
    """Show what was reported of an illness, on the record. The event comes first."""
    reason = as_written(reason)
    if not reason:
        raise ValidationError({"reason": "请写明查看事由。"})
    if find_marking(reason):
        raise ValidationError({"reason": MARKED})
    row = ChangeReport.objects.visible_to(by).filter(pk=report.pk, kind=ChangeKind.SERIOUS_ILLNESS).first()
    if row is None or row.ciphertext is None:
        raise PermissionDenied
    record(Verb.REVEAL, by=by, reason=reason, **_about(row))
    return decrypt(row.ciphertext, key_id=row.key_id, bound_to=row.bound_to)


def _decide(by: User, report: ChangeReport, state: ChangeState, note: str = "") -> None:
    report.state, report.decided_by, report.decided_at, report.note = state, by, timezone.now(), note
    report.save(update_fields=["state", "decided_by", "decided_at", "note"])


# Effects, each inside the transaction of verify_change


def _moved(by: User, report: ChangeReport, version: int) -> Opened | None:
    """The new employer, post and title, confirmed with it; what the report leaves out stays as it is."""
    told = {"employer": report.employer, "post": report.post, "title": report.title}
    facts = {name: value for name, value in told.items() if value}
    update_expert(by=by, expert=report.expert, version=version, facts=facts, source=Source.CHANGE)
    if not report.across and not report.new_unit:
        return None
    report.expert.refresh_from_db()
    on_transfer.happened(Transferred(report.expert, by, frozenset(report.across), report.new_unit))
    return open_after(by=by, report=report, expert=report.expert)


def _honoured(by: User, report: ChangeReport, version: int) -> None:
    """The honour counts at once: this was the second pair of eyes that one outside the catalogue needs."""
    told = {"honour": report.honour, "text": report.text, "year": report.year, "document": report.document}
    award = add_award(by=by, expert=report.expert, facts=told)
    if award.state == AwardState.PENDING:
        verify_award(by=by, award=award, accept=True)


def _fell_ill(by: User, report: ChangeReport, version: int) -> None:
    on_illness.happened(FellIll(report.expert, by))


def _noted(by: User, report: ChangeReport, version: int) -> None:
    """An achievement changes nothing else: it stays on the record as it was reported."""


EFFECTS: dict[ChangeKind, Callable[[User, ChangeReport, int], Opened | None]] = {
    ChangeKind.TRANSFER: _moved,
    ChangeKind.POST_CHANGE: _moved,
    ChangeKind.SERIOUS_ILLNESS: _fell_ill,
    ChangeKind.MAJOR_ACHIEVEMENT: _noted,
    ChangeKind.AWARD: _honoured,
}
