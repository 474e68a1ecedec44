"""What else happens when something happens to an expert: whoever is concerned registers, this app calls.

Handlers run inside the transaction of the act. Upper apps register in `AppConfig.ready`, so nothing here
imports them.
"""

from dataclasses import dataclass

from accounts.models import Unit, User
from core.effects import Effect
from experts.models import Expert


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


on_transfer: Effect[Transferred] = Effect()
on_illness: Effect[FellIll] = Effect()
on_exit: Effect[Exited] = Effect()
