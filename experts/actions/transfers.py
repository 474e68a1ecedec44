"""What a verified transfer opens (二（二）, 二（三）): the draft of a proposal that the expert leaves the
roster, and the question to the new unit whether it takes the expert over."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.origin import coming_from
from experts.actions.need_to_know import called, checked_reason
from experts.actions.proposals import draft_proposal
from experts.exit_reasons import ExitReason
from experts.freshness import Source, confirm_fields
from experts.models import (
    Across,
    ChangeReport,
    Expert,
    Origin,
    Proposal,
    ProposalKind,
    ProposalLine,
    RosterEntry,
    TakeOver,
    TakeOverState,
)
from experts.roster import unfit
from experts.telling import tell_unit

REASONS = {
    Across.REGION: ExitReason.CROSS_REGION_TRANSFER,
    Across.DEPARTMENT: ExitReason.CROSS_DEPARTMENT_TRANSFER,
    Across.FIELD: ExitReason.CROSS_FIELD_TRANSFER,
}
ASKED = "有一位专家是否由您单位接着联系，请答复。"
ACCEPTED = "您单位征询的一位专家，对方单位已经接转。"
DECLINED = "您单位征询的一位专家，对方单位没有接转，请看答复意见。"
# word of the database: what to do
REFUSALS = {
    "decided": "这项征询已经办理过了。",
    "own": "征询是您发出的，请由对方单位的另一人答复。",
    "note": "不接转的，请写明原因，对方单位据此安排。",
    "death": "这位专家已登记去世，不用接转。",
}


@dataclass(frozen=True)
class Opened:
    """What a verified transfer has opened."""

    proposal: Proposal | None = None
    takeover: TakeOver | None = None


def open_after(*, by: User, report: ChangeReport, expert: Expert) -> Opened:
    """Inside the transaction that verifies the report, with the expert as changed by it."""
    return Opened(
        propose_exit(by=by, report=report, expert=expert), ask_unit(by=by, report=report, expert=expert)
    )


def propose_exit(*, by: User, report: ChangeReport, expert: Expert) -> Proposal | None:
    """Whoever moves across region, department or field may leave the roster (二（三）): draft the exit from
    the managing unit's. None when nothing was crossed, the expert is not on it or already in such a proposal,
    or the proposal is not the user's to draft."""
    crossed = [REASONS[across] for across in Across if across in report.across]
    unit = expert.unit
    if not crossed or not by.may("change", unit.order) or unfit(ProposalKind.EXIT, unit, [expert]):
        return None
    lines = ProposalLine.objects.visible_to(by).filter(expert=expert)
    under_way = Proposal.objects.visible_to(by).waiting().filter(unit=unit, kind=ProposalKind.EXIT)
    if under_way.filter(pk__in=lines.values("proposal")).exists():
        return None
    note = f"据 {report.happened_on} 的工作调动（{report.across_text}）起草。"
    return draft_proposal(
        by=by, unit=unit, kind=ProposalKind.EXIT, experts=[expert], note=note, reason=crossed[0].value
    )


def ask_unit(*, by: User, report: ChangeReport, expert: Expert) -> TakeOver | None:
    """Ask the unit that the report names; an earlier question to another is withdrawn. None when there is
    nobody to ask."""
    unit = report.new_unit
    if unit is None or unit.pk == expert.unit_id or expert.died_on:
        return None
    for earlier in TakeOver.objects.changeable_by(by).waiting().filter(expert=expert):
        withdraw(by=by, takeover=earlier)
    asked = TakeOver.objects.create(
        expert=expert,
        report=report,
        unit=unit,
        from_unit=expert.unit,
        asked_by=by,
        name=expert.name,
        employer=expert.employer,
        post=expert.post,
        title=expert.title,
    )
    record(Verb.REQUEST, by=by, kind="expert", reference=expert.record_number, fields=["takeover"])
    tell_unit(expert, unit=unit, text=ASKED, page=reverse("experts:takeovers"))
    return asked


@transaction.atomic
def answer(*, by: User, takeover: TakeOver, accept: bool, note: str = "") -> Proposal | None:
    """Take the expert over, or say why not. Accepting moves the record to the unit that was asked and drafts
    its proposal to admit; the unit that had it sees it as long as its roster has the expert.

    Returns the proposal, if there is one. PermissionDenied when it is not the user's to answer,
    ValidationError when somebody was faster or something is missing.
    """
    note = checked_reason(note, "note")
    with coming_from(Origin.CHANGE, _report_of(takeover)):
        _done(
            called(
                "experts_answer_takeover",
                takeover.uuid,
                accept,
                note,
                ACCEPTED if accept else DECLINED,
                reverse("experts:takeover", args=[takeover.uuid]),
                reverse("experts:takeovers"),
            )
        )
        if not accept:
            key = str(takeover.uuid)
            record(Verb.CONFIRM, by=by, kind="takeover", reference=key, result="refused")
            return None
        expert = Expert.objects.changeable_by(by).select_related("unit").get(pk=takeover.expert_id)
        expert.save(update_fields=confirm_fields(expert, ["unit"], by=by, source=Source.CHANGE))
    record(Verb.CONFIRM, by=by, kind="expert", reference=expert.record_number, fields=["takeover"])
    return _admit(by, expert)


def _report_of(takeover: TakeOver) -> str:
    """The key of the report that opened the question, as far as this user may read it."""
    found = ChangeReport.objects.filter(pk=takeover.report_id).values_list("uuid", flat=True)
    return str(found.first() or "")


def _admit(by: User, expert: Expert) -> Proposal | None:
    """The new unit's own proposal: to admit, or to readmit whom its roster has had before."""
    before = RosterEntry.objects.of(expert.unit).filter(expert=expert).exists()
    kind = ProposalKind.READMIT if before else ProposalKind.ADMIT
    if unfit(kind, expert.unit, [expert]):
        return None
    return draft_proposal(by=by, unit=expert.unit, kind=kind, experts=[expert], note="据接转征询起草。")


@transaction.atomic
def withdraw(*, by: User, takeover: TakeOver) -> None:
    """Ask no more; by whoever may change the expert. ValidationError when it was answered meanwhile."""
    asked = TakeOver.objects.changeable_by(by).filter(pk=takeover.pk)
    if not asked.exists():
        raise PermissionDenied
    now = timezone.now()
    if not asked.waiting().update(state=TakeOverState.WITHDRAWN, decided_by=by, decided_at=now):
        raise ValidationError(REFUSALS["decided"])
    number = takeover.expert.record_number
    record(Verb.REVOKE, by=by, kind="expert", reference=number, fields=["takeover"])


def _done(word: str) -> None:
    if word == "unknown":
        raise PermissionDenied
    if word != "done":
        raise ValidationError({"note": REFUSALS[word]} if word == "note" else REFUSALS[word])
