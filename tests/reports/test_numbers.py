"""Every number of the dashboard and of the coverage page opens the list behind it: as long as it says, for
whoever reads it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experts.models import Expert, RosterEntry
from tests.factories import (
    enlist,
    make_contact,
    make_expert,
    make_gathering,
    make_resolution,
    pair,
    propose,
    restrict,
    unit,
)

pytestmark = pytest.mark.django_db
today = timezone.localdate
LONG_AGO = today() - timedelta(days=300)


def close(by, entry, kind, until, scope="general"):
    """The entry ends by a proposal; a change of scope goes on with the next one."""
    closing = propose(by, entry.expert, unit_code=entry.unit.code, kind=kind)
    RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=closing)
    if kind == "rescope":
        facts = {"unit": entry.unit, "scope": scope, "since": until, "opened_by": closing}
        RosterEntry.objects.create(expert=entry.expert, **facts)


def moved_to(expert, code):
    """The expert is kept by another unit from now on."""
    Expert.objects.filter(pk=expert.pk).update(unit=unit(code), unit_order=unit(code).order)


@pytest.fixture
def world(personas):
    """Something for every number, and beside it what no number may count: a visit of nobody who counts."""
    by, month = personas["officer_haidian"], today().replace(day=1)

    def listed(name, code="D04-01", *, scope="key", since=LONG_AGO, met=None, **facts):
        expert = make_expert(name, code, **facts)
        entry = enlist(by, expert, code, scope=scope, since=since)
        if met:
            make_contact(by, expert, met, code)
        return entry

    for number in range(3):
        listed(f"王{number}")
    pair(listed("李一", "D04", met=today()).expert, by)
    for late in (
        listed("李二", "D04"),
        listed("周一", "D04", scope="general", since=today() - timedelta(days=800)),
    ):
        pair(late.expert, by)
    pair(listed("李三", "D04", since=today()).expert, by)
    listed("郑一", met=month)
    listed("敏一", label=1, met=today())
    make_contact(by, make_expert("孙一", "D04-01", awards=["CAE"]), today(), "D04-01")  # key, on no roster
    make_expert("孙二", "D04-01", awards=["CAE"])
    make_contact(by, listed("钱一").expert, today(), "D04-01", way="")
    hidden = listed("隐一", met=today()).expert
    pair(hidden, personas["cleared_city"], unit_code="D04-01")
    restrict(hidden, personas["cleared_city"], personas["director_haidian"])
    restrict(listed("隐二").expert, personas["cleared_city"], personas["director_haidian"])
    first = min(month, today() - timedelta(days=1))  # whoever is listed stays a day at least
    close(by, listed("吴一", since=first), "exit", today())
    close(by, listed("吴二"), "rescope", month)
    gone = listed("冯一", "D04", since=LONG_AGO, met=month)
    close(by, gone, "exit", month)
    moved_to(gone.expert, "D03")
    make_resolution(
        make_gathering(by, on=today(), state="done"), unit=unit("D04"), due_on=today() - timedelta(days=3)
    )
    return personas


def length(client, address):
    """How many rows the pages of a list have, and those that it tells of without a name."""
    found, unnamed = 0, 0
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, address
        context = answer.context
        rows = context[next(name for name in ("experts", "rows", "page") if context.get(name) is not None)]
        found += len(getattr(rows, "rows", rows))
        unnamed = context.get("unnamed") or 0
        next_url = context.get("next_url")
        address = next_url and address.split("?")[0] + "?" + next_url.split("?")[1]
    return found + unnamed


def numbers_in(context):
    """Each number of the page with the address of its list."""
    for tile in [*context["tiles"], *context.get("more_tiles", [])]:
        if isinstance(tile.value, int):
            yield tile.label, tile.value, tile.url
        for piece in tile.pieces:
            if piece.url and "较" not in piece.text:
                yield tile.label + piece.text, int(re.search(r"\d+", piece.text)[0]), piece.url
    if "months" in context:
        data = context["months"]["data"]
        yield from zip(data["labels"], data["values"], data["urls"], strict=True)
        yield "每月联系人次", sum(data["values"]), context["months"]["url"]
    for line in context.get("attention", []):
        yield f"{line.unit}{line.matter}", line.number, line.url


READERS = [
    "officer_haidian",
    "director_haidian",
    "leader_city",
    "cleared_city",
    "staff_city",
    "officer_chaoyang",
]
ASKED = [{"span": "year"}, {"span": "month"}, {"of": "mine"}, {"of": "mine", "span": "month"}]


@pytest.mark.parametrize("name", READERS)
def test_every_number_of_the_dashboard_is_as_long_as_its_list(world, client_of, name):
    client = client_of(world[name])
    compared = 0
    for asked in ASKED:
        shown = client.get(reverse("dashboard:home"), asked).context
        for label, number, address in list(numbers_in(shown)):
            assert (label, length(client, address)) == (label, number), address
            compared += bool(number)
    assert compared > 5 or name == "officer_chaoyang"


@pytest.mark.parametrize("name", READERS)
def test_every_number_of_coverage_is_as_long_as_its_list(world, client_of, name):
    client = client_of(world[name])
    for code in ("D03",) if name == "officer_chaoyang" else ("D04", "D04-01"):
        for scope in ("key", "general"):
            shown = client.get(reverse("coverage:unit", args=[code]), {"scope": scope}).context
            found = [(tile["label"], tile["value"], tile["url"]) for tile in shown["tiles"]]
            found += [number for line in shown["below"] for number in line["numbers"]]
            whole = shown["rate_pieces"][0]
            found += [("应联系", int(re.search(r"\d+", whole["text"])[0]), whole["url"])]
            for label, number, address in found:
                assert (label, length(client, address)) == (label, number), address


def test_restricted_experts_without_a_leader_are_told_to_those_on_their_list_alone(world, client_of):
    def told(name):
        lines = client_of(world[name]).get(reverse("dashboard:home"), {"unit": "D04"}).context["attention"]
        asked = ("D04-01", "重点联系专家未指定联系领导")
        return next(line.number for line in lines if (line.unit.code, line.matter) == asked)

    readers = READERS[:-1]
    before = {name: told(name) for name in readers}
    hidden = enlist(world["officer_haidian"], make_expert("隐三", "D04-01"), "D04-01", since=LONG_AGO).expert
    assert {told(name) - before[name] for name in readers} == {1}
    restrict(hidden, world["cleared_city"])
    assert {name: told(name) - before[name] for name in readers} == dict.fromkeys(readers, 0) | {
        "cleared_city": 1
    }
