"""How many came, left and changed scope is what the entries say, after any sequence of writes."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest

from accounts.actions import move_unit
from experts.models import Expert, Proposal, RosterEntry, RosterMovement
from tests.factories import enter, make_expert, make_user, restrict, unit

FIRST = date(2026, 1, 1)
CODES = ("BJ", "D04", "D04-01", "D03")
pytestmark = pytest.mark.django_db


def by_entries(code):
    """(kind, day): number, from the raw rows."""
    found, at = Counter(), unit(code)
    entries = RosterEntry.objects.filter(place__range=(at.order, at.order_end), label__lt=2)
    for entry in entries.select_related("opened_by", "closed_by"):
        found["rescoped" if entry.opened_by.kind == "rescope" else "entered", entry.since] += 1
        if entry.closed_by and entry.closed_by.kind == "exit":
            found["left", entry.until] += 1
    return found


def by_tally(code):
    found = Counter()
    for row in RosterMovement.objects.filter(unit=unit(code)):
        found[row.kind, row.day] += row.number
    return +found


def close(rng, entry, kind):
    closing = Proposal.objects.create(unit=entry.unit, kind=kind, drafted_by=make_user())
    until = entry.since + timedelta(days=rng.randrange(1, 90))
    RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=closing)
    if kind == "rescope":
        RosterEntry.objects.create(
            expert=entry.expert, unit=entry.unit, scope="general", since=until, opened_by=closing
        )


def write(rng, experts):
    act = rng.choice(["enter", "enter", "exit", "rescope", "label", "move", "delete"])
    expert = rng.choice(experts)
    entry = RosterEntry.objects.filter(expert=expert, until=None).first()
    if act == "enter" and entry is None:
        last = RosterEntry.objects.filter(expert=expert).order_by("-until").first()
        enter(expert, rng.choice(CODES), since=last.until if last else FIRST)
    elif act in {"exit", "rescope"} and entry:
        close(rng, entry, act)
    elif act == "label":
        Expert.objects.filter(pk=expert.pk).update(label=rng.choice([0, 1]))
    elif act == "move":
        parent = rng.choice(["D04", "D03"])
        if unit("D04-01").parent.code != parent:
            move_unit(unit("D04-01"), unit(parent))
    elif act == "delete" and entry:
        RosterEntry.objects.filter(pk=entry.pk).delete()


@pytest.mark.parametrize("seed", range(4))
def test_the_tally_is_what_the_entries_say(seed):
    rng = random.Random(seed)
    experts = [make_expert(f"王{n}", rng.choice(CODES)) for n in range(6)]
    for _ in range(60):
        write(rng, experts)
    assert by_entries("BJ")
    for code in CODES:
        assert by_tally(code) == by_entries(code)


def test_restricted_experts_are_in_no_tally():
    enter(make_expert("王一"), "D04", since=FIRST)
    enter(restrict(make_expert("金丝雀"), make_user()), "D04", since=FIRST)
    assert by_tally("D04") == {("entered", FIRST): 1}


def test_a_reader_gets_numbers_of_units_in_reach_and_labels_by_clearance(personas, as_app):
    enter(make_expert("王一", "D04"), "D04", since=FIRST)
    enter(make_expert("王二", "D04", label=1), "D04", since=FIRST)
    enter(make_expert("王三", "D03"), "D03", since=FIRST)
    expected = {"staff_city": 3, "leader_city": 2, "officer_haidian": 2, "officer_chaoyang": 1, "sysadmin": 0}
    for name, number in expected.items():
        user = personas[name]
        at = {"officer_haidian": "D04", "officer_chaoyang": "D03"}.get(name, "BJ")
        rows = RosterMovement.objects.visible_to(user).filter(unit__code=at)
        assert sum(rows.values_list("number", flat=True)) == number
        with as_app(user):
            assert (
                sum(RosterMovement.objects.filter(unit__code=at).values_list("number", flat=True)) == number
            )
