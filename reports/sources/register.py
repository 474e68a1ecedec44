"""The register as a list."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from experts.enums import Label
from experts.filters import ExpertFilter, chips
from experts.freshness import ConfirmationLimits
from experts.listing import DEFAULT_SORT, ORDERS
from experts.models import Award, Expert
from experts.personal_data import EXPORTED
from reports.columns import EXPERT_COLUMNS
from reports.models import Export
from reports.sources.base import Source


class ExpertSource(Source):
    """With the filters and order of the list's URL."""

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
