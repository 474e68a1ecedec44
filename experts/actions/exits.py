"""Mandatory exits 应退 (二（三）): registered, the expert heard, approved at two levels, reviewed.

What is said in a case is encrypted and has a right of its own. Events name the case by the record's number
under a kind of their own, so that the record's log does not tell that there is one.
"""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.unit_settings import effective
from audit.actions import record
from audit.verbs import Verb
from core.chinese import as_written
from core.crypto import decrypt
from core.markings import MARKED, find_marking
from core.workdays import add_workdays
from experts.exit_closing import close_entries, reopen_entries
from experts.exit_texts import bound_to, sealed_text
from experts.models import ExitState, ExitText, ExitTextKind, Expert, MandatoryExit, ReviewState
from experts.people import deciders_of

DAYS = "mandatory_exit_days"  # a unit's setting, in working days
DECIDED = "这件应退事项已经办理过了。"


@transaction.atomic
def register_exit(
    *, by: User, expert: Expert, known_on: date, texts: Mapping[ExitTextKind, str]
) -> MandatoryExit:
    """Open a case with reason, facts and conclusion document; due in the unit's working days.

    PermissionDenied without the rights to change the record and to its sensitive fields, and about the dead.
    """
    current = Expert.objects.changeable_by(by).for_page(by).filter(pk=expert.pk).first()
    if current is None or not current.may_see_illness or current.died_on:
        raise PermissionDenied
    days = effective(current.unit, DAYS).value
    case = MandatoryExit(
        expert=current, known_on=known_on, due_on=add_workdays(known_on, days), registered_by=by
    )
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError("这位专家已有待审批的应退事项，请在原事项中办理。") from error
    _say(case, texts)
    _record(Verb.REQUEST, by, case, "register")
    return case


@transaction.atomic
def note_told(*, by: User, case: MandatoryExit, told_on: date | None, untold: str = "") -> None:
    """The expert was told on that day, or why they could not be."""
    current = locked_case(by, case)
    _must_be_pending(current)
    if current.is_heard:
        raise ValidationError("已经记录过告知情况。")
    untold = as_written(untold)
    if (told_on is None) == (not untold):
        raise ValidationError("请填告知日期；确实无法告知的，只填原因。")
    if told_on and not current.known_on <= told_on <= timezone.localdate():
        raise ValidationError({"told_on": "告知日期不能早于知悉日期，也不能晚于今天。"})
    current.told_on, current.could_not_be_told = told_on, told_on is None
    current.save(update_fields=["told_on", "could_not_be_told"])
    _say(current, {ExitTextKind.UNTOLD: untold})
    _record(Verb.CHANGE, by, current, "told")


@transaction.atomic
def attach_statement(*, by: User, case: MandatoryExit, text: str) -> None:
    """What the expert says in answer; once, and before the decision."""
    current = locked_case(by, case)
    _must_be_pending(current)
    if not as_written(text):
        raise ValidationError({"text": "请填写本人申辩的内容。"})
    if current.texts.filter(kind=ExitTextKind.STATEMENT).exists():
        raise ValidationError("已经附过本人申辩。")
    _say(current, {ExitTextKind.STATEMENT: text})
    _record(Verb.CHANGE, by, current, "statement")


@transaction.atomic
def check_exit(*, by: User, case: MandatoryExit, opinion: str = "") -> None:
    """The first of the two levels: the facts rest on the document. By another than who registered it, and not
    by the only one who could approve it then."""
    current = locked_case(by, case)
    _must_be_pending(current)
    if current.checked_by_id:
        raise ValidationError("这件应退事项已经审核过了，等待审批。")
    if by.pk == current.registered_by_id:
        raise ValidationError("不能审核自己登记的应退事项，请由另一人审核。")
    if not deciders_of(current.expert).exclude(pk__in=[by.pk, current.registered_by_id]).exists():
        raise ValidationError("审核以后须由另一位负责人审批，能审批的只有您，请由其他人审核。")
    current.checked_by, current.checked_at = by, timezone.now()
    current.save(update_fields=["checked_by", "checked_at"])
    _say(current, {ExitTextKind.CHECK: opinion})
    _record(Verb.CONFIRM, by, current, "check")


@transaction.atomic
def approve_exit(*, by: User, case: MandatoryExit, opinion: str = "") -> None:
    """The expert leaves the rosters of the units that the approver reaches. Checked and heard first."""
    current = _decided_by(by, case)
    checker = current.checked_by
    if checker is None:
        raise ValidationError("应退须经两级审批：请先由登记人以外的另一人审核。")
    if by.pk == checker.pk:
        raise ValidationError("您已经审核过，请由另一位负责人审批。")
    if not current.is_heard:
        raise ValidationError("请先告知本人并记录；确实无法告知的，记录原因后再批准。")
    current.proposals = close_entries(
        by=by, asked_by=current.registered_by, reviewed_by=checker, expert=current.expert
    )
    _decide(by, current, ExitState.APPROVED, opinion)


@transaction.atomic
def refuse_exit(*, by: User, case: MandatoryExit, opinion: str) -> None:
    """Not approved, and why; the case stays on record."""
    current = _decided_by(by, case)
    if not as_written(opinion):
        raise ValidationError({"opinion": "不批准的，请写明理由。"})
    _decide(by, current, ExitState.REFUSED, opinion)


