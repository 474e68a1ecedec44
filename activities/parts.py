"""What this app adds to the pages of an expert and of a unit, and to the workbench."""

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from accounts import parts as unit_page
from accounts.models import Unit, User
from activities.enums import PairingKind
from activities.models import Pairing
from activities.vacancies import COUNT_LIMIT, own_without_leader, without
from core.parts import Part
from experts import parts as expert_page
from experts.enums import Scope
from experts.models import Expert
from experts.roster_worklists import own_query
from experts.worklists import WorkItem

if TYPE_CHECKING:
    from django.db.models import QuerySet


@expert_page.CARDS.register
def pairings_of_expert(reader: User, expert: Expert) -> list[Part]:
    """Who keeps in touch with the expert today, since when, and whether they are still there."""
    if expert.died_on:
        return []
    today = timezone.localdate()
    present = Pairing.objects.visible_to(reader).as_of(today).with_post(today).filter(expert=expert)
    rows = list(present.select_related("person", "unit").order_by("place", "kind"))
    return [Part("activities/pairing_card.html", {"rows": rows, "expert": expert})]


@unit_page.CARDS.register
def pairings_of_unit(reader: User, unit: Unit) -> list[Part]:
    """How many key experts of the unit and those below it have no leader, and how many people have left."""
    today = timezone.localdate()
    lacking = without(reader, PairingKind.LEADER, today).filter(scope=Scope.KEY)
    vacant = Pairing.objects.visible_to(reader).vacant(today)
    numbers = {"lacking": _up_to(lacking.within(unit)), "vacant": _up_to(vacant.within(unit))}
    return [Part("activities/pairing_unit_card.html", numbers | {"limit": COUNT_LIMIT, "unit": unit})]


def _up_to(rows: "QuerySet") -> int:
    """How many, COUNT_LIMIT + 1 at most."""
    return rows.order_by()[: COUNT_LIMIT + 1].count()


def pairing_items(user: User) -> list[WorkItem]:
    """结对空缺: key experts of the user's very own unit whom no leader keeps in touch with."""
    if not user.may("change"):
        return []
    lacking = own_without_leader(user).count()
    item = WorkItem(
        "结对空缺", "重点联系专家没有联系领导，或联系领导已离任 · 四（一）", min(lacking, COUNT_LIMIT),
        reverse("pairings:unpaired") + own_query(user), "user-plus", "red", "安排",
        at_least=lacking > COUNT_LIMIT,
    )  # fmt: skip
    return [item] if lacking else []
