"""What the register asks of a person, for the workbench: each item leads to the rows behind its number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone

from experts.enums import AwardState, Freshness, Scope
from experts.filters import LIVING, UNDECIDED
from experts.freshness import ConfirmationLimits
from experts.models import (
    Award,
    ChangeReport,
    DuplicatePair,
    Expert,
    GapKind,
    MandatoryExit,
    Proposal,
    RestrictionRequest,
    ReviewRound,
    RoundState,
    TakeOver,
)
from experts.reviewing import waiting_for
from experts.roster_worklists import COUNT_LIMIT, own_gaps, own_query

if TYPE_CHECKING:
    from accounts.models import User

ROUNDS_SHOWN = 3  # of the user's own unit and those above and below it


@dataclass(frozen=True)
class WorkItem:
    """One line: how many records wait for what, and where to go."""

    title: str
    detail: str
    count: int
    url: str
    icon: str
    tone: str
    act: str
    noun: str = "人"
    at_least: bool = False  # not counted out

    @property
    def count_text(self) -> str:
        return f"{'超过 ' if self.at_least else ''}{self.count} {self.noun}"


@dataclass(frozen=True)
class Figure:
    """A number of the register and the list behind it."""

    label: str
    value: int
    url: str


def figures(user: "User") -> list[Figure]:
    """How many living experts the user sees, by scope."""
    if not user.may("view"):
        return []
    counts = (
        Expert.objects.visible_to(user)
        .filter(died_on__isnull=True)
        .aggregate(
            total=Count("pk"),
            key=Count("pk", filter=Q(scope=Scope.KEY)),
            general=Count("pk", filter=Q(scope=Scope.GENERAL)),
        )
    )
    url = f"{reverse('experts:list')}?life={LIVING}"
    return [
        Figure("联系专家", counts["total"], url),
        Figure("重点联系", counts["key"], f"{url}&scope={Scope.KEY.value}"),
        Figure("普遍联系", counts["general"], f"{url}&scope={Scope.GENERAL.value}"),
    ]


def _review_item(review: ReviewRound, user: "User") -> WorkItem:
    waiting, exact = waiting_for(review, user)
    return WorkItem(
        f"年度复核：{review.unit} {review.year} 年",
        f"{review.due_on} 前逐人核实关键信息 · 二（二）",
        waiting,
        reverse("experts:review", args=[review.uuid]),
        "checklist",
        "red" if review.state == RoundState.OVERDUE else "blue",
        "核实",
        at_least=not exact,
    )


GAP_LOOKS = {
    GapKind.LACKING: ("to_admit", "user-plus", "gold"),
    GapKind.RISEN: ("to_raise", "arrow-up", "gold"),
    GapKind.FALLEN: ("to_leave", "user-minus", "amber"),
}


def _gap_item(
    title: str, detail: str, act: str, waiting: dict[str, int], kind: GapKind, user: "User"
) -> WorkItem:
    """A difference of the user's own roster, counted up to a limit."""
    page, icon, tone = GAP_LOOKS[kind]
    count, url = waiting[kind.value], reverse(f"proposals:{page}") + own_query(user)
    return WorkItem(
        title, detail, min(count, COUNT_LIMIT), url, icon, tone, act, at_least=count > COUNT_LIMIT
    )


