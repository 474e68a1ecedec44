"""Asking to restrict a record or to lift the restriction, and deciding it (二（二）)."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts.actions.need_to_know import PROBLEMS, called, checked_reason
from experts.enums import Label
from experts.models import Expert, RestrictionKind, RestrictionRequest, RestrictionState
from experts.models.need_to_know import FEWEST
from experts.people import people_with

# word of the database: what to do
REFUSALS = {
    "unknown": "您不能办理这项申请。",
    "decided": "这项申请已经办理过了。",
    "own": "不能办理自己提出的申请，请由另一人批准。",
    "note": "请写明不批准的理由，不超过 200 字。",
    "listed": "您是申请中的知悉人，不能同时是批准人；请由另一位组织部门负责人批准，或请申请人换人重新申请。",
    "persons": "申请中的知悉人有的已停用或没有角色，请退回，由申请人重新申请。",
    "expiry": "申请的有效期已过，或超过一年，请退回，由申请人重新申请。",
    "reason": PROBLEMS["reason"][1],
}


@transaction.atomic
def request_restriction(*, by: User, expert: Expert, facts: dict[str, Any]) -> RestrictionRequest:
    """Ask that a record be restricted, or be no longer; which of the two follows from its label.

    PermissionDenied when the record is not the user's to change; ValidationError says what is wrong.
    """
    current = Expert.objects.changeable_by(by).select_for_update(of=("self",)).filter(pk=expert.pk).first()
    if current is None:
        raise PermissionDenied
    if RestrictionRequest.objects.visible_to(by).pending().filter(expert=current).exists():
        raise ValidationError("这条记录已有待批准的申请，办理后才能再申请。")
    for name in ("reason", "secrecy_officer"):
        facts[name] = checked_reason(facts[name], name)
    lifting = current.label == Label.RESTRICTED
    if not lifting and current.name in facts["reason"]:
        raise ValidationError({"reason": "安全管理员会看到申请理由，请不要写专家姓名。"})
    if not lifting and people_with("view").filter(pk__in=facts["persons"]).count() < FEWEST:
        raise ValidationError({"persons": "请至少选择两位在用、能查看专家的人员。"})
    asked = RestrictionRequest.objects.create(
        expert=current,
        kind=RestrictionKind.UNRESTRICT if lifting else RestrictionKind.RESTRICT,
        requested_by=by,
        **facts,
    )
    record(Verb.REQUEST, by=by, kind="expert", reference=current.record_number, fields=["restriction"])
    return asked


@transaction.atomic
def decide_restriction(
    *, by: User, asked: RestrictionRequest, decision: RestrictionState, note: str = ""
) -> None:
    """Approve, refuse or withdraw. ValidationError says why not; afterwards the record may be out of sight.

    The event comes first: whoever loses sight of the record could not write about it any more.
    """
    note = checked_reason(note, "note")
    record(
        Verb.REVOKE if decision == RestrictionState.WITHDRAWN else Verb.CONFIRM,
        by=by,
        kind="expert",
        reference=asked.expert.record_number,
        fields=["restriction"],
        result="refused" if decision == RestrictionState.REFUSED else "ok",
    )
    word = called("experts_decide_restriction", asked.uuid, decision.value, note)
    if word != "done":
        raise ValidationError({"note": REFUSALS[word]} if word == "note" else REFUSALS[word])
