"""What upper apps add to the pages of lower ones: they register in `AppConfig.ready`, the page shows what it
is given and imports none of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Part:
    """A piece of a page: a template, and what it shows as `part.context`."""

    template: str
    context: dict[str, Any]


@dataclass
class Place(Generic[Subject]):
    """Where parts go, in the order of registration. A builder takes the reader and what the page is about,
    and answers None when it has nothing to show that reader."""

    builders: list[Callable[[Any, Subject], Part | None]] = field(default_factory=list)

    def register(
        self, builder: Callable[[Any, Subject], Part | None]
    ) -> Callable[[Any, Subject], Part | None]:
        """Use as a decorator."""
        self.builders.append(builder)
        return builder

    def parts(self, reader: Any, subject: Subject) -> list[Part]:
        return [part for build in self.builders if (part := build(reader, subject))]
