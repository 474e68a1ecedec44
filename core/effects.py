"""What else happens when something happens: an app declares an effect, apps above it register."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Happened = TypeVar("Happened")
Handler = Callable[[Happened], None]


@dataclass
class Effect(Generic[Happened]):
    handlers: list[Handler[Happened]] = field(default_factory=list)

    def register(self, handler: Handler[Happened]) -> Handler[Happened]:
        """Use as a decorator."""
        self.handlers.append(handler)
        return handler

    def happened(self, event: Happened) -> None:
        for handler in self.handlers:
            handler(event)