@transaction.atomic
def ask_review(*, by: User, case: MandatoryExit, reason: str) -> None:
    """Ask that an approved exit be looked at again, with what is new."""
    current = locked_case(by, case)
    if current.state != ExitState.APPROVED or current.review != ReviewState.NONE:
        raise ValidationError("只能对已退出、未复核过的事项申请复核。")
    if not as_written(reason):
        raise ValidationError({"reason": "请写明复核理由和新的事实文件。"})
    current.review, current.review_asked_by, current.review_asked_at = ReviewState.ASKED, by, timezone.now()
    current.save(update_fields=["review", "review_asked_by", "review_asked_at"])
    _say(current, {ExitTextKind.REVIEW_REASON: reason})
    _record(Verb.REQUEST, by, current, "review")


@transaction.atomic
def decide_review(*, by: User, case: MandatoryExit, outcome: ReviewState, opinion: str) -> None:
    """Uphold, or reverse: then the expert is readmitted where the case closed an entry, and what was said is
    shown to nobody but who approves, for a reason."""
    current = locked_case(by, case, to_decide=True)
    if current.review != ReviewState.ASKED:
        raise ValidationError("这项复核已经办理过了。")
    if problem := against_reviewing(by, current):
        raise ValidationError(problem)
    if not as_written(opinion):
        raise ValidationError({"opinion": "请写明复核意见。"})
    current.review, current.review_by, current.review_at = outcome, by, timezone.now()
    if outcome == ReviewState.REVERSED:
        current.state = ExitState.REVERSED
        asker = current.review_asked_by
        assert asker is not None  # constraint exit_review_asked_whole
        reopen_entries(
            by=by, asked_by=asker, reviewed_by=by, expert=current.expert, closed_by=current.proposals
        )
    _say(current, {ExitTextKind.REVIEW_OPINION: opinion})
    current.save(update_fields=["review", "review_by", "review_at", "state"])
    _record(Verb.CONFIRM, by, current, "review", "refused" if outcome == ReviewState.UPHELD else "ok")


def against_reviewing(by: User, case: MandatoryExit) -> str:
    """What keeps one of those who decide from deciding this review, or nothing: not who has asked for it; who
    approved the exit only where there is nobody else."""
    if by.pk == case.review_asked_by_id:
        return "不能决定自己申请的复核，请由另一人办理。"
    others = deciders_of(case.expert).exclude(pk__in=[by.pk, case.review_asked_by_id])
    if by.pk == case.decided_by_id and others.exists():
        return "复核请由原审批人以外的负责人办理。"
    return ""


@transaction.atomic
def reveal_exit(*, by: User, case: MandatoryExit, kind: ExitTextKind, reason: str) -> str:
    """Show one text of a case, on the trail. The event comes first: without it nothing is shown."""
    reason = as_written(reason)
    if not reason:
        raise ValidationError({"reason": "请写明查看事由。"})
    if find_marking(reason):
        raise ValidationError({"reason": MARKED})
    row = ExitText.objects.visible_to(by).filter(case=case, kind=kind).first()
    if row is None:
        raise PermissionDenied
    record(
        Verb.REVEAL,
        by=by,
        kind="exit",
        reference=case.expert.record_number,
        fields=[kind.value],
        reason=reason,
    )
    return decrypt(row.ciphertext, key_id=row.key_id, bound_to=bound_to(case.uuid, kind))


def locked_case(by: User, case: MandatoryExit, *, to_decide: bool = False) -> MandatoryExit:
    """The case as it stands, held with its expert until the transaction ends. PermissionDenied when it is not
    the user's to change or, `to_decide`, to decide."""
    changeable = Expert.objects.changeable_by(by).select_for_update(of=("self",)).filter(pk=case.expert_id)
    if not list(changeable.values_list("pk")):
        raise PermissionDenied
    rows = MandatoryExit.objects.changeable_by(by).select_related(
        "expert__unit", "registered_by", "checked_by"
    )
    if to_decide:
        rows = rows.filter(pk__in=MandatoryExit.objects.decidable_by(by).values("pk"))
    current = rows.select_for_update(of=("self",)).filter(pk=case.pk).first()
    if current is None:
        raise PermissionDenied
    return current


def _must_be_pending(case: MandatoryExit) -> None:
    if not case.is_pending:
        raise ValidationError(DECIDED)


def _decided_by(by: User, case: MandatoryExit) -> MandatoryExit:
    current = locked_case(by, case, to_decide=True)
    _must_be_pending(current)
    if by.pk == current.registered_by_id:
        raise ValidationError("不能审批自己登记的应退事项，请由另一位负责人办理。")
    return current


def _decide(by: User, case: MandatoryExit, state: ExitState, opinion: str) -> None:
    _say(case, {ExitTextKind.OPINION: opinion})
    case.state, case.decided_by, case.decided_at = state, by, timezone.now()
    case.save(update_fields=["state", "decided_by", "decided_at", "proposals"])
    _record(Verb.CONFIRM, by, case, "decision", "refused" if state == ExitState.REFUSED else "ok")


def _say(case: MandatoryExit, texts: Mapping[ExitTextKind, str]) -> None:
    """Encrypt and keep what is said; nothing for what is empty."""
    said = {kind: as_written(text) for kind, text in texts.items()}
    if any(find_marking(text) for text in said.values()):
        raise ValidationError(MARKED)
    ExitText.objects.bulk_create(sealed_text(case, kind, text) for kind, text in said.items() if text)


def _record(verb: Verb, by: User, case: MandatoryExit, act: str, result: str = "ok") -> None:
    record(verb, by=by, kind="exit", reference=case.expert.record_number, fields=[act], result=result)
