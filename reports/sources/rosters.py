"""A unit's roster of a day, and what differs between two days (二（二）)."""

from collections import Counter
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from core.moments import day_text
from experts.enums import Label, Scope
from experts.forms.roster import RosterForm
from experts.models import RosterEntry
from experts.models.roster import RosterEntryQuerySet
from experts.roster import Changes, Listing, turns
from experts.roster_reasons import TITLES, Happened, Reasons
from reports.columns import CHANGE_COLUMNS, ROSTER_COLUMNS, cells
from reports.models import Document, Export, Format
from reports.sources.base import UnitSource
from reports.words import chinese_day

BY_NAME = ("sort_key", "id")
READ = (
    "uuid", "expert_id", "label", "unit_id", "sort_key", "scope", "category", "basis", "since", "until",
    "opened_by_id", "closed_by_id", "expert__record_number", "expert__name", "expert__gender",
    "expert__birth", "expert__employer", "expert__post", "expert__title", "unit__short_name",
)  # fmt: skip
AS_OF = "联系范围、类别和认定依据为当日名单所载，其余为导出时登记的资料。"


class RosterSource(UnitSource):
    """Who was on the roster on a day. The query has `unit`, `day`, and if asked `below` and `scope`."""

    columns = ROSTER_COLUMNS
    formats: ClassVar[tuple[Format, ...]] = (Format.EXCEL, Format.WORD, Format.PDF)
    document = Document.ROSTER

    @classmethod
    def asked(cls, posted: QueryDict, **named: str) -> str:
        """The page's filters with the day written out: tomorrow it is still the same roster."""
        form = RosterForm({"day": ""} | posted.dict())
        if not form.is_valid():
            raise ValidationError([str(texts[0]) for texts in form.errors.values()])
        chosen = form.cleaned_data
        query = named | {"day": chosen["day"].isoformat()}
        query |= {"below": "on"} if chosen["below"] else {}
        return urlencode(query | cls._narrowed(chosen))

    @staticmethod
    def _narrowed(chosen: dict[str, Any]) -> dict[str, str]:
        return {"scope": chosen["scope"]} if chosen["scope"] else {}

    @property
    def day(self) -> date:
        return date.fromisoformat(str(self.params["day"]))

    @property
    def below(self) -> bool:
        return "below" in self.params

    def words(self) -> str:
        scope = self.params.get("scope")
        return "；".join(
            [
                f"{self.unit}{'（含所属单位）' if self.below else ''}",
                day_text(self.day),
                *([Scope(scope).label] if scope else []),
            ]
        )

    def title(self, export: Export) -> str:
        return f"{self.unit or ''}{export.get_kind_display()}"

    def visible(self) -> RosterEntryQuerySet:
        return RosterEntry.objects.visible_to(self.user)

    def listing(self) -> Listing | None:
        return Listing(self.user, self.unit, self.day, self.below) if self.unit else None

    def chosen(self) -> QuerySet[RosterEntry]:
        listing = self.listing()
        if listing is None:
            return self.visible().none()
        entries = listing.entries()
        if scope := self.params.get("scope"):
            entries = entries.filter(scope=scope)
        return entries.order_by(*BY_NAME)

    def complete(self, rows: QuerySet[RosterEntry]) -> QuerySet[RosterEntry]:
        return rows.select_related("expert", "unit").only(*READ)

    def restricted_numbers(self, export: Export) -> list[str]:
        restricted = self.exported(export).filter(label=Label.RESTRICTED)
        numbers = restricted.values_list("expert__record_number", flat=True)
        return list(numbers.order_by("expert__record_number").distinct())

    def printed(self, rows: list[RosterEntry]) -> dict[str, Any]:
        counted = Counter(row.get_scope_display() for row in rows)
        parts = "、".join(
            f"{scope.label} {counted[scope.label]} 人" for scope in Scope if counted[scope.label]
        )
        below = "，含所属单位" if self.below else ""
        return {
            "unit": str(self.unit),
            "day": chinese_day(self.day),
            "below": "yes" if self.below else "",
            "total": len(rows),
            "summary": f"（{chinese_day(self.day)}{below}，共 {len(rows)} 人：{parts}）",
            "note": AS_OF,
            "rows": [{"no": number} | cells(ROSTER_COLUMNS, row) for number, row in enumerate(rows, start=1)],
        }


class ChangesSource(RosterSource):
    """Who came, who left and whose scope is another, since an earlier day."""

    columns = CHANGE_COLUMNS
    formats = (Format.EXCEL,)

    @staticmethod
    def _narrowed(chosen: dict[str, Any]) -> dict[str, str]:
        if not chosen["since"]:
            raise ValidationError("请先选择与哪一天相比。")
        return {"since": chosen["since"].isoformat()}

    @property
    def since(self) -> date:
        return date.fromisoformat(str(self.params["since"]))

    def words(self) -> str:
        return f"{super().words()}，与 {day_text(self.since)} 相比"

    def chosen(self) -> QuerySet[RosterEntry]:
        raise NotImplementedError("The kinds of change are read one by one; see keys.")

    def keys(self, most: int) -> list[int]:
        """The entered, then those who left, then the rescoped, each by name."""
        found: list[int] = []
        for entries in self._kinds().values():
            ordered = entries.order_by(*BY_NAME).values_list("pk", flat=True)
            found += ordered[: most + 1 - len(found)]
        return found

    def _kinds(self) -> dict[Happened, RosterEntryQuerySet]:
        listing = self.listing()
        nobody = self.visible().none()
        changes = listing.changes_since(self.since) if listing else Changes(nobody, nobody, nobody)
        return {"entered": changes.entered, "left": changes.left, "rescoped": changes.rescoped}

    def rows(self, keys: list[int]) -> list[Any]:
        """Each with what has happened, why, and the scope before."""
        rows: list[Any] = super().rows(keys)
        before = self._before(rows)
        kinds: dict[Happened, list[RosterEntry]] = {"entered": [], "left": [], "rescoped": []}
        for row in rows:
            row.before = before.get((row.expert_id, row.unit_id))
            row.kind = "entered" if row.before is None else "left" if row.before.pk == row.pk else "rescoped"
            kinds[row.kind].append(row)
        turned = turns(self.user, **kinds)
        reasons = Reasons.of(self.user, turned.values())
        for row in rows:
            turn = turned[row.pk]
            row.happened, row.why = TITLES[row.kind], reasons.why(turn, row.kind)
            row.day = turn.until if row.kind == "left" else turn.since
            row.was = row.before.get_scope_display() if row.before else ""
            row.now = "" if row.kind == "left" else row.get_scope_display()
        return rows

    def _before(self, rows: list[RosterEntry]) -> dict[tuple[int, int], RosterEntry]:
        """The entries of the same experts and units on the earlier day."""
        entries = self.visible().as_of(self.since).filter(expert__in={row.expert_id for row in rows})
        return {(entry.expert_id, entry.unit_id): entry for entry in entries}
