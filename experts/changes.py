"""Reported changes as the pages show them: the list of those that wait, and what a report would change."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from accounts.models import Unit, User
from core.paging import Order, page_by_key, url_with
from experts.enums import ChangeKind
from experts.filters import chosen_unit
from experts.models import (
    ChangeReport,
    ChangeState,
    Expert,
    Proposal,
    ProposalKind,
    ProposalLine,
    TakeOver,
)
from experts.models.change import ChangeReportQuerySet

PAGE_SIZE = 25
OLDEST_FIRST, LATEST_FIRST = Order(("id",)), Order(("id",), descending=True)
WAITING, MINE = "waiting", "mine"
STATES = {
    WAITING: "待我核实",
    MINE: "我报送的，待核实",
    ChangeState.EFFECTIVE.value: ChangeState.EFFECTIVE.label,
    ChangeState.REFUSED.value: ChangeState.REFUSED.label,
    ChangeState.WITHDRAWN.value: ChangeState.WITHDRAWN.label,
}
TONES = {
    ChangeState.REPORTED: "warn",
    ChangeState.EFFECTIVE: "ok",
    ChangeState.REFUSED: "bad",
    ChangeState.WITHDRAWN: "neutral",
}


@dataclass(frozen=True)
class ChangeFilter:
    """What the URL asks: a kind, where the reports stand, a unit with those below it."""

    kind: str
    state: str
    unit: Unit | None

    @classmethod
    def read(cls, params: QueryDict, user: User) -> "ChangeFilter":
        kind, state = params.get("kind", ""), params.get("state", "")
        return cls(
            kind if kind in ChangeKind.values else "",
            state if state in STATES else WAITING,
            chosen_unit(user, params.get("unit", "")),
        )

    def reports(self, user: User) -> ChangeReportQuerySet:
        found = ChangeReport.objects.changeable_by(user)
        if self.state == WAITING:
            found = ChangeReport.objects.verifiable_by(user)
        elif self.state == MINE:
            found = found.waiting().filter(reported_by=user)
        else:
            found = found.filter(state=self.state)
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.unit:
            found = found.filter(unit_order__range=(self.unit.order, self.unit.order_end))
        return found

    @property
    def order(self) -> Order:
        """What waits is done in turn; what is done is looked up from its end."""
        return OLDEST_FIRST if self.state in {WAITING, MINE} else LATEST_FIRST

    def chips(self, params: QueryDict) -> list[dict[str, str]]:
        shown = {
            "kind": ChangeKind(self.kind).label if self.kind else "",
            "state": STATES[self.state] if self.state != WAITING else "",
            "unit": self.unit.short_name if self.unit else "",
        }
        return [
            {"label": label, "url": url_with(params, **{name: None})}
            for name, label in shown.items()
            if label
        ]


def list_context(user: User, params: QueryDict) -> dict[str, Any]:
    """A page of reports."""
    chosen = ChangeFilter.read(params, user)
    page = page_by_key(chosen.reports(user).for_page(), chosen.order, params, PAGE_SIZE)
    for report in page.rows:
        report.tone = TONES[ChangeState(report.state)]
    return {
        "page": page,
        "filter": chosen,
        "kinds": ChangeKind.choices,
        "states": STATES.items(),
        "chips": chosen.chips(params),
        "summary": ("先报送的在前" if chosen.order is OLDEST_FIRST else "后报送的在前")
        + f" · 每页 {PAGE_SIZE} 项",
        **page.urls(params),
    }


def reported(user: User, expert: Expert) -> list[ChangeReport]:
    """What was reported of an expert and the user may read, newest first."""
    reports = list(
        ChangeReport.objects.visible_to(user)
        .filter(expert=expert)
        .select_related("honour", "reported_by", "decided_by")
        .order_by("-id")
    )
    for report in reports:
        report.tone = TONES[ChangeState(report.state)]
    return reports


def kinds_open_to(expert: Expert) -> list[ChangeKind]:
    """What the reader of the page may report; illnesses only with the right to sensitive fields, and of the
    dead only what is still awarded or recognised."""
    if expert.died_on:
        return [ChangeKind.MAJOR_ACHIEVEMENT, ChangeKind.AWARD]
    return [kind for kind in ChangeKind if kind != ChangeKind.SERIOUS_ILLNESS or expert.may_see_illness]


def before_and_after(report: ChangeReport, expert: Expert) -> list[dict[str, Any]]:
    """What stands on the record beside what the report says, for the kinds that change the record."""
    names = [name for name in ("employer", "post", "title") if getattr(report, name)]
    return [
        {
            "label": Expert._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
            "mine": getattr(report, name),
            "theirs": getattr(expert, name),
            "differs": getattr(report, name) != getattr(expert, name),
        }
        for name in names
    ]


def opened_by(user: User, report: ChangeReport) -> list[tuple[str, str, str]]:
    """What a verified transfer has opened: (what, where it stands, address)."""
    if report.kind != ChangeKind.TRANSFER or report.state != ChangeState.EFFECTIVE:
        return []
    asked = TakeOver.objects.visible_to(user).filter(report=report).for_page().order_by("-id")
    found = [
        (
            f"征询{each.unit.short_name}",
            each.get_state_display(),
            reverse("experts:takeover", args=[each.uuid]),
        )
        for each in asked
    ]
    if report.across:
        lines = ProposalLine.objects.visible_to(user).filter(expert=report.expert_id).values("proposal")
        exits = Proposal.objects.visible_to(user).waiting().filter(kind=ProposalKind.EXIT, pk__in=lines)
        found += [
            (
                f"退出提案 {each.number}",
                each.get_state_display(),
                reverse("proposals:detail", args=[each.uuid]),
            )
            for each in exits.order_by("id")
        ]
    return found


def links_of_changes(user: User, references: set[str]) -> dict[str, tuple[str, str]]:
    """By reference what the history calls a report and where it leads, for those who may read it: an illness
    only with the right to sensitive fields."""
    reports = ChangeReport.objects.visible_to(user).filter(uuid__in=references)
    return {
        str(uuid): (ChangeKind(kind).label, reverse("experts:change", args=[uuid]))
        for uuid, kind in reports.values_list("uuid", "kind")
    }
