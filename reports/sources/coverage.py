"""The list behind a number of coverage: whom a unit was in touch with in time on a day, and whom not, with
the cause (「确保覆盖到所有重点联系专家」, 三（二）)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from activities import coverage
from activities.enums import CoverageList, CoverageState, GapCause, Way
from activities.forms.coverage import CoverageForm
from activities.models import Coverage
from activities.models.coverage import CoverageQuerySet
from core.moments import day_text
from experts.enums import Label, Scope
from experts.models import Expert
from reports.columns import COVERAGE_COLUMNS
from reports.models import Export
from reports.sources.base import UnitSource

BY_NAME = ("sort_key", "id")
READ = (
    "expert_id", "unit_id", "place", "is_alone", "scope", "is_listed", "due_on",
    "expert__record_number", "expert__name", "expert__gender", "expert__birth", "expert__employer",
    "expert__post", "expert__title", "unit__short_name", "unit__order", "unit__order_end",
)  # fmt: skip


@dataclass(frozen=True)
class CoverageRow:
    """One expert of the list. Its key is the expert's: rows of coverage come and go with every contact."""

    row: Coverage
    which: CoverageList
    last: tuple[date, Way] | None

    @property
    def pk(self) -> int:
        return self.row.expert_id

    @property
    def expert(self) -> Expert:
        return self.row.expert

    @property
    def listed_by(self) -> str:
        return self.row.unit.short_name if self.row.is_listed else "未列入"

    @property
    def cause(self) -> str:
        return str(GapCause(self.row.cause).label) if self.which == CoverageList.GAP else ""

    @property
    def state(self) -> str:
        """How it stood on the day."""
        return str(CoverageState(self.row.state).label if self.which.is_mixed else self.which.label)


class CoverageSource(UnitSource):
    """The query has `unit`, `day`, `scope`, `state`, of gaps `cause`, and `listed` for those on a
    roster alone."""

    columns = COVERAGE_COLUMNS

    @classmethod
    def asked(cls, posted: QueryDict, **named: str) -> str:
        """The page's filters with the day written out: tomorrow it is still the same list."""
        form = CoverageForm(posted)
        if not form.is_valid():
            raise ValidationError([str(texts[0]) for texts in form.errors.values()])
        chosen = form.cleaned_data
        query = named | {name: chosen[name].value for name in ("scope", "state")}
        query |= {"day": chosen["day"].isoformat()}
        query |= {"cause": chosen["cause"].value} if chosen["cause"] else {}
        return urlencode(query | ({"listed": "on"} if chosen["listed"] else {}))

    @property
    def day(self) -> date:
        return date.fromisoformat(str(self.params["day"]))

    @property
    def state(self) -> CoverageList:
        return CoverageList(str(self.params["state"]))

    def words(self) -> str:
        cause = self.params.get("cause")
        return "；".join(
            [
                f"{self.unit}（含所属单位）",
                day_text(self.day),
                str(Scope(str(self.params["scope"])).label),
                str(self.state.label),
                *([str(GapCause(cause).label)] if cause else []),
                *(["只含名单上的"] if "listed" in self.params else []),
            ]
        )

    def title(self, export: Export) -> str:
        return f"{self.unit or ''}{export.get_kind_display()}（{self.state.label}）"

    def visible(self) -> QuerySet[Expert]:
        return Expert.objects.visible_to(self.user)

    def chosen(self) -> CoverageQuerySet:
        if self.unit is None:
            return Coverage.objects.none()
        scope, cause = Scope(str(self.params["scope"])), self.params.get("cause")
        asked = (self.user, self.unit, self.day, self.state, scope, GapCause(cause) if cause else None)
        return coverage.behind(*asked, listed="listed" in self.params)

    def keys(self, most: int) -> list[int]:
        """Keys of the experts, by name."""
        return list(self.chosen().order_by(*BY_NAME).values_list("expert_id", flat=True)[: most + 1])

    def rows(self, keys: list[int]) -> list[Any]:
        """Those of the experts who still stand so."""
        found = list(self.chosen().filter(expert__in=keys).order_by(*BY_NAME).only(*READ))
        return self._with_last(found)

    def _with_last(self, rows: Sequence[Coverage]) -> list[CoverageRow]:
        last = coverage.last_contacts(rows, self.day)
        return [CoverageRow(row, self.state, last.get(row.pk)) for row in rows]

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED)
        return list(restricted.order_by("pk").values_list("record_number", flat=True))
