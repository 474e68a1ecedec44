"""The bench fills tables as the product would, and measures pages that answer."""

import json
from collections import Counter
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Unit
from activities.actions.coverage import settle
from activities.models import Contact, Coverage, CoverageTally
from experts.models import Expert, Holder, NeedToKnow, RosterEntry, SearchToken
from experts.roster import Listing
from experts.search import tokens_of
from liaison.bench import exports, pages, reminding, report
from liaison.bench.load import READERS, load
from liaison.bench.people import COMMON_NAME
from reminders.models import Message
from reports.models import Export
from tests.activities import oracle
from tests.exchange.wizard import Silent
from tests.factories import make_expert
from tests.roles import as_role

COUNT = 400
ROW = ("expert", "unit", "scope", "is_listed", "is_alone", "fresh", "covered", "gap", "due_on")
TALLY = ("unit", "label", "scope", "is_listed", "is_away", "state", "is_loose", "day", "change")
TABLES = [
    "experts_expert",
    "experts_award",
    "experts_holder",
    "experts_sensitivevalue",
    "experts_searchtoken",
    "activities_contact",
    "activities_pairing",
    "activities_coverage",
]
SHAPE = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY (%s::regclass[])
UNION SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s)
UNION SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger
WHERE tgrelid = ANY (%s::regclass[]) AND NOT tgisinternal
"""


def shape():
    with connection.cursor() as cursor:
        cursor.execute(SHAPE, [TABLES] * 3)
        return set(cursor.fetchall())


@pytest.fixture
def filled(db):
    before = shape()
    load(count=COUNT, seed=7, say=lambda line: None)
    assert shape() == before
    return {reader: pages.User.objects.get(username=reader) for reader in READERS}


def test_it_fills_and_leaves_the_tables_as_they_were(filled):
    assert Expert.objects.count() == COUNT
    assert Holder.objects.exists()
    assert NeedToKnow.objects.exists()
    assert RosterEntry.objects.count() == 3 * COUNT
    user = filled["bench_all"]
    listing = Listing(user, user.unit, date(2022, 6, 30))
    assert sum(listing.totals().values()) == listing.entries().count() > 0
    for expert in Expert.objects.all()[:20]:
        assert {token.token for token in SearchToken.objects.filter(expert=expert)} == tokens_of(expert)
        assert expert.sort_key == expert.keyed()


def test_its_coverage_is_what_the_product_makes_of_its_contacts(filled):
    assert 4 * COUNT < Contact.objects.count() < 6 * COUNT
    rows, tallies = (
        sorted(Coverage.objects.values_list(*ROW)),
        sorted(CoverageTally.objects.values_list(*TALLY)),
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM activities_coverage")
        cursor.execute("SELECT activities_refresh(array_agg(id)) FROM experts_expert")  # with its triggers
    settle()
    assert sorted(Coverage.objects.values_list(*ROW)) == rows
    assert sorted(CoverageTally.objects.exclude(change=0).values_list(*TALLY)) == tallies
    for expert in Expert.objects.all()[:10]:
        units = list(Unit.objects.within(expert.unit))
        for day in (date(2022, 6, 30), timezone.localdate()):
            found = Coverage.objects.within(expert.unit).key().filter(expert=expert).with_state(day)
            expected = oracle.coverage([expert], units, day)
            assert Counter(row.state for row in found) == Counter(expected)


@pytest.mark.parametrize("reader", READERS)
def test_both_locks_agree_on_what_was_filled(filled, reader):
    user = filled[reader]
    expected = set(Expert.objects.visible_to(user).values_list("pk", flat=True))
    tokens = SearchToken.objects.visible_to(user).count()
    with as_role("liaison_app", user), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM experts_expert")
        assert {number for (number,) in cursor.fetchall()} == expected
        cursor.execute("SELECT count(*) FROM experts_searchtoken")
        assert cursor.fetchone()[0] == tokens
    assert expected


def test_the_same_seed_draws_the_same_people(filled):
    first = list(Expert.objects.order_by("record_number").values_list("record_number", "name", "birth"))
    Expert.objects.all().delete()
    from liaison.bench.people import Draw

    again = Draw(7, timezone.localdate()).people(COUNT)
    assert sorted((each.number, each.name, each.birth) for each in again) == first


def test_a_database_that_is_not_marked_is_refused(db):
    with pytest.raises(CommandError, match="not marked"):
        call_command("seed_load", experts=10)
    with pytest.raises(CommandError, match="not a bench"):
        call_command("bench", experts=10)


def test_a_database_with_experts_of_its_own_cannot_be_marked(db):
    make_expert("真有其人")
    with pytest.raises(CommandError, match="cannot become a bench"):
        call_command("seed_load", experts=10, mark=True)


def test_pages_are_measured_and_written_as_a_table(filled, settings, monkeypatch, tmp_path):
    settings.ROOT_URLCONF = "liaison.bench.pages"
    settings.ALLOWED_HOSTS = ["testserver"]
    monkeypatch.setattr(pages, "WARM_UP", 1)
    monkeypatch.setattr(report, "FILE", tmp_path / "benchmarks.md")
    report.FILE.write_text("# Benchmarks\n\n## 400 experts\n\nold\n\n## 500 experts\n\nkept\n")
    found = {reader: pages.measure(reader, rounds=3) for reader in ("bench_tenth", "bench_all")}
    assert [timing.page for timing in found["bench_all"]][:3] == ["floor", "bare rows", "list, page 1"]
    for timing in found["bench_all"]:
        assert 0 < timing.p50 <= timing.p95
        assert 0 < timing.queries <= 20  # tests add statements of their own
    monkeypatch.setattr(exports, "LINES", (50, 50_000))
    monkeypatch.setattr("reports.tasks.Reporter", Silent)
    makings = exports.measure_exports("bench_all")
    fewer, all_of_them = [making.lines for making in makings]
    assert 0 < fewer <= 50 < all_of_them
    assert all(making.seconds > 0 and making.floor > 0 for making in makings)
    assert not Export.objects.exists()
    report.write_table(400, found, makings)
    text = report.FILE.read_text()
    assert "old" not in text
    assert "kept" in text
    assert text.count(f"search, {'name'}") == 2
    assert COMMON_NAME not in json.dumps([timing.page for timing in found["bench_all"]])


def test_the_command_line_says_what_it_needs(db):
    out = StringIO()
    with pytest.raises(CommandError, match="positive"):
        call_command("seed_load", experts=0, stdout=out)


def test_the_reminders_of_the_bench_are_planned_and_delivered(filled, monkeypatch):
    monkeypatch.setattr(reminding, "clear", lambda: None)  # a VACUUM has no place in a test's transaction
    with as_role("liaison_worker"):
        plan = reminding.planned()
        half = reminding.delivered(plan["reminders"] // 2)
        rest = reminding.delivered(plan["reminders"])
    assert plan["reminders"] > COUNT / 30
    assert half["reminders"] + rest["reminders"] == plan["reminders"]
    message = Message.objects.filter(rule__startswith="contact_due").first()
    assert Expert.objects.visible_to(message.recipient).filter(pk=message.expert_id).exists()


def test_a_line_of_the_reminders_is_written_once_for_each_size_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FILE", tmp_path / "benchmarks.md")
    report.FILE.write_text("# Benchmarks\n\n## 100 experts\n\nkept\n")
    pages_found = {"list": {"quiet": 10.0, "busy": 12.0}}
    for seconds in (1, 2):
        found = {
            "plan": {"reminders": 5, "seconds": seconds},
            "pages": {"reminders": 4, "seconds": 3, "pages": pages_found},
        }
        report.write_reminders(2000, found)
        report.write_reminders(100, found)
    text = report.FILE.read_text()
    assert text.index("| 100 |") < text.index("| 2,000 |")
    assert text.count("## Reminders") == 1
    assert text.count("| 100 | 5 | 2 | 4 | 3 | list 10.0 → 12.0 |") == 1
    assert text.count("→") == 2
    assert "kept" in text
