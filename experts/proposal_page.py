"""What the page of a proposal shows, and what its reader may do on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.http import QueryDict

from accounts.models import User
from accounts.unit_settings import effective
from audit.actions import record
from audit.verbs import Verb
from core.jobs import JobState
from core.paging import Order, page_by_key
from core.requests import known_uuids
from experts.actions.proposal_jobs import is_idle, work_of
from experts.actions.proposals import REVIEWS, WRITABLE, missing
from experts.enums import Label, Scope
from experts.exit_reasons import ExitReason
from experts.forms.changes import EvidenceForm
from experts.forms.proposals import (
    BASIC_CONDITIONS,
    AllLinesForm,
    ExpertsForm,
    LineForm,
    StepForm,
    line_forms,
)
from experts.models import (
    Expert,
    JobAct,
    Proposal,
    ProposalFile,
    ProposalJob,
    ProposalKind,
    ProposalLine,
    ProposalState,
    ProposalStep,
    RosterEntry,
)
from experts.models.proposal import ProposalLineQuerySet
from experts.priorities import Met, applying, differing, met_by_each
from experts.roster import why_not
from experts.search import matching

PAGE_SIZE = 50
IN_ORDER = Order(("id",))
HIDDEN = "名单有变化，没有写入任何内容。请核对后重新办理。"
STEPS = ["起草", "提交", "审核", "审批"]
STEP_OF = {
    ProposalState.DRAFT: 1,
    ProposalState.RETURNED: 1,
    ProposalState.SUBMITTED: 3,
    ProposalState.REVIEWED: 4,
    ProposalState.APPROVED: 5,  # past the last: every step is done
}
TONES = {
    ProposalState.SUBMITTED: "warn",
    ProposalState.REVIEWED: "warn",
    ProposalState.APPROVED: "ok",
    ProposalState.RETURNED: "bad",
}
ICONS = {
    ProposalStep.SUBMIT: ("upload", "blue"),
    ProposalStep.REVIEW: ("checks", "blue"),
    ProposalStep.APPROVE: ("circle-check", "green"),
    ProposalStep.RETURN: ("arrow-back-up", "red"),
    ProposalStep.WITHDRAW: ("x", "neutral"),
}
ADMITTING = (ProposalKind.ADMIT, ProposalKind.READMIT)


SHOWS = [("", "全部"), ("incomplete", "没有填完的"), ("differs", "与认定不一致的")]


@dataclass(frozen=True)
class LineFilter:
    """Which lines of a proposal are meant; it comes in the address, and along with what is done to them."""

    text: str
    show: str

    @classmethod
    def read(cls, params: QueryDict) -> Self:
        show = params.get("show", "")
        return cls(params.get("q", "").replace("\0", "").strip(), show if show in dict(SHOWS) else "")

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.show)

    def lines(self, user: User, proposal: Proposal) -> ProposalLineQuerySet:
        """Those of the lines that the user sees."""
        found = ProposalLine.objects.visible_to(user).filter(proposal=proposal)
        if self.text:
            named = matching(Expert.objects.visible_to(user), self.text, user)
            found = found.filter(expert__in=named.values("pk"))
        if self.show == "incomplete":
            found = found.incomplete(proposal.kind)
        if self.show == "differs":
            found = found.filter(differing(applying(proposal.unit, proposal.effective_on)))
        return found


@dataclass
class LineView:
    """One line: where the expert stands now, what is proposed, what stands against it, which of the unit's
    priorities the expert meets, and whether the scope is another than those and the rule say."""

    line: ProposalLine
    now: str
    problem: str
    reason: str
    form: LineForm | None
    priorities: list[Met]
    differs: bool


def tone_of(proposal: Proposal) -> str:
    return TONES.get(ProposalState(proposal.state), "neutral")


def may_act(user: User, proposal: Proposal) -> bool:
    """Whether the user has any say in proposals of the unit."""
    return user.may("change", proposal.place) or user.may("approve", proposal.place)


def possible(user: User, proposal: Proposal) -> set[str]:
    """The acts that the page offers; the actions decide in the end."""
    state, found = proposal.state, set[str]()
    if proposal.busy_by_id:
        return found
    changes, approves = user.may("change", proposal.place), user.may("approve", proposal.place)
    if state in WRITABLE and changes:
        found.add(ProposalStep.SUBMIT.value)
    if state == ProposalState.SUBMITTED and changes:
        found |= {ProposalStep.REVIEW.value, ProposalStep.RETURN.value}
    if state == ProposalState.REVIEWED and approves:
        found.add(ProposalStep.RETURN.value)
        if proposal.submitted_by_id != user.pk:
            found.add(ProposalStep.APPROVE.value)
    if not proposal.is_decided and user.pk in {proposal.drafted_by_id, proposal.submitted_by_id}:
        found.add(ProposalStep.WITHDRAW.value)
    return found


def is_written_by(user: User, proposal: Proposal) -> bool:
    """Whether the user may change its lines now."""
    return proposal.state in WRITABLE and not proposal.busy_by_id and user.may("change", proposal.place)


def may_attach(user: User, proposal: Proposal) -> bool:
    """Whether the user may add a file to it now: with a say in it, and seeing everybody in it."""
    if proposal.is_decided or proposal.busy_by_id or not may_act(user, proposal):
        return False
    return Proposal.objects.seen_whole_by(user).filter(pk=proposal.pk).exists()


def context_of(
    user: User,
    proposal: Proposal,
    params: QueryDict,
    *,
    step_form: StepForm | None = None,
    lines: Iterable[LineForm] | None = None,
    all_form: AllLinesForm | None = None,
    experts_form: ExpertsForm | None = None,
    upload: EvidenceForm | None = None,
) -> dict[str, Any]:
    """Everything on the page; forms that were refused come back bound."""
    steps = list(proposal.acts.select_related("by"))
    for each in steps:
        each.icon, each.tone = ICONS[ProposalStep(each.step)]  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "proposal": proposal,
        "tone": tone_of(proposal),
        "steps": STEPS,
        "step": STEP_OF.get(ProposalState(proposal.state), 0),
        "acts": steps,
        "last": steps[-1] if steps else None,
        "possible": possible(user, proposal),
        "reviews_needed": _reviews_needed(proposal),
        "may_write": is_written_by(user, proposal),
        "conditions": BASIC_CONDITIONS if proposal.kind in ADMITTING else (),
        "step_form": step_form or StepForm(),
        "all_form": all_form or AllLinesForm(kind=proposal.kind),
        "bulk_form": AllLinesForm(kind=proposal.kind, auto_id="chosen-%s"),
        "experts_form": experts_form or ExpertsForm(),
        "files": ProposalFile.objects.visible_to(user).filter(proposal=proposal).select_related("added_by"),
        "may_attach": may_attach(user, proposal),
        "upload": upload or EvidenceForm(),
        "is_leaving": proposal.kind == ProposalKind.EXIT,
    } | _lines(user, proposal, params, lines)
    if step_form and step_form.errors:
        _point_out(user, proposal, context["lines"])
    return context | work_context(user, proposal, context["line_total"])


def _point_out(user: User, proposal: Proposal, views: list[LineView]) -> None:
    """What a refused submission lacks, said beside each line too."""
    shown = ProposalLine.objects.visible_to(user).filter(pk__in=[view.line.pk for view in views])
    lacking = set(shown.incomplete(proposal.kind).values_list("pk", flat=True))
    for view in views:
        if view.line.pk in lacking:
            view.problem = view.problem or missing(proposal, view.line)


def work_context(user: User, proposal: Proposal, line_total: int | None = None) -> dict[str, Any]:
    """What a worker does or did to the proposal: how far it is, if it is the user's own work, and why it was
    not done. What it says of lines is shown only to who still sees as many."""
    job = work_of(user, proposal) if proposal.busy_by_id or not proposal.is_decided else None
    mine = job if proposal.busy_by_id == user.pk and job and job.is_active else None
    return {
        "proposal": proposal,
        "job": mine,
        "doing": f"正在{mine.get_act_display()}" if mine else "正在后台办理",
        "is_idle": bool(proposal.busy_by_id) and is_idle(proposal),
        "not_done": _why_not_done(job, proposal, line_total),
        "may_stop": proposal.busy_by_id == user.pk or may_act(user, proposal),
    }


def _why_not_done(job: ProposalJob | None, proposal: Proposal, line_total: int | None) -> str:
    if job is None or job.is_active or job.job_state == JobState.DONE or job.version != proposal.version:
        return ""
    is_told = job.act == JobAct.FILL or job.job_total in {0, line_total}
    return job.job_error if is_told else HIDDEN


def _reviews_needed(proposal: Proposal) -> int:
    """How many reviews the unit asks for, while that matters."""
    waits = proposal.state == ProposalState.SUBMITTED
    return int(effective(proposal.unit, REVIEWS).value) if waits else 0


def _lines(
    user: User, proposal: Proposal, params: QueryDict, bound: Iterable[LineForm] | None
) -> dict[str, Any]:
    chosen = LineFilter.read(params)
    total = ProposalLine.objects.visible_to(user).filter(proposal=proposal).count()
    shown = chosen.lines(user, proposal)
    page = page_by_key(shown.select_related("expert__unit"), IN_ORDER, params, PAGE_SIZE)
    forms = {form.instance.pk: form for form in bound or ()}
    rows = [form.instance for form in forms.values()] or page.rows
    if is_written_by(user, proposal) and not forms:
        forms = {form.instance.pk: form for form in line_forms(rows, proposal.kind)}
    _note_restricted(user, rows)
    return {
        "lines": _views(user, proposal, rows, forms),
        "line_total": total,
        "line_count": shown.count() if chosen.narrows else total,
        "filter": chosen,
        "shows": SHOWS,
        "query": params.urlencode(),
        **page.urls(params),
        "page_summary": f"每页 {PAGE_SIZE} 人",
    }


def _note_restricted(user: User, rows: Iterable[ProposalLine]) -> None:
    """Showing what is proposed about a restricted expert is on the trail first (二（二）)."""
    for line in rows:
        if line.label == Label.RESTRICTED:
            record(Verb.VIEW, by=user, kind="expert", reference=line.expert.record_number)


def _views(
    user: User, proposal: Proposal, rows: list[ProposalLine], forms: dict[int, LineForm]
) -> list[LineView]:
    entries = (
        RosterEntry.objects.visible_to(user)
        .of(proposal.unit)
        .filter(expert__in=[row.expert_id for row in rows])
    )
    on: dict[int, RosterEntry | None] = {}
    for entry in entries.order_by("since"):
        on[entry.expert_id] = entry if entry.until is None else None
    stated = [] if proposal.is_decided else applying(proposal.unit, proposal.effective_on)
    met = met_by_each(stated, [row.expert for row in rows])
    views = []
    for line in rows:
        current = on.get(line.expert_id)
        is_on = None if line.expert_id not in on else current is not None
        problem = "" if proposal.is_decided else why_not(proposal.kind, is_on)
        now = current.get_scope_display() if current else "不在名单"
        reason = ExitReason(line.reason).label if line.reason else "—"
        key = line.expert.scope == Scope.KEY or bool(met[line.expert_id])
        differs = not proposal.is_decided and bool(line.scope) and (line.scope == Scope.KEY) != key
        views.append(LineView(line, now, problem, reason, forms.get(line.pk), met[line.expert_id], differs))
    return views


def chosen_experts(user: User, texts: Iterable[str], limit: int) -> list[Expert]:
    """The experts of these keys whom the user sees, in the order of names."""
    keys = known_uuids(texts)[:limit]
    if not keys:
        return []
    return list(
        Expert.objects.visible_to(user).filter(uuid__in=keys).select_related("unit").order_by("sort_key")
    )
