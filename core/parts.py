"""What upper apps add to the pages of lower ones: they register in `AppConfig.ready`, the page shows what it
is given and imports none of them. Whatever is given has been read through the locks by who gives it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Subject = TypeVar("Subject")
Given = TypeVar("Given")


@dataclass(frozen=True)
class Part:
    """A card on a page: a template, and what it shows as `part.context`."""

    template: str
    context: dict[str, Any]


@dataclass
class Place(Generic[Subject, Given]):
    """Where additions go, in the order of registration. A giver takes the reader and what the page is about;
    it gives nothing when it has nothing to show that reader."""

    givers: list[Callable[[Any, Subject], Iterable[Given]]] = field(default_factory=list)

    def register(
        self, giver: Callable[[Any, Subject], Iterable[Given]]
    ) -> Callable[[Any, Subject], Iterable[Given]]:
        """Use as a decorator."""
        self.givers.append(giver)
        return giver

    def given(self, reader: Any, subject: Subject) -> list[Given]:
        return [each for give in self.givers for each in give(reader, subject)]
