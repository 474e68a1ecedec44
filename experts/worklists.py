"""What the register asks of a person, for the workbench: each item leads to the rows behind its number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.urls import reverse

from experts.enums import AwardState, Freshness, Scope
from experts.filters import UNDECIDED
from experts.freshness import ConfirmationLimits
from experts.models import Award, Expert, RestrictionRequest

if TYPE_CHECKING:
    from accounts.models import User


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

    @property
    def count_text(self) -> str:
        return f"{self.count} {self.noun}"


@dataclass(frozen=True)
class Figure:
    """A number of the register and the list behind it."""

    label: str
    value: int
    url: str


def figures(user: "User") -> list[Figure]:
    """How many experts the user sees, by scope."""
    if not user.may("view"):
        return []
    counts = Expert.objects.visible_to(user).aggregate(
        total=Count("pk"),
        key=Count("pk", filter=Q(scope=Scope.KEY)),
        general=Count("pk", filter=Q(scope=Scope.GENERAL)),
    )
    url = reverse("experts:list")
    return [
        Figure("联系专家", counts["total"], url),
        Figure("重点联系", counts["key"], f"{url}?scope={Scope.KEY.value}"),
        Figure("普遍联系", counts["general"], f"{url}?scope={Scope.GENERAL.value}"),
    ]


def worklist(user: "User") -> list[WorkItem]:
    """Records that the user may change and that lack something."""
    if not user.may("change"):
        return []
    counts = Expert.objects.changeable_by(user).aggregate(
        undecided=Count("pk", filter=Q(category="")),
        stale=Count("pk", filter=ConfirmationLimits.today().stale()),
    )
    pending = (
        Award.objects.changeable_by(user)
        .filter(state=AwardState.PENDING)
        .values("expert_id")
        .distinct()
        .count()
    )
    restrictions = RestrictionRequest.objects.visible_to(user).decidable_by(user).count()
    url = reverse("experts:list")
    items = [
        WorkItem("审批限知悉申请", "设为或解除限知悉，由一人申请、另一人批准 · 二（二）", restrictions,
                 reverse("experts:restrictions"), "shield-check", "red", "办理", noun="件"),
        WorkItem("核实新获奖励", "目录外的奖项，核实前不作为重点联系的依据 · 三（二）", pending,
                 f"{url}?pending=yes", "award", "gold", "核实"),
        WorkItem("选定专家类别", "七类由人选定，系统只作提示 · 三（一）", counts["undecided"],
                 f"{url}?category={UNDECIDED}", "tags", "blue", "选定"),
        WorkItem("核实过期信息", "关键信息超过单位规定的年数未核实 · 二（二）", counts["stale"],
                 f"{url}?freshness={Freshness.STALE.value}", "clock", "amber", "核实"),
    ]  # fmt: skip
    return [item for item in items if item.count]
