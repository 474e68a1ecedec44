"""What the list of experts shows of contacts: by when the next is due, and a filter of how urgent it is."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import OuterRef, Q, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone

from accounts.models import User
from activities.coverage import standing
from activities.models import Coverage
from activities.models.coverage import CoverageQuerySet
from experts.enums import Scope
from experts.list_parts import COLUMNS, FILTERS, DayColumn, ListFilter
from experts.models import Expert
from experts.visibility import placed_in_reach

SOON = timedelta(days=14)
LATE, NEAR, LATER = "late", "soon", "later"
CHOICES = [(LATE, "超期未联系"), (NEAR, f"即将到期（{SOON.days} 天内）"), (LATER, "期限内")]


def speaking(user: User) -> CoverageQuerySet:
    """One row for each expert with a day due whom the user sees: that of which `coverage.standing` tells."""
    due = Coverage.objects.filter(due_on__isnull=False)
    before = Q(scope__gt=OuterRef("scope")) | Q(
        Q(place__lt=OuterRef("place")) | Q(place=OuterRef("place"), pk__lt=OuterRef("pk")),
        scope=OuterRef("scope"),
    )
    better = due.filter(placed_in_reach(user, "view"), before, expert=OuterRef("expert_id"))
    # A value instead of NOT EXISTS: PostgreSQL would join every row with every other before it shows a page.
    # Nearly all are on one roster, so that nothing is before them.
    first = Q(is_alone=False, scope=Scope.KEY) | Q(IsNull(Subquery(better.values("pk")[:1]), True))
    return due.visible_to(user).filter(first)


def by_urgency(user: User, choice: str) -> CoverageQuerySet:
    """Overdue, due within two weeks, or later."""
    today = timezone.localdate()
    limits = {
        LATE: Q(due_on__lt=today),
        NEAR: Q(due_on__range=(today, today + SOON)),
        LATER: Q(due_on__gt=today + SOON),
    }
    return speaking(user).filter(limits[choice])


def due_days(user: User, experts: Sequence[Expert]) -> dict[int, date]:
    return {expert: found.due_on for expert, found in standing(user, experts).items()}


FILTERS.append(ListFilter("contact", "联系情况", CHOICES, by_urgency))
COLUMNS.append(DayColumn("下次应联系", "不在名单上", due_days))
