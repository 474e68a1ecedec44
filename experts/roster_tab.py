"""The tab 名单 of an expert: the rosters they are and were on, by which proposals (二（二）, 二（三）)."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.models import User
from experts.models import Expert, Proposal, ProposalLine, RosterEntry
from experts.roster_reasons import READ, Reasons


@dataclass(frozen=True)
class Stay:
    """One entry with why it was opened and closed; the proposals only if the viewer sees them."""

    entry: RosterEntry
    opened: str
    closed: str
    opened_by: Proposal | None
    closed_by: Proposal | None


def standing_of(user: User, expert: Expert) -> dict[str, Any]:
    """What the tab shows: entries, newest first, and the proposals about the expert that are not decided."""
    entries = list(
        RosterEntry.objects.visible_to(user)
        .filter(expert=expert)
        .select_related("unit")
        .order_by("-since", "-id")
    )
    lines = list(ProposalLine.objects.visible_to(user).filter(expert=expert).only(*READ))
    seen = Proposal.objects.visible_to(user).filter(pk__in={line.proposal_id for line in lines})
    proposals = {each.pk: each for each in seen.for_list().order_by("-id")}
    reasons = Reasons(
        {key: each.kind for key, each in proposals.items()},
        {(line.proposal_id, line.expert_id): line.reason for line in lines},
    )
    return {
        "stays": [
            Stay(
                entry,
                reasons.opening(entry),
                reasons.closing(entry),
                proposals.get(entry.opened_by_id),
                proposals.get(entry.closed_by_id or 0),
            )
            for entry in entries
        ],
        "waiting": [each for each in proposals.values() if not each.is_decided],
        "propose_url": f"{reverse('proposals:create')}?kind=admit&expert={expert.uuid}",
    }
