"""A proposal to change a roster as the form that is signed (二（二）, 二（三）)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from experts.enums import Label
from experts.exit_reasons import ExitReason
from experts.forms.proposals import BASIC_CONDITIONS
from experts.models import (
    Proposal,
    ProposalAct,
    ProposalFile,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
    RosterEntry,
)
from experts.proposal_page import ADMITTING
from reports.models import Document, Export, Format
from reports.sources.base import Source
from reports.words import chinese_day

OFF, LEAVES = "不在名单", "退出"
# What an act says on the form when nothing was written with it: a signed box is never empty.
SAID = {
    ProposalStep.SUBMIT: "提请审核。",
    ProposalStep.REVIEW: "同意，提请审批。",
    ProposalStep.APPROVE: "同意。",
}


def signed(by: Any = None, at: Any = None, note: str = "") -> dict[str, str]:
    """One box of a form; blank while it is still to be written by hand."""
    return {"by": str(by or ""), "at": chinese_day(at), "note": note}


class ProposalSource(Source):
    """The lines that the user sees of the proposal that `about` names."""

    formats = (Format.WORD, Format.PDF)
    document = Document.PROPOSAL

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("view")

    @cached_property
    def proposal(self) -> Proposal | None:
        return (
            Proposal.objects.visible_to(self.user).for_list().filter(uuid=str(self.params["about"])).first()
        )

    def is_there(self) -> bool:
        return self.proposal is not None

    def words(self) -> str:
        return f"提案 {self.proposal}"

    def visible(self) -> QuerySet[ProposalLine]:
        return ProposalLine.objects.visible_to(self.user).filter(
            proposal__in=Proposal.objects.visible_to(self.user)
        )

    def chosen(self) -> QuerySet[ProposalLine]:
        return self.visible().filter(proposal=self.proposal).order_by("id")

    def complete(self, rows: QuerySet[ProposalLine]) -> QuerySet[ProposalLine]:
        return rows.select_related("expert")

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED).order_by("expert__record_number")
        return list(restricted.values_list("expert__record_number", flat=True))

    def printed(self, rows: list[ProposalLine]) -> dict[str, Any]:
        proposal = self.proposal
        if proposal is None:
            return {}
        is_leaving = proposal.kind == ProposalKind.EXIT
        before = self._before(proposal, rows)
        files = ProposalFile.objects.visible_to(self.user).filter(proposal=proposal)
        return {
            "proposal_number": proposal.number,
            "state": proposal.get_state_display(),
            "unit": proposal.unit.short_name,
            "kind": proposal.get_kind_display(),
            "effective_on": chinese_day(proposal.effective_on),
            "total": len(rows),
            "note": proposal.note,
            "conditions": list(BASIC_CONDITIONS) if proposal.kind in ADMITTING else [],
            "files": [file.name for file in files],
            "why_head": "理由" if is_leaving else "类别",
            "rows": [
                _line(line, number, before.get(line.expert_id, OFF)) | {"why": _why(line, is_leaving)}
                for number, line in enumerate(rows, start=1)
            ],
        } | _acts(proposal)

    def _before(self, proposal: Proposal, rows: list[ProposalLine]) -> dict[int, str]:
        """The scopes on the roster without what the proposal does: now, or until it took effect."""
        experts = [line.expert_id for line in rows]
        entries = RosterEntry.objects.visible_to(self.user).of(proposal.unit).filter(expert__in=experts)
        has_effect = proposal.state == ProposalState.APPROVED
        standing = entries.filter(closed_by=proposal) if has_effect else entries.open()
        return {entry.expert_id: entry.get_scope_display() for entry in standing}


def _line(line: ProposalLine, number: int, now: str) -> dict[str, Any]:
    expert = line.expert
    return {
        "no": number,
        "name": expert.name,
        "work": "　".join(part for part in (expert.employer, expert.post) if part),
        "now": now,
        "proposed": line.get_scope_display() if line.scope else LEAVES,
        "note": line.note,
    }


def _why(line: ProposalLine, is_leaving: bool) -> str:
    if is_leaving:
        return ExitReason(line.reason).label if line.reason else ""
    return line.get_category_display()


def _acts(proposal: Proposal) -> dict[str, dict[str, str]]:
    """Who proposed, reviewed and approved. What was done before it was last submitted counts no more."""
    acts = list(proposal.acts.select_related("by"))
    starts = [place for place, act in enumerate(acts) if act.step == ProposalStep.SUBMIT]
    since = acts[starts[-1] :] if starts else acts
    return {
        "submitted": _box(since, ProposalStep.SUBMIT, proposal.submitted_by or proposal.drafted_by),
        "reviewed": _box(since, ProposalStep.REVIEW, proposal.reviewed_by),
        "approved": _box(since, ProposalStep.APPROVE, proposal.approved_by),
    }


def _box(acts: Sequence[ProposalAct], step: ProposalStep, otherwise: User | None) -> dict[str, str]:
    """Everybody who took this step, with the day of the last; `otherwise` when no act was kept of it."""
    taken = [act for act in acts if act.step == step]
    if not taken:
        return signed(otherwise)
    notes = "；".join(f"{act.by}：{act.note}" if len(taken) > 1 else act.note for act in taken if act.note)
    return signed("、".join(str(act.by) for act in taken), taken[-1].at, notes or SAID[step])
