"""One dashboard put together: of a unit with its subtree, or of the experts with whom somebody is paired."""

from typing import Any

from accounts.models import Unit, User
from activities import coverage
from experts import movements
from reports.dashboard import figures, gatherings
from reports.dashboard.own import Shown, own
from reports.dashboard.periods import Period


def board(
    user: User, unit: Unit, period: Period, *, mine: bool = False, shown: Shown = Shown.ALL
) -> dict[str, Any]:
    """The context of the page, as the user may know it; `shown` is which of one's own experts are listed."""
    heading = {
        "title": "我联系的专家" if mine else "联系工作总览",
        "place": f"{user}" if mine else f"{unit}（含所属单位）",
        "period": period,
        "recomputing": coverage.is_refreshing(unit),
    }
    return heading | (own(user, period, shown) if mine else whole(user, unit, period))


def whole(user: User, unit: Unit, period: Period) -> dict[str, Any]:
    """The unit with all below it."""
    before = period.before()
    now, below, (then,) = coverage.with_children(user, unit, period.last, before.last)
    links, links_before = (figures.coverage_links(unit, each.last) for each in (period, before))
    came, came_before = movements.counted(user, unit, period.days, before.days)
    return {
        "tiles": [
            figures.coverage_tile(now.key, then.key, links, links_before, period.compared),
            figures.overdue_tile(now, then, links, links_before, period.compared),
            figures.movement_tile(came, came_before, unit, period),
        ],
        "more_tiles": gatherings.tiles(user, unit, period),
        "shares": figures.shares(below, unit, period.last),
        "months": figures.months(user, unit, period),
        "attention": figures.attention(user, below or [(unit, now)], period.last),
    }
