"""What can be exported: lists as workbooks, rosters and single records as documents too."""

from django.http import QueryDict

from accounts.models import User
from reports.models import Export, Kind
from reports.sources.base import MOST, MOST_PRINTED, Source
from reports.sources.briefs import BriefSource
from reports.sources.cards import CardSource, ExitSource
from reports.sources.coverage import CoverageSource
from reports.sources.overview import OverviewSource
from reports.sources.proposals import ProposalSource
from reports.sources.register import ExpertSource
from reports.sources.rosters import ChangesSource, RosterSource
from reports.sources.trail import TrailSource

__all__ = ["MOST", "MOST_PRINTED", "SOURCES", "Source", "may_export", "source_of"]

SOURCES: dict[str, type[Source]] = {
    Kind.EXPERTS: ExpertSource,
    Kind.TRAIL: TrailSource,
    Kind.ROSTER: RosterSource,
    Kind.CHANGES: ChangesSource,
    Kind.COVERAGE: CoverageSource,
    Kind.CARD: CardSource,
    Kind.BRIEF: BriefSource,
    Kind.DASHBOARD: OverviewSource,
    Kind.PROPOSAL: ProposalSource,
    Kind.LEAVING: ProposalSource,
    Kind.EXIT: ExitSource,
}


def may_export(user: User) -> bool:
    """Whether there is anything that the user may export."""
    return any(source.is_open_to(user) for source in SOURCES.values())


def source_of(export: Export, user: User) -> Source:
    return SOURCES[export.kind](user, QueryDict(export.query))
