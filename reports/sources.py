"""What can be exported: which rows, in which order, under whose rights. A source is made anew for every
batch, so that each is read under the rights of that moment."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.http import QueryDict

from accounts.models import User
from accounts.roles import Role
from audit.filters import TrailFilter
from audit.listing import trail
from audit.models import Event
from experts.enums import Label
from experts.filters import ExpertFilter, chips
from experts.freshness import ConfirmationLimits
from experts.listing import DEFAULT_SORT, ORDERS
from experts.models import Award, Expert
from experts.personal_data import EXPORTED
from reports.columns import EXPERT_COLUMNS, TRAIL_COLUMNS, Column
from reports.models import Export, Kind

MOST = 200_000  # rows of one export


class Source(ABC):
    """Rows of one kind as a user sees them, with the filters and order of a list's URL."""

    columns: ClassVar[Sequence[Column]]

    def __init__(self, user: User, params: QueryDict) -> None:
        self.user, self.params = user, params

    @staticmethod
    @abstractmethod
    def is_open_to(user: User) -> bool:
        """Whether the user may export rows of this kind at all."""

    @abstractmethod
    def words(self) -> str:
        """What is chosen and in which order, for people."""

    @abstractmethod
    def visible(self) -> QuerySet[Any]:
        """All rows that the user may see, filters aside."""

    @abstractmethod
    def chosen(self) -> QuerySet[Any]:
        """The rows that the URL asks for, in its order."""

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with everything that the columns read."""
        return rows

    def keys(self) -> list[int]:
        """Keys of the chosen rows in their order, at most one more than may be exported."""
        return list(self.chosen().values_list("pk", flat=True)[: MOST + 1])

    def rows(self, keys: list[int]) -> list[Any]:
        """The rows of these keys in the same order, without those that are no longer visible."""
        found = {row.pk: row for row in self.complete(self.visible().filter(pk__in=keys))}
        return [found[key] for key in keys if key in found]

    def exported(self, export: Export) -> QuerySet[Any]:
        """What the user still sees of the rows of an export."""
        keys = Export.objects.visible_to(self.user).filter(pk=export.pk).record_keys()
        return self.visible().filter(pk__in=keys)

    def is_whole(self, export: Export) -> bool:
        """Whether the user still sees all of them; one query."""
        return self.exported(export).count() == export.rows

    def restricted_numbers(self, export: Export) -> list[str]:
        """Record numbers of the exported records that are restricted now."""
        return []


class ExpertSource(Source):
    """The register."""

    columns = EXPERT_COLUMNS

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("view")

    def words(self) -> str:
        labels = [chip.label for chip in chips(self._filters(), self.params)]
        return f"{'、'.join(labels) or '全部'}；按{self._order()[0]}排序"

    def visible(self) -> QuerySet[Expert]:
        return Expert.objects.visible_to(self.user)

    def chosen(self) -> QuerySet[Expert]:
        filters, (_, order) = self._filters(), self._order()
        experts = filters.qs if filters.form.is_valid() else Expert.objects.none()
        if order.fields[0] == "birth":
            experts = experts.filter(birth__isnull=False)
        ordered: QuerySet[Expert] = experts.order_by(*order.expressions())
        return ordered

    def complete(self, rows: QuerySet[Expert]) -> QuerySet[Expert]:
        awards = Award.objects.visible_to(self.user).select_related("honour")
        rows = rows.select_related("unit", "discipline").prefetch_related(Prefetch("awards", awards))
        return rows.only(*EXPORTED, "unit__short_name", "discipline__name")

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED)
        return list(restricted.order_by("pk").values_list("record_number", flat=True))

    def _filters(self) -> ExpertFilter:
        return ExpertFilter(self.params, self.visible(), user=self.user, limits=ConfirmationLimits.today())

    def _order(self) -> Any:
        return ORDERS.get(self.params.get("sort", ""), ORDERS[DEFAULT_SORT])


class TrailSource(Source):
    """The trail, for the auditor."""

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


SOURCES: dict[str, type[Source]] = {Kind.EXPERTS: ExpertSource, Kind.TRAIL: TrailSource}


def may_export(user: User) -> bool:
    """Whether there is anything that the user may export."""
    return any(source.is_open_to(user) for source in SOURCES.values())


def source_of(export: Export, user: User) -> Source:
    return SOURCES[export.kind](user, QueryDict(export.query))
