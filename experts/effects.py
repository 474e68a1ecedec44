"""What else happens when something happens to an expert: whoever is concerned registers, this app calls.

Handlers run inside the transaction of the act. Upper apps register in `AppConfig.ready`, so nothing here
imports them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from accounts.models import Unit, User
from experts.models import Expert

Happened = TypeVar("Happened")
Handler = Callable[[Happened], None]


@dataclass(frozen=True)
class Transferred:
    """A verified transfer or new post (二（二）). `across` holds region, department and field as they apply;
    `new_unit` is the unit that may take the expert over, if it is known."""

    expert: Expert
    by: User
    across: frozenset[str] = frozenset()
    new_unit: Unit | None = None


@dataclass(frozen=True)
class FellIll:
    """A verified serious illness (二（二）)."""

    expert: Expert
    by: User


@dataclass(frozen=True)
class Exited:
    """The expert has left the roster of `unit`, or with `unit` None every roster (death)."""

    expert: Expert
    by: User
    unit: Unit | None = None


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


on_transfer: Effect[Transferred] = Effect()
on_illness: Effect[FellIll] = Effect()
on_exit: Effect[Exited] = Effect()
