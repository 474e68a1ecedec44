"""What the pages of pairings show: the tabs, who has left, whom a form is about."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import RoleAssignment, Unit, User
from accounts.roles import Role
from activities.enums import PairingKind
from activities.models import Coverage, Pairing
from activities.models.pairing import ROLES_OF, PairingQuerySet
from activities.posts import Limits, Post, assignments, loads_of
from experts.filters import chosen_unit
from experts.models import Expert, RosterEntry
from experts.models.roster import RosterEntryQuerySet
from experts.proposal_page import known_uuids

TABS = {"list": "结对", "unpaired": "无人联系", "people": "联系人"}
GONE_SHOWN = 50
PAST_SHOWN = 50
MOST_CHOSEN = 200  # rows that come along in an address


def tabs(here: str, params: QueryDict) -> list[dict[str, Any]]:
    """The three lists; the unit goes along from one to the next."""
    unit = params.get("unit", "")
    query = QueryDict(mutable=True)
    if unit:
        query["unit"] = unit
    suffix = f"?{query.urlencode()}" if unit else ""
    return [
        {"label": label, "url": reverse(f"pairings:{name}") + suffix, "active": name == here}
        for name, label in TABS.items()
    ]


def top_unit(user: User) -> Unit:
    """The unit from which the user's reach begins."""
    return Unit.objects.reached_by(user, "view").order_by("order")[0]


def common_unit(user: User, units: set[Unit]) -> Unit:
    """The one unit that all are of, else the one from which the user's reach begins."""
    return next(iter(units)) if len(units) == 1 else top_unit(user)


def chosen_entries(user: User, params: QueryDict) -> RosterEntryQuerySet:
    """The roster entries that `entry` names, of units that the user keeps."""
    entries = RosterEntry.objects.visible_to(user).open()
    return entries.filter(uuid__in=known_uuids(params.getlist("entry")[:MOST_CHOSEN])).select_related(
        "expert", "unit"
    )


def chosen_pairings(user: User, params: QueryDict) -> PairingQuerySet:
    """The open pairings that `pairing` names, or all of the person `of` that `unit` and `kind` leave."""
    found = Pairing.objects.changeable_by(user).open().select_related("expert", "unit", "person")
    if named := known_uuids(params.getlist("pairing")[:MOST_CHOSEN]):
        return found.filter(uuid__in=named)
    found = found.filter(person__username=params.get("of", "").replace("\0", ""))
    if params.get("kind") in PairingKind.values:
        found = found.filter(kind=params["kind"])
    code = params.get("unit", "")
    if not code:
        return found
    unit = chosen_unit(user, code)
    return found.within(unit) if unit else found.none()


@dataclass(frozen=True)
class Gone:
    """Somebody who is no longer there for experts that still hang on them."""

    person: User
    count: int


def gone(user: User, unit: Unit) -> list[Gone]:
    """Who has left, with how many experts of the unit and those below it; most first."""
    vacant = Pairing.objects.visible_to(user).within(unit).vacant(timezone.localdate())
    counted = vacant.order_by().values("person").annotate(count=Count("pk")).order_by("-count", "person")
    rows = list(counted.values_list("person", "count")[:GONE_SHOWN])
    people = User.objects.select_related("unit").in_bulk([person for person, _ in rows])
    return [Gone(people[person], count) for person, count in rows]


def held_in(unit: Unit) -> QuerySet[RoleAssignment]:
    """Roles, held in the unit or below it, whose holders may be paired."""
    return assignments().filter(unit__order__range=(unit.order, unit.order_end))


def posts_of(user: User, held: list[RoleAssignment]) -> list[tuple[RoleAssignment, dict[str, Post]]]:
    """Each role with what its holder has, by the kinds that the role is for."""
    loads, limits = loads_of(user, {each.user_id for each in held}), Limits()
    return [
        (
            each,
            {
                kind.value: Post(
                    each.user,
                    each.unit,
                    loads.get((each.user_id, kind), 0),
                    limits.of(each.user, each.unit, kind),
                )
                for kind in PairingKind
                if Role(each.role) in ROLES_OF[kind]
            },
        )
        for each in held
    ]


def mine(user: User) -> QuerySet[Coverage]:
    """How it stands with each expert of the user: a row for each expert and unit."""
    own = Pairing.objects.visible_to(user).of(user).open()
    own = own.filter(expert=OuterRef("expert"), unit=OuterRef("unit"))
    rows = Coverage.objects.visible_to(user).filter(Exists(own), due_on__isnull=False)
    return rows.select_related("expert", "unit")


def kinds_of(user: User, rows: list[Coverage]) -> dict[int, list[Pairing]]:
    """By key of the row: as what the user is paired with that expert for that unit."""
    own = Pairing.objects.visible_to(user).of(user).open().filter(expert__in=[row.expert_id for row in rows])
    by_place: dict[tuple[int, int], list[Pairing]] = {}
    for each in own.order_by("kind"):
        by_place.setdefault((each.expert_id, each.unit_id), []).append(each)
    return {row.pk: by_place.get((row.expert_id, row.unit_id), []) for row in rows}


def places_of(user: User, expert: Expert) -> list[dict[str, Any]]:
    """For each roster in reach that the expert is on: leader and officer, or that there is none."""
    today = timezone.localdate()
    entries = RosterEntry.objects.visible_to(user).open().filter(expert=expert).select_related("unit")
    present = Pairing.objects.visible_to(user).open().with_post(today).filter(expert=expert)
    there = {(each.unit_id, each.kind): each for each in present.select_related("person")}
    return [
        {
            "entry": entry,
            "may_change": user.may("change", entry.place),
            "slots": [(kind, there.get((entry.unit_id, kind.value))) for kind in PairingKind],
        }
        for entry in entries.order_by("place")
    ]


def past_of(user: User, expert: Expert) -> list[Pairing]:
    """Pairings that have ended, the latest first."""
    ended = Pairing.objects.visible_to(user).filter(expert=expert, until__isnull=False)
    return list(ended.select_related("person", "unit").order_by("-until", "-id")[:PAST_SHOWN])
