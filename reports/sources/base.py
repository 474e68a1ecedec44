"""What every source has: which rows, in which order, under whose rights. A source is made anew for every
batch, so that each is read under the rights of that moment."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import Unit, User
from experts.filters import saved_query
from reports.columns import Column
from reports.models import Export, Format

MOST = 200_000  # rows of one workbook
MOST_PRINTED = 5_000  # rows of one document: some 500 pages, 4 s and 1 GB


class Source(ABC):
    """Rows of one kind as a user sees them, as a URL query asks for them."""

    columns: ClassVar[Sequence[Column]] = ()
    formats: ClassVar[tuple[Format, ...]] = (Format.EXCEL,)
    document: ClassVar[str]  # a Document, or a form that has a Typst template only

    def __init__(self, user: User, params: QueryDict) -> None:
        self.user, self.params = user, params

    @staticmethod
    @abstractmethod
    def is_open_to(user: User) -> bool:
        """Whether the user may export rows of this kind at all."""

    @classmethod
    def asked(cls, posted: QueryDict, **named: str) -> str:
        """The query to keep, from that of the page and what its address names. ValidationError when it makes
        no sense."""
        return urlencode(named) if named else saved_query(posted)

    def is_there(self) -> bool:
        """Whether the user sees what the query names: a unit, an expert, a proposal, a case."""
        return True

    @abstractmethod
    def words(self) -> str:
        """What is chosen and in which order, for people."""

    def title(self, export: Export) -> str:
        """What stands above the rows."""
        return export.get_kind_display()

    @abstractmethod
    def visible(self) -> QuerySet[Any]:
        """All rows that the user may see, filters aside."""

    @abstractmethod
    def chosen(self) -> QuerySet[Any]:
        """The rows that the query asks for, in its order."""

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with everything that the columns read."""
        return rows

    def keys(self, most: int) -> list[int]:
        """Keys of the chosen rows in their order, at most one more than `most`."""
        return list(self.chosen().values_list("pk", flat=True)[: most + 1])

    def rows(self, keys: list[int]) -> list[Any]:
        """The rows of these keys in the same order, without those that are no longer visible."""
        found = {row.pk: row for row in self.complete(self.visible().filter(pk__in=keys))}
        return [found[key] for key in keys if key in found]

    def printed(self, rows: list[Any]) -> dict[str, Any]:
        """What the document's templates show of these rows (reports/samples.py): texts, numbers, lists of
        such."""
        raise NotImplementedError

    def exported(self, export: Export) -> QuerySet[Any]:
        """What the user still sees of the rows of an export."""
        keys = Export.objects.visible_to(self.user).filter(pk=export.pk).record_keys()
        return self.visible().filter(pk__in=keys)

    def is_whole(self, export: Export) -> bool:
        """Whether the user still sees all of them; one query."""
        return self.exported(export).count() == export.rows

    def restricted_numbers(self, export: Export) -> list[str]:
        """Record numbers of the exported experts that are restricted now."""
        return []


class UnitSource(Source):
    """Rows of the unit in reach that the query names; open to whoever may view."""

    @staticmethod
    def is_open_to(user: User) -> bool:
        return user.may("view")

    def is_there(self) -> bool:
        return self.unit is not None

    @cached_property
    def unit(self) -> Unit | None:
        reached = Unit.objects.reached_by(self.user, "view")
        return reached.filter(code=self.params.get("unit", "").replace("\0", "")).first()
