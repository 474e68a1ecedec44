"""One dashboard put together: of a unit with its subtree, or of the experts with whom somebody is paired."""

from typing import Any

from django.urls import reverse

from accounts.models import Unit, User
from activities import coverage
from reports.dashboard import figures, gatherings
from reports.dashboard.periods import Period


def board(user: User, unit: Unit, period: Period, *, mine: bool = False) -> dict[str, Any]:
    """The context of the page, as the user may know it."""
    heading = {
        "title": "我联系的专家" if mine else "联系工作总览",
        "place": f"{user}" if mine else f"{unit}（含所属单位）",
        "period": period,
        "recomputing": coverage.is_refreshing(unit),
    }
    return heading | (own(user, period) if mine else whole(user, unit, period))


def own(user: User, period: Period) -> dict[str, Any]:
    """The experts with whom the user is paired."""
    now, then = (coverage.portfolio(user, user, each.last) for each in (period, period.before()))
    url, words = reverse("pairings:mine"), period.compared
    fresh = now.key.fresh + now.general.fresh
    people = now.key.expected + now.general.expected + fresh
    return {
        "tiles": [
            figures.Tile("我联系的专家", people, f"其中新列入 {fresh} 人", url, "人"),
            figures.coverage_tile(now.key, then.key, url, words),
            figures.overdue_tile(now, then, url, words),
        ]
    }


def whole(user: User, unit: Unit, period: Period) -> dict[str, Any]:
    """The unit with all below it."""
    before, url = period.before(), figures.coverage_url(unit, period.last)
    now, below, (then,) = coverage.with_children(user, unit, period.last, before.last)
    came, came_before = figures.movements(user, unit, (period, before))
    return {
        "tiles": [
            figures.coverage_tile(now.key, then.key, url, period.compared),
            figures.overdue_tile(now, then, url, period.compared),
            figures.movement_tile(came, came_before, unit, period),
        ],
        "more_tiles": gatherings.tiles(user, unit, period),
        "shares": figures.shares(below, unit, period.last),
        "months": figures.months(user, unit, period),
        "attention": figures.attention(user, below, period.last),
    }
