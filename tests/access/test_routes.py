"""Every route × persona × method answers as liaison/access.py says, and hidden is like missing."""

import json
import re
from copy import deepcopy
from itertools import product

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from liaison.access import ANONYMOUS, PERSONAS, ROUTES, routes
from tests.access.world import *  # noqa: F403  the world is a fixture
from tests.personas import PERSONAS as CAST

METHODS = ("get", "post")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": "[^"]+"|X-CSRFToken[^}]*}')


def test_every_route_has_a_row_and_every_row_a_route():
    keys = [route.key for route in routes()]
    assert len(keys) == len(set(keys))
    assert set(keys) == set(ROUTES)


def test_every_persona_has_a_status_for_every_route():
    assert set(PERSONAS) == {ANONYMOUS, *CAST}
    for row in ROUTES.values():
        assert set(row.get) == set(row.post) == set(PERSONAS)


def address(key, args):
    """The path of a route; unnamed ones are written out."""
    unnamed = {"admin/(?P<url>.*)$": "/admin/nowhere/"}
    if key in unnamed:
        return unnamed[key]
    if key.startswith("admin/"):
        return "/" + key.replace("<path:object_id>", args[0])
    return reverse(key, args=args)


def signed_in(user):
    """A browser of somebody, signed in and seen once for all that is asked with it."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="accounts.backends.LockingBackend")
        client.get(reverse("reminders:bell"))  # what is asked later has no moment of the session to write
    return client


def ask(client, method, path):
    """One request in a transaction of its own, so that no act changes what the next one meets."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = getattr(client, method)(path)
        answer = response.status_code, body(response), response.headers.get("Location", "")
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("name", PERSONAS)
def test_every_route_answers_as_the_table_says(world, name):
    seen = world.seen["staff_city" if name == ANONYMOUS else name]
    client, wrong = signed_in(world.personas.get(name)), {}
    for (key, row), method in product(ROUTES.items(), METHODS):
        answered = ask(client, method, address(key, seen[row.about]))[0]
        if answered != (expected := getattr(row, method)[name]):
            wrong[method, key] = f"{answered}, not {expected}"
    assert wrong == {}


OBJECTS = {
    "expert",
    "field",
    "award",
    "saved filter",
    "message",
    "change",
    "export",
    "roster",
    "row",
    "unit",
    "setting",
    "grant",
    "restriction",
    "priority",
    "proposal",
    "line",
    "review",
    "change kind",
    "report",
    "illness",
    "evidence",
    "exit",
    "exit text",
    "training plan",
    "class",
    "class session",
    "class file",
    "gathering",
    "invitation",
    "guest",
    "series",
    "resolution",
    "contact",
    "planned contact",
    "draft contact",
    "contact photo",
    "follow-up",
}


def without_names(answer, args):
    """The answer without what differs by necessity: tokens, and the key that was asked for."""
    status, content, location = answer
    text = TOKEN.sub("", content.decode())
    for each in args:
        text, location = text.replace(str(each), ""), location.replace(str(each), "")
    return status, text, location


@pytest.mark.parametrize("name", CAST)
def test_the_invisible_answers_like_the_missing(world, name):
    client, tried = signed_in(world.personas[name]), 0
    nothing = {}  # what keys that lead nowhere are answered with, whichever they are
    for (key, row), method in product(ROUTES.items(), METHODS):
        if row.about not in OBJECTS:
            continue
        for hidden, missing in world.hidden[name].get(row.about, []):
            asked = method, key, *(one == other for one, other in zip(hidden, missing, strict=True))
            if asked not in nothing:
                nothing[asked] = without_names(ask(client, method, address(key, missing)), missing)
            answer = without_names(ask(client, method, address(key, hidden)), hidden)
            assert answer == nothing[asked], (method, key, hidden)
            assert answer[0] in {403, 404, 405}
            tried += 1
    assert tried >= 60


def test_the_command_prints_the_table(capsys):
    call_command("routes", json=True)
    printed = {row["name"] or row["pattern"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(printed) == set(ROUTES)
    assert printed["experts:photo"] == {
        "name": "experts:photo",
        "pattern": "experts/<uuid:uuid>/photo/",
        "methods": ["GET"],
        "object": "expert",
        "expected": {"GET": ROUTES["experts:photo"].get},
    }
