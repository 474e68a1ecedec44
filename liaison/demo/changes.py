"""Changes that the demo's people have reported and nobody has verified yet (二（二）)."""

from datetime import date, timedelta

from accounts.models import Unit, User
from experts.enums import ChangeKind
from experts.models import ChangeReport, RosterEntry


def add_changes(units: dict[str, Unit], users: dict[str, User], today: date) -> None:
    """A new post of the first on the roster of D04, reported by a colleague of its officer."""
    listed = RosterEntry.objects.of(units["D04"]).open().select_related("expert").order_by("sort_key")
    ChangeReport(
        expert=listed[0].expert,
        kind=ChangeKind.POST_CHANGE,
        post="学术委员会主任",
        happened_on=today - timedelta(days=9),
        source="演示：所在单位任职文件",
        reported_by=users["cleared_haidian"],
    ).save(force_insert=True)
