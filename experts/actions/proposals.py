"""Proposals from draft to decision (二（二）): proposed, reviewed and approved by at least two people."""

from collections.abc import Iterable
from datetime import date

from django.contrib.postgres.functions import RandomUUID
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.utils import timezone

from accounts.models import Unit, User
from accounts.unit_settings import effective
from audit.actions import record
from audit.verbs import Verb
from core.bulk import insert_from
from core.markings import find_marking
from experts.enums import Label
from experts.errors import AlreadyDecided, Busy
from experts.exit_reasons import DISCRETIONARY
from experts.models import (
    Expert,
    Proposal,
    ProposalAct,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
)
from experts.models.proposal import OPEN_STATES, ProposalLineQuerySet
from experts.priorities import applying, suggested_scope
from experts.roster import admissible, first_few, named_in, unfit, what_stops
from experts.roster_effects import Report, apply, unheard

WRITABLE = (ProposalState.DRAFT, ProposalState.RETURNED)
LINE = [
    "uuid", "proposal_id", "expert_id", "label", "unit_order", "held", "scope", "category",
    "reason", "note", "conditions_met",
]  # fmt: skip
REVIEWS = "proposal_reviews"  # a unit's setting: how many reviews come before the approval


@transaction.atomic
def draft_proposal(
    *,
    by: User,
    unit: Unit,
    kind: ProposalKind,
    experts: Iterable[Expert],
    effective_on: date | None = None,
    note: str = "",
    reason: str = "",
) -> Proposal:
    """Begin a proposal of the unit with a line for each expert. ValidationError names who does not fit."""
    if not by.may("change", unit.order):
        raise PermissionDenied
    proposal = Proposal.objects.create(
        unit=unit,
        kind=kind,
        effective_on=effective_on or timezone.localdate(),
        note=_checked(note),
        drafted_by=by,
    )
    add_lines(by=by, proposal=proposal, experts=experts, reason=reason)
    record(Verb.CREATE, by=by, kind="proposal", reference=proposal.number)
    return proposal


@transaction.atomic
def propose_all(*, by: User, unit: Unit, experts: QuerySet[Expert], note: str = "") -> Proposal:
    """Begin one admission with a line for each of the experts, in one statement however many they are.

    The set is what `admissible` leaves, so that everybody in it fits. ValidationError when it is empty.
    """
    proposal = draft_proposal(by=by, unit=unit, kind=ProposalKind.ADMIT, experts=[], note=note)
    scope = suggested_scope(applying(unit, proposal.effective_on))
    given = (Value(proposal.pk), "pk", "label", "unit_order", "held", scope, "category")
    blank = (Value(""), Value(""), Value(False))
    chosen = admissible(unit, experts).order_by("sort_key")
    if not insert_from(ProposalLine, LINE, chosen.values_list(RandomUUID(), *given, *blank)):
        raise ValidationError("没有可以提出的专家：都已经在名单上，或须单独提出。")
    return proposal


@transaction.atomic
def add_lines(*, by: User, proposal: Proposal, experts: Iterable[Expert], reason: str = "") -> int:
    """Add experts to a proposal that is being written; those who are in it stay as they are."""
    current = being_written(by, proposal)
    wanted = {each.pk for each in experts}
    known = set(current.lines.filter(expert__in=wanted).values_list("expert_id", flat=True))
    visible = Expert.objects.visible_to(by).filter(pk__in=wanted - known)
    stated = applying(current.unit, current.effective_on)
    chosen = list(visible.annotate(suggested=suggested_scope(stated)).order_by("sort_key"))
    labels = {each.label == Label.RESTRICTED for each in chosen}
    labels |= {
        label == Label.RESTRICTED for label in current.lines.values_list("label", flat=True).distinct()
    }
    if len(labels) > 1:
        raise ValidationError("限知悉的专家须单独成文，不能与其他专家放在一份提案里。")
    if problems := unfit(current.kind, current.unit, chosen):
        raise ValidationError([f"{expert.name}：{why}" for expert, why in problems])
    ProposalLine.objects.bulk_create(
        ProposalLine(
            proposal=current,
            expert=each,
            # To begin with what the rule and the unit's priorities say, nothing for an exit.
            scope="" if current.kind == ProposalKind.EXIT else each.suggested,
            category=each.category,
            reason=reason,
        )
        for each in chosen
    )
    if known:
        record(Verb.CHANGE, by=by, kind="proposal", reference=current.number, fields=["lines"])
    return len(chosen)


