"""The trail, for the auditor."""

from django.db.models import QuerySet

from accounts.models import User
from accounts.roles import Role
from audit.filters import TrailFilter
from audit.listing import trail
from audit.models import Event
from reports.columns import TRAIL_COLUMNS
from reports.sources.base import Source


class TrailSource(Source):
    """With the filters of the list's URL."""

    columns = TRAIL_COLUMNS

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.holds(Role.SECURITY_AUDITOR)

    def words(self) -> str:
        labels = [chip["label"] for chip in TrailFilter(self.params, self.visible()).chips(self.params)]
        return f"{'、'.join(labels) or '全部'}；最近的在前"

    def visible(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.user)

    def chosen(self) -> QuerySet[Event]:
        return trail(self.user, self.params)
