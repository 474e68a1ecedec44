"""Whom a roster lacks and whom it should no longer have, as standing worklists of units (二（二）).

The rule is asked by `Expert.scope`, which is decided anew whenever an honour, its verification or the
catalogue changes; an award that was rejected shows there.
"""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.paging import Parts
from experts.enums import Scope
from experts.finding import everybody
from experts.models import Expert, RosterEntry

if TYPE_CHECKING:
    from accounts.models import Unit, User

COUNT_LIMIT = 100  # past this many the number says only that there are more
TO_COUNT = COUNT_LIMIT + 1


def lacking(experts: QuerySet[Expert]) -> QuerySet[Expert]:
    """符合条件未纳入: key by the rule, and not on the roster of the unit that manages them."""
    on = RosterEntry.objects.open().filter(expert=OuterRef("pk"), unit=OuterRef("unit"))
    return experts.filter(Q(scope=Scope.KEY), ~Exists(on))


def to_admit(user: "User", unit: "Unit", *, own: bool) -> Parts[Expert]:
    """Those lacking that the unit manages (`own`), or the units below it as well."""

    def narrow(experts: QuerySet[Expert]) -> QuerySet[Expert]:
        return lacking(experts.filter(unit_order__range=_places(unit, own=own)))

    return everybody(user, narrow)


def to_leave(user: "User", unit: "Unit", *, own: bool) -> QuerySet[RosterEntry]:
    """在名单上但不再符合: on the roster as key, while the rule says general."""
    entries = _misplaced(user).filter(place__range=_places(unit, own=own))
    return entries.select_related("expert", "unit")


def _misplaced(user: "User") -> QuerySet[RosterEntry]:
    entries = RosterEntry.objects.visible_to(user).open()
    return entries.filter(scope=Scope.KEY, expert__scope=Scope.GENERAL)


def _places(unit: "Unit", *, own: bool) -> tuple[int, int]:
    return (unit.order, unit.order if own else unit.order_end)


def own_to_admit(user: "User") -> QuerySet[Expert]:
    """Those lacking in the user's very own unit, COUNT_LIMIT + 1 at most, for counting."""
    managed = Expert.objects.visible_to(user).filter(_own(user, "unit_order"))
    return Expert.objects.visible_to(user).filter(pk__in=lacking(managed).order_by().values("pk")[:TO_COUNT])


def own_to_leave(user: "User") -> QuerySet[RosterEntry]:
    """Those on the roster of the user's very own unit who should not be, COUNT_LIMIT + 1 at most."""
    entries = _misplaced(user).filter(_own(user, "place"))
    return RosterEntry.objects.visible_to(user).filter(pk__in=entries.order_by().values("pk")[:TO_COUNT])


def _own(user: "User", column: str) -> Q:
    changes = user.unit is not None and user.may("change", user.unit.order)
    return Q(**{column: user.unit.order}) if user.unit and changes else Q(pk__in=[])


def own_query(user: "User") -> str:
    """The part of a worklist's address that means the user's very own unit."""
    return f"?own=yes&unit={user.unit.code}" if user.unit else ""