@transaction.atomic
def change_head(*, by: User, proposal: Proposal, effective_on: date, note: str) -> None:
    """Set the day and the words of a proposal that is being written."""
    current = being_written(by, proposal)
    current.effective_on, current.note, current.version = effective_on, _checked(note), current.version + 1
    current.save(update_fields=["effective_on", "note", "version"])
    record(Verb.CHANGE, by=by, kind="proposal", reference=current.number, fields=["effective_on", "note"])


@transaction.atomic
def change_lines(
    *,
    by: User,
    proposal: Proposal,
    lines: ProposalLineQuerySet,
    by_rule: bool = False,
    report: Report | None = None,
    **facts: object,
) -> int:
    """Set the same facts on those of the proposal's lines; `by_rule` gives each the scope that the rule and
    the unit's priorities say. Returns how many lines there are.

    `report` is given by a worker, here and in the other acts (`ProposalJob`), and hears how far it is."""
    current = being_written(by, proposal, report)
    _check_reason(facts)
    if by_rule:
        stated = applying(current.unit, current.effective_on)
        experts = Expert.objects.visible_to(by).annotate(suggested=suggested_scope(stated))
        facts["scope"] = Subquery(experts.filter(pk=OuterRef("expert_id")).values("suggested"))
    mine = lines.visible_to(by).filter(proposal=current)
    changed, total = 0, mine.count()
    for batch in mine.in_batches():
        changed += batch.update(**facts)
        (report or unheard)(changed, total)
    record(Verb.CHANGE, by=by, kind="proposal", reference=current.number, fields=["lines", *sorted(facts)])
    return changed


@transaction.atomic
def change_line(*, by: User, line: ProposalLine, **facts: object) -> None:
    """Set scope, category, reason, note or the basic conditions of one line."""
    proposal = being_written(by, line.proposal)
    _check_reason(facts)
    facts["note"] = _checked(str(facts.get("note", line.note)))
    proposal.lines.filter(pk=line.pk).update(**facts)
    record(Verb.CHANGE, by=by, kind="proposal", reference=proposal.number, fields=sorted(facts))


def _check_reason(facts: dict[str, object]) -> None:
    if facts.get("reason") and facts["reason"] not in DISCRETIONARY:
        raise ValidationError({"reason": "应退情形和去世不在这里办理，请从专家页面登记。"})


@transaction.atomic
def remove_lines(*, by: User, proposal: Proposal, lines: ProposalLineQuerySet) -> int:
    """Take those of the proposal's lines out; returns how many."""
    current = being_written(by, proposal)
    removed, _ = lines.visible_to(by).filter(proposal=current).delete()
    record(Verb.CHANGE, by=by, kind="proposal", reference=current.number, fields=["lines"])
    return removed


@transaction.atomic
def submit(*, by: User, proposal: Proposal, note: str = "", report: Report | None = None) -> None:
    """Hand the proposal in. Every line must be complete, and everyone in it must still fit."""
    current = being_written(by, proposal, report)
    lines = current.lines.count()
    if not lines:
        raise ValidationError("提案里还没有专家，请先添加。")
    incomplete = ProposalLine.objects.visible_to(by).filter(proposal=current).incomplete(current.kind)
    named = incomplete.select_related("expert").only("scope", "expert__name").order_by("pk")
    problems = first_few(named, lambda line: f"{line.expert.name}：{missing(current, line)}")
    problems += what_stops(current.kind, current.unit, named_in(by, current))
    if problems:
        raise ValidationError(problems)
    current.state, current.submitted_by, current.reviewed_by = ProposalState.SUBMITTED, by, None
    current.line_count, current.reviews = lines, 0
    _note(current, ProposalStep.SUBMIT, by, note)


def missing(proposal: Proposal, line: ProposalLine) -> str:
    """What an incomplete line lacks."""
    if proposal.kind == ProposalKind.EXIT:
        return "请选择退出理由"
    return "请逐项确认符合基本条件（三）" if line.scope else "请选择联系范围"


@transaction.atomic
def review(*, by: User, proposal: Proposal, note: str = "") -> None:
    """One review; the last of those that the unit asks for sends it on to approval. Nobody reviews twice."""
    current = _locked(by, proposal, ProposalState.SUBMITTED)
    if not by.may("change", current.place):
        raise PermissionDenied
    _sees_all(by, current)
    needed = effective(current.unit, REVIEWS).value
    reviews = current.acts.filter(step=ProposalStep.REVIEW).order_by("-id")[: current.reviews]
    if any(act.by_id == by.pk for act in reviews):
        raise ValidationError("您已经审核过，请由另一人审核。")
    if needed > 1 and by.pk == current.submitted_by_id:
        raise ValidationError("本单位要求多级审核，提交人不能审核，请由他人审核。")
    current.reviews += 1
    current.reviewed_by = by
    if current.reviews >= needed:
        current.state = ProposalState.REVIEWED
    _note(current, ProposalStep.REVIEW, by, note)


