"""二（二）: whoever enters, imports or edits a person whom a hidden record describes is answered, byte for
byte and statement for statement, as if there were none; the pair waits for those who see both."""

import re
from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from experts import identity
from experts.enums import Label
from experts.models import DuplicatePair, Expert
from reminders.models import Message
from tests.access.test_canary import stable
from tests.access.test_routes import TOKEN
from tests.exchange import wizard
from tests.experts.grants import worker
from tests.experts.pages import NEW, at, body, edited, posted
from tests.factories import make_expert, make_sensitive, restrict
from tests.roles import as_role

pytestmark = pytest.mark.django_db
NUMBER, NAME, MAY, EMPLOYER = "110105198510104635", "林双", date(1985, 10, 1), "示范大学"
LIST, INBOX = "/experts/duplicates/", "/messages/"
# Why the officer of D04, who is not cleared for sensitive records here, does not see it.
HIDDEN = ["restricted", "of another unit", "too sensitive"]


@pytest.fixture
def officer(personas):
    officer = personas["officer_haidian"]
    officer.clearance = Label.INTERNAL
    officer.save()
    return officer


def hide(personas, why):
    """The record that the officer may not know of; returns who sees it and anything the officer enters."""
    code = "D03" if why == "of another unit" else "D04"
    label = Label.SENSITIVE if why == "too sensitive" else Label.INTERNAL
    hidden = make_expert(NAME, unit_code=code, label=label, birth=MAY, employer=EMPLOYER)
    make_sensitive(hidden, text=NUMBER)
    if why == "restricted":
        restrict(hidden, personas["cleared_city"], worker("乙"))
        return hidden, personas["cleared_city"]
    return hidden, personas["staff_city"]


def enter(client, monkeypatch):
    facts = posted(name=NAME, birth="1985-10", employer=EMPLOYER, id_number=NUMBER)
    answers = [client.post(NEW, facts)]
    answers.append(client.get(answers[0].url))
    return answers


def bring_in(client, monkeypatch):
    roster = wizard.previewed(client, monkeypatch, f"{NAME},男,1985-10,{NUMBER},{EMPLOYER},院长,,")
    answers = [client.get(wizard.url("detail", roster)), client.post(wizard.url("commit", roster))]
    roster = wizard.work(roster, monkeypatch)
    assert roster.counts["create"] == 1
    with as_role("liaison_worker"):
        identity.note_recent_pairs(since=roster.uploaded_at)
    return [*answers, client.get(wizard.url("detail", roster)), client.get(at(entered()))]


def edit(client, monkeypatch):
    mine = make_expert("林单", birth=date(1970, 1, 1), employer="另一大学")
    facts = edited(mine, name=NAME, birth="1985-10", employer=EMPLOYER, id_number=NUMBER)
    return [client.post(at(mine, "edit"), facts), client.get(at(mine)), client.get(at(mine, "edit"))]


WAYS = [enter, bring_in, edit]


def entered():
    return Expert.objects.filter(name=NAME).latest("pk")


def plain(response):
    """Status, address and page, without what is drawn anew each time: keys, record numbers, moments."""
    text = stable(TOKEN.sub("", body(response)))
    where = stable(response.headers.get("Location", ""))
    return response.status_code, where, re.sub(r"ZJ-[0-9A-Z]{8}|/imports/[^/]+/", "", text)


def warm(client):
    """What is read once and kept: choices of the forms."""
    for path in (NEW, "/experts/"):
        client.get(path)
    return client


class Undone(Exception):
    """Takes everything back."""


def walked(client, monkeypatch, way):
    """What the officer is told by the act itself and by every page that might tell of duplicates, how many
    statements the act takes, and what is in the inbox."""
    told = None
    try:
        with transaction.atomic():
            with CaptureQueriesContext(connection) as statements:
                taken = way(client, monkeypatch)
            pages = [client.get(path) for path in ("/", LIST, LIST + "?reason=id_number", INBOX,
                     f"/experts/?q={NAME}", at(entered()), at(entered(), "edit"),
                     at(entered()) + "?tab=history", at(entered()) + "?tab=log")]  # fmt: skip
            told = len(statements), [plain(each) for each in (*taken, *pages)], Message.objects.count()
            raise Undone
    except Undone:
        return told


@pytest.mark.parametrize("why", HIDDEN)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_answer_is_that_of_a_world_without_the_hidden_record(
    officer, personas, client_of, monkeypatch, way, why
):
    client = warm(client_of(officer))
    without = walked(client, monkeypatch, way)
    hide(personas, why)
    assert walked(client, monkeypatch, way) == without


@pytest.mark.parametrize("way", [enter, edit], ids=lambda way: way.__name__)
def test_the_comparison_sees_a_duplicate_that_is_not_hidden(officer, client_of, monkeypatch, way):
    client = warm(client_of(officer))
    without = walked(client, monkeypatch, way)
    make_expert("林霜", birth=MAY, employer=EMPLOYER)
    monkeypatch.setattr("experts.views.register.candidates", lambda *facts: [])  # entry would stop and ask
    assert walked(client, monkeypatch, way) != without


@pytest.mark.parametrize("why", HIDDEN)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_pair_waits_for_those_who_see_both(officer, personas, client_of, monkeypatch, way, why):
    hidden, other = hide(personas, why)
    way(client_of(officer), monkeypatch)
    pair = DuplicatePair.objects.get()
    assert (pair.expert, pair.other) in ((hidden, entered()), (entered(), hidden))
    assert pair.reasons == ["id_number", "name_birth", "reading"]
    page = body(client_of(other).get(LIST))
    assert hidden.record_number in page
    assert entered().record_number in page
    assert "核对可能重复的专家" in body(client_of(other).get("/"))
    told = Message.objects.filter(text=identity.NEUTRAL).values_list("recipient__username", "url")
    assert list(told) == ([(other.username, LIST)] if why == "restricted" else [])
    for name in ("officer_haidian", "officer_chaoyang", "sysadmin", "no_role"):
        with as_role("liaison_app", personas[name]):
            assert DuplicatePair.objects.count() == 0
