"""The list of any day: whom it shows to whom, how many there were, and what changed between two days."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from experts.enums import Label
from experts.models import Expert, Proposal, ProposalKind, RosterEntry, RosterTally
from experts.roster import Listing
from tests.experts.pages import body, queries
from tests.factories import make_expert, make_unit, restrict, unit

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)
PAGE = "/experts/roster/D04/"


@pytest.fixture
def on(staff_city):
    """Put someone on a roster for a time, as an approved proposal would have."""

    def put(expert, code="D04", since=DAY, until=None, scope="key", **facts):
        at = unit(code)
        made = Proposal.objects.create(unit=at, kind=ProposalKind.ADMIT, drafted_by=staff_city)
        closing = {"until": until, "closed_by": made} if until else {}
        return RosterEntry.objects.create(
            expert=expert, unit=at, since=since, scope=scope, opened_by=made, **closing, **facts
        )

    return put


def names(user, day=DAY, code="D04", **options):
    entries = Listing(user, unit(code), day, **options).entries()
    return sorted(entry.expert.name for entry in entries.select_related("expert"))


def test_a_day_shows_who_was_on_it_then(on, officer_haidian):
    on(make_expert("甲"))
    on(make_expert("乙"), until=DAY + timedelta(days=10))
    on(make_expert("丙"), since=DAY + timedelta(days=5))
    assert names(officer_haidian) == ["乙", "甲"]
    assert names(officer_haidian, DAY - timedelta(days=1)) == []
    assert names(officer_haidian, DAY + timedelta(days=9)) == ["丙", "乙", "甲"]
    assert names(officer_haidian, DAY + timedelta(days=10)) == ["丙", "甲"]


def test_totals_are_what_the_list_shows_to_everybody(
    on, officer_haidian, staff_city, cleared_city, leader_city
):
    on(make_expert("甲"), scope="key")
    on(make_expert("乙"), scope="general", until=DAY + timedelta(days=2))
    on(make_expert("丙", label=Label.SENSITIVE), scope="key")
    hidden = make_expert("金丝雀")
    on(hidden, scope="key")
    restrict(hidden, cleared_city)
    for user in (officer_haidian, staff_city, cleared_city, leader_city):
        for day in (DAY, DAY + timedelta(days=2)):
            listing = Listing(user, unit("D04"), day)
            shown = list(listing.entries().values_list("scope", flat=True))
            assert listing.totals() == {scope: shown.count(scope) for scope in ("key", "general")}
    assert sum(Listing(cleared_city, unit("D04"), DAY).totals().values()) == 4
    assert sum(Listing(leader_city, unit("D04"), DAY).totals().values()) == 2


def recounted():
    """The tally as it follows from the entries."""
    found = {}
    for entry in RosterEntry.objects.all():
        key = (entry.unit_id, entry.label, entry.scope)
        found[*key, entry.since] = found.get((*key, entry.since), 0) + 1
        if entry.until:
            found[*key, entry.until] = found.get((*key, entry.until), 0) - 1
    return {key: number for key, number in found.items() if number}


def tallied():
    rows = RosterTally.objects.values_list("unit_id", "label", "scope", "day", "change")
    return {
        key: change for *key, change in ((*row[:4], row[4]) for row in rows) if change for key in [tuple(key)]
    }


def test_the_tally_follows_every_entry_label_and_close(on, cleared_city):
    first = on(make_expert("甲"))
    on(make_expert("乙"), scope="general", until=DAY + timedelta(days=3))
    assert tallied() == recounted()
    RosterEntry.objects.filter(pk=first.pk).update(until=DAY + timedelta(days=8), closed_by=first.opened_by)
    assert tallied() == recounted()
    Expert.objects.filter(name="乙").update(label=Label.SENSITIVE)
    assert tallied() == recounted()
    Expert.objects.filter(name="甲").delete()
    assert tallied() == recounted()


def test_units_below_are_listed_when_asked(on, officer_haidian):
    below = make_unit(parent="D04")
    on(make_expert("甲"))
    on(make_expert("乙", unit_code=below.code), code=below.code)
    assert names(officer_haidian) == ["甲"]
    assert names(officer_haidian, below=True) == ["乙", "甲"]


def test_what_differs_between_two_days(on, officer_haidian):
    later = DAY + timedelta(days=30)
    on(make_expert("留"))
    on(make_expert("来"), since=DAY + timedelta(days=3))
    on(make_expert("去"), until=DAY + timedelta(days=3))
    moved = make_expert("调")
    on(moved, scope="general", until=DAY + timedelta(days=4))
    on(moved, scope="key", since=DAY + timedelta(days=4))
    passing = make_expert("过")
    on(passing, since=DAY + timedelta(days=1), until=DAY + timedelta(days=2))
    changes = Listing(officer_haidian, unit("D04"), later).changes_since(DAY)
    shown = [
        sorted(e.expert.name for e in kind) for kind in (changes.entered, changes.left, changes.rescoped)
    ]
    assert shown == [["来"], ["去"], ["调"]]


def test_whoever_was_rescoped_in_between_came_and_left_when_the_stay_began_and_ended(
    on, client_of, officer_haidian, staff_city
):
    def closed(entry, kind, until, **going_on):
        closing = Proposal.objects.create(unit=entry.unit, kind=kind, drafted_by=staff_city)
        RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=closing)
        if going_on:
            facts = {"expert": entry.expert, "unit": entry.unit, "since": until, "opened_by": closing}
            return RosterEntry.objects.create(**facts, **going_on)
        return None

    came, again, left = (DAY + timedelta(days=number) for number in (2, 5, 9))
    first = on(make_expert("来"), scope="general", since=came)
    closed(closed(first, "rescope", again, scope="key"), "rescope", left, scope="general")
    there = on(make_expert("去"))
    closed(closed(there, "rescope", came, scope="general"), "exit", left)
    changes = client_of(officer_haidian).get(f"{PAGE}?day={left}&since={DAY}").context["changes"]
    shown = {
        kind["title"]: [(row.expert.name, row.why, row.first, row.last) for row in kind["rows"]]
        for kind in changes["kinds"]
    }
    assert shown == {
        "新列入": [("来", "纳入", came, None)],
        "退出": [("去", "退出", DAY, left)],
        "调整范围": [],
    }


def test_the_page_shows_the_day_its_number_and_the_changes(on, client_of, officer_haidian):
    on(make_expert("甲"), basis=[{"honour": "CAS", "name": "中国科学院院士", "year": 2001}])
    on(make_expert("乙"), since=DAY + timedelta(days=2), scope="general")
    client = client_of(officer_haidian)
    page = body(client.get(f"{PAGE}?day={DAY}"))
    assert "共 1 人" in page
    assert "中国科学院院士 2001" in page
    assert "乙" not in page
    page = body(client.get(f"{PAGE}?day={DAY + timedelta(days=2)}&since={DAY}"))
    assert "共 2 人" in page
    assert ("新列入 1 人" in page, "退出 0 人" in page) == (True, True)
    assert page.index("新列入") < page.index("认定依据")  # what was asked for comes before fifty rows
    assert page.count("乙") == 2


def test_a_page_without_a_day_says_which_it_shows(client_of, officer_haidian):
    form = client_of(officer_haidian).get(f"{PAGE}?below=on").context["form"]
    assert form["day"].value() == timezone.localdate().isoformat()


@pytest.mark.parametrize(("query", "said"), [
    ("day=2013-01-01", "2014 年 5 月 6 日"),
    ("day=2999-01-01", "今天或以前"),
    ("day=2026-03-01&since=2026-03-01", "须早于"),
    ("day=x", "有效的日期"),
    ("scope=nobody", "有效的选项"),
])  # fmt: skip
def test_wrong_days_are_told(client_of, officer_haidian, query, said):
    response = client_of(officer_haidian).get(f"{PAGE}?{query}")
    assert response.status_code == 422
    assert said in body(response)


def test_a_letter_starts_the_list_there(on, client_of, officer_haidian):
    for name in ("安", "李", "王"):
        on(make_expert(name))
    page = client_of(officer_haidian).get(f"{PAGE}?day={DAY}&letter=l").context["page"]
    assert [entry.expert.name for entry in page.rows] == ["李", "王"]


def test_a_unit_out_of_reach_is_like_none(client_of, officer_chaoyang):
    client = client_of(officer_chaoyang)
    assert client.get(PAGE).status_code == client.get("/experts/roster/D99/").status_code == 404
    assert client.get("/experts/roster/")["Location"] == "/experts/roster/D03/"


def test_statements_are_the_same_at_one_row_and_at_three(on, client_of, officer_haidian):
    client = client_of(officer_haidian)
    on(make_expert("甲"))
    url = f"{PAGE}?day={DAY}"
    client.get(url)
    one = queries(client, url)
    for name in ("乙", "丙"):
        on(make_expert(name))
    three = queries(client, url)
    assert (len(one), len(three)) == (9, 9), "\n".join(three)


def test_the_command_prints_what_the_user_sees(on, officer_haidian, officer_chaoyang, cleared_city):
    expert = make_expert("甲")
    on(expert, category="other")
    hidden = make_expert("金丝雀")
    on(hidden)
    restrict(hidden, cleared_city)
    out = StringIO()
    options = {"unit": "D04", "as_of": DAY, "by": "officer_haidian", "json": True}
    call_command("roster", stdout=out, **options)
    assert json.loads(out.getvalue()) == [
        {
            "expert": expert.record_number,
            "scope": "key",
            "category": "other",
            "since": DAY.isoformat(),
            "basis": [],
        }
    ]
    for by, said in (("officer_chaoyang", "may not see"), ("nobody", "no active user")):
        with pytest.raises(CommandError, match=said):
            call_command("roster", **options | {"by": by})


def test_both_locks_agree_on_the_tally(
    on, as_app, staff_city, officer_haidian, officer_chaoyang, leader_city
):
    on(make_expert("甲"))
    on(make_expert("乙", label=Label.SENSITIVE))
    on(make_expert("丙", unit_code="D03"), code="D03")
    for user in (staff_city, officer_haidian, officer_chaoyang, leader_city):
        expected = set(RosterTally.objects.visible_to(user).values_list("pk", flat=True))
        with as_app(user), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM experts_rostertally")
            assert {number for (number,) in cursor.fetchall()} == expected
        assert expected