@transaction.atomic
def approve(*, by: User, proposal: Proposal, note: str = "", report: Report | None = None) -> None:
    """Approve and apply, all lines or none; ValidationError names the lines that stopped it."""
    current = open_to_approval(by, proposal, report)
    _sees_all(by, current)
    current.state, current.approved_by, current.approved_at = ProposalState.APPROVED, by, timezone.now()
    _note(current, ProposalStep.APPROVE, by, note)
    apply(by=by, proposal=current, report=report or unheard)


@transaction.atomic
def give_back(*, by: User, proposal: Proposal, note: str) -> None:
    """Return it to be mended, by whoever may review or approve it now; a reason is needed."""
    current = _locked(by, proposal, ProposalState.SUBMITTED, ProposalState.REVIEWED)
    right = "approve" if current.state == ProposalState.REVIEWED else "change"
    if not by.may(right, current.place):  # type: ignore[arg-type]
        raise PermissionDenied
    if not note.strip():
        raise ValidationError({"note": "请写明退回的理由，提交人据此修改。"})
    current.state = ProposalState.RETURNED
    _note(current, ProposalStep.RETURN, by, note)


@transaction.atomic
def withdraw(*, by: User, proposal: Proposal, note: str = "") -> None:
    """Take it back for good, by whoever drafted or submitted it."""
    current = _locked(by, proposal, *WRITABLE, ProposalState.SUBMITTED, ProposalState.REVIEWED)
    if by.pk not in {current.drafted_by_id, current.submitted_by_id}:
        raise PermissionDenied
    current.state = ProposalState.WITHDRAWN
    _note(current, ProposalStep.WITHDRAW, by, note)


def _locked(by: User, proposal: Proposal, *states: ProposalState, report: Report | None = None) -> Proposal:
    """The proposal as it stands, held until the end of the transaction; AlreadyDecided when somebody was
    faster, Busy when a worker is at it for another act. With `report` this is that worker's."""
    rows = Proposal.objects.visible_to(by).filter(pk=proposal.pk)
    mine = rows.filter(busy_by=by if report else None)  # never waits for a row that a worker holds
    current = mine.select_related("unit").select_for_update(of=("self",)).first()
    if current is None:
        if rows.filter(busy_by__isnull=False).exists():
            raise Busy
        raise PermissionDenied
    if current.state not in states:
        raise AlreadyDecided(current.get_state_display())
    if report:
        rows.update(busy_by=None, busy_since=None)
        current.busy_by = current.busy_since = None
    return current


def being_written(by: User, proposal: Proposal, report: Report | None = None) -> Proposal:
    """The same of one that the user may write now."""
    current = _locked(by, proposal, *WRITABLE, report=report)
    if not by.may("change", current.place):
        raise PermissionDenied
    return current


def open_to_approval(by: User, proposal: Proposal, report: Report | None = None) -> Proposal:
    """The same of one that waits for approval by this user: never by who has submitted it."""
    current = _locked(by, proposal, ProposalState.REVIEWED, report=report)
    if not by.may("approve", current.place):
        raise PermissionDenied
    if by.pk == current.submitted_by_id:
        raise ValidationError("不能批准自己提交的提案，请由另一人批准。")
    return current


def undecided(by: User, proposal: Proposal) -> Proposal:
    """The same of one that waits, for somebody with a say in it."""
    current = _locked(by, proposal, *OPEN_STATES)
    if not (by.may("change", current.place) or by.may("approve", current.place)):
        raise PermissionDenied
    return current


def _sees_all(by: User, proposal: Proposal) -> None:
    if ProposalLine.objects.visible_to(by).filter(proposal=proposal).count() != proposal.line_count:
        raise ValidationError("提案内容在提交后有变化，请退回，由提交人重新提交。")


def _note(proposal: Proposal, step: ProposalStep, by: User, note: str) -> None:
    """Save the new state, the act and the event."""
    proposal.version += 1
    proposal.save()
    ProposalAct.objects.create(proposal=proposal, step=step, by=by, note=_checked(note))
    verb = Verb.CONFIRM if step in {ProposalStep.REVIEW, ProposalStep.APPROVE} else Verb.REQUEST
    record(verb, by=by, kind="proposal", reference=proposal.number, fields=[step.value])


def _checked(text: str) -> str:
    if mark := find_marking(text):
        raise ValidationError({"note": f"文字带有“{mark}”字样。本系统为非涉密系统，不能录入。"})
    return text.strip()
