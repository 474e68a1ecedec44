"""Why entries of a roster were opened and closed, in words that the viewer may read (二（三））."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from accounts.models import User
from experts.exit_reasons import ExitReason
from experts.models import Movement, Proposal, ProposalKind, ProposalLine, RosterEntry

Happened = Literal["entered", "left", "rescoped"]
TITLES: dict[Happened, str] = {"entered": "新列入", "left": "退出", "rescoped": "调整范围"}
LEFT = "退出"
READ = ("proposal_id", "expert_id", "reason")


@dataclass(frozen=True)
class Reasons:
    """What the proposals behind entries say. Of a mandatory exit no proposal bears the reason: it reads 退出,
    and so does one whose line the viewer does not see."""

    kinds: dict[int, str]
    lines: dict[tuple[int, int], str]

    @classmethod
    def of(cls, user: User, entries: Collection[RosterEntry]) -> "Reasons":
        """Two queries, however many entries there are."""
        numbers = {entry.opened_by_id for entry in entries}
        numbers |= {entry.closed_by_id for entry in entries if entry.closed_by_id}
        proposals = Proposal.objects.visible_to(user).filter(pk__in=numbers)
        lines = ProposalLine.objects.visible_to(user).filter(
            proposal__in=numbers, expert__in={entry.expert_id for entry in entries}
        )
        return cls(
            dict(proposals.values_list("pk", "kind")),
            {(line.proposal_id, line.expert_id): line.reason for line in lines.only(*READ)},
        )

    def why(self, entry: RosterEntry, happened: Happened | Movement) -> str:
        if happened == "left":
            return self._reason(entry.closed_by_id, entry.expert_id) or LEFT
        reason = self._reason(entry.opened_by_id, entry.expert_id)
        if happened == "rescoped":
            return reason or str(ProposalKind.RESCOPE.label)
        back = self.kinds.get(entry.opened_by_id) == ProposalKind.READMIT
        return str((ProposalKind.READMIT if back else ProposalKind.ADMIT).label)

    def opening(self, entry: RosterEntry) -> str:
        """Why it begins: admitted, readmitted, or its scope is another than that of the one before."""
        rescoped = self.kinds.get(entry.opened_by_id) == ProposalKind.RESCOPE
        return self.why(entry, "rescoped" if rescoped else "entered")

    def closing(self, entry: RosterEntry) -> str:
        """Why it ends; 调整 when one of another scope follows."""
        if self.kinds.get(entry.closed_by_id or 0) == ProposalKind.RESCOPE:
            return str(ProposalKind.RESCOPE.label)
        return self.why(entry, "left") if entry.closed_by_id else ""

    def _reason(self, proposal: int | None, expert: int) -> str:
        reason = self.lines.get((proposal or 0, expert), "")
        return str(ExitReason(reason).label) if reason else ""