def worklist(user: "User") -> list[WorkItem]:
    """Records that the user may change and that lack something."""
    if not user.may("change"):
        return []
    counts = Expert.objects.changeable_by(user).aggregate(
        undecided=Count("pk", filter=Q(category="", died_on__isnull=True)),
        stale=Count("pk", filter=ConfirmationLimits.today().stale()),
    )
    waiting = _waiting(user)
    url = reverse("experts:list")
    rounds = ReviewRound.objects.visible_to(user).running_on(timezone.localdate())[:ROUNDS_SHOWN]
    items = [
        *(_review_item(review, user) for review in rounds),
        WorkItem("审批限知悉申请", "设为或解除限知悉，由一人申请、另一人批准 · 二（二）",
                 waiting["restrictions"], reverse("experts:restrictions"), "shield-check", "red", "办理",
                 noun="件"),
        WorkItem("办理应退事项", f"{waiting['overdue']} 件已逾期 · 二（三）" if waiting["overdue"]
                 else "告知本人、听取申辩，审核后审批 · 二（三）", waiting["exits"], reverse("experts:exits"),
                 "user-minus", "red" if waiting["overdue"] else "amber", "办理", noun="件"),
        WorkItem("核实信息变动", "由一人报送、另一人核实后生效 · 二（二）", waiting["changes"],
                 reverse("experts:changes"), "refresh", "amber", "核实", noun="件"),
        WorkItem("答复接转征询", "调到本单位的专家，是否由本单位接着联系 · 二（二）",
                 waiting["takeovers"], reverse("experts:takeovers"), "user-plus", "amber", "答复", noun="项"),
        WorkItem("办理名单提案", "等您审核、审批，或退回后等您修改 · 二（二）", waiting["proposals"],
                 f"{reverse('proposals:list')}?box=waiting", "checklist", "red", "办理", noun="件"),
        WorkItem("核实新获奖励", "目录外的奖项，核实前不作为重点联系的依据 · 三（二）", waiting["awards"],
                 f"{url}?pending=yes", "award", "gold", "核实"),
        WorkItem("核对可能重复的专家", "同一人合并，不是同一人的认定后不再提示", waiting["duplicates"],
                 reverse("experts:duplicates"), "copy", "amber", "核对", noun="对"),
        WorkItem("选定专家类别", "七类由人选定，系统只作提示 · 三（一）", counts["undecided"],
                 f"{url}?category={UNDECIDED}", "tags", "blue", "选定"),
        _gap_item("纳入符合条件的专家", "规则或本单位联系重点认定，还不在本单位名单上 · 二（二）", "提出",
                  waiting, GapKind.LACKING, user),
        _gap_item("调整应为重点联系的专家", "名单上是普遍联系，规则或本单位联系重点已认定 · 二（二）", "提出",
                  waiting, GapKind.RISEN, user),
        _gap_item("核对不再符合的专家", "名单上是重点联系，规则和本单位联系重点都不再认定 · 二（三）", "核对",
                  waiting, GapKind.FALLEN, user),
        WorkItem("核实过期信息", "关键信息超过单位规定的年数未核实 · 二（二）", counts["stale"],
                 f"{url}?freshness={Freshness.STALE.value}", "clock", "amber", "核实"),
    ]  # fmt: skip
    return [item for item in items if item.count]


def _waiting(user: "User") -> dict[str, int]:
    """How many of each kind wait for the user; one statement asks for all."""
    sets: dict[str, tuple[QuerySet[Any], Count]] = {
        "awards": (
            Award.objects.changeable_by(user).filter(state=AwardState.PENDING, expert__died_on__isnull=True),
            Count("expert_id", distinct=True),
        ),
        "restrictions": (RestrictionRequest.objects.visible_to(user).decidable_by(user), Count("pk")),
        "changes": (ChangeReport.objects.verifiable_by(user), Count("pk")),
        "takeovers": (TakeOver.objects.answerable_by(user), Count("pk")),
        "duplicates": (DuplicatePair.objects.changeable_by(user).open(), Count("pk")),
        "exits": (MandatoryExit.objects.changeable_by(user).living().open(), Count("pk")),
        "proposals": (Proposal.objects.visible_to(user).waiting_for(user), Count("pk")),
        **{kind.value: (own_gaps(user, kind), Count("expert_id")) for kind in GapKind},
        "overdue": (MandatoryExit.objects.changeable_by(user).living().overdue(), Count("pk")),
    }
    first, *others = (
        rows.order_by().select_related(None).annotate(what=Value(name)).values("what").annotate(count=count)
        for name, (rows, count) in sets.items()
    )
    counted = first.union(*others, all=True)
    return dict.fromkeys(sets, 0) | {row["what"]: row["count"] for row in counted}
