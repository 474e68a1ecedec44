"""The sealer works as liaison_audit, chains everything visible, and never stops at a bad row."""

import json
import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from audit import sealing
from audit.actions import record
from audit.management.commands import audit_seal
from audit.models import Event, Head, Seal
from audit.sealing import seal_all
from audit.verbs import Verb
from audit.verifying import verify
from core.context import Acting, acting_as
from tests.audit.conftest import triggers_off
from tests.roles import as_role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_trail")]


def events(count):
    for number in range(count):
        record(Verb.VIEW, by=None, kind="expert", reference=str(number))


def sealed_as_sealer():
    with as_role("liaison_audit"):
        return seal_all()[0]


def order():
    """References in the order of the chain."""
    by_id = dict(Event.objects.values_list("id", "reference"))
    return [by_id[event] for event in Seal.objects.order_by("number").values_list("event_id", flat=True)]


def test_every_event_gets_one_seal_in_order(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 2)
    events(5)
    assert (sealed_as_sealer(), sealed_as_sealer()) == (5, 0)
    events(1)
    assert sealed_as_sealer() == 1
    assert order() == ["0", "1", "2", "3", "4", "0"]
    assert list(Seal.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    last = Seal.objects.get(number=6)
    assert list(Head.objects.values_list("number", "digest")) == [(6, last.digest)]
    assert verify() == (6, 6, last.digest)


def test_an_event_that_is_committed_late_is_sealed_behind_the_others():
    events(2)
    early = Event.objects.order_by("id").first()
    with triggers_off() as cursor:
        cursor.execute("CREATE TEMP TABLE late AS SELECT * FROM audit_event WHERE id = %s", [early.pk])
        cursor.execute("DELETE FROM audit_event WHERE id = %s", [early.pk])
    assert sealed_as_sealer() == 1
    with triggers_off() as cursor:
        cursor.execute("INSERT INTO audit_event SELECT * FROM late")
    assert sealed_as_sealer() == 1
    assert order() == ["1", "0"]
    assert verify()[0] == 2


def test_what_lies_below_is_left_to_the_next_sweep():
    events(2)
    newest = Event.objects.order_by("id").last()
    with as_role("liaison_audit"):
        assert seal_all(after=newest.pk) == (0, newest.pk)
        assert seal_all() == (2, newest.pk)


@pytest.mark.parametrize("facts", [
    {"fields": ["phone", "health"], "reason": "“走访”\n\t'\"\\ 😀", "counts": {"b": 1, "a": {"z": [None]}}},
    {"fields": [], "counts": {}},
    {"counts": {"sm3": "0" * 64, "large": 10**30, "negative": -1, "share": 0.25, "flag": True}},
])  # fmt: skip
def test_whatever_is_recorded_reads_back_as_it_was_marked(facts):
    with acting_as(Acting(10**12, "用户" * 20, "2001:db8::1", "web")):
        record(Verb.REVEAL, by=None, kind="expert", reference="ZJ-AAAA1111", **facts)
    assert sealed_as_sealer() == 1
    assert verify()[0] == 1


BAD = {
    "mark": "x" * 64,
    "at": "infinity",
    "counts": json.dumps(json.loads("[" * 900 + "]" * 900)),
    "fields": "{{a,b},{c,NULL}}",
    "id": "-5",
    "verb": "",
}


@pytest.mark.parametrize("column", BAD)
def test_the_sealer_does_not_stop_at_a_bad_row(column):
    events(3)
    middle = Event.objects.order_by("id")[1]
    with triggers_off() as cursor:
        cursor.execute(f"UPDATE audit_event SET {column} = %s WHERE id = %s", [BAD[column], middle.pk])
    assert sealed_as_sealer() == 3


@pytest.mark.parametrize("counts", ["[" * 5000 + "]" * 5000, "1" * 5000])
def test_nor_at_numbers_that_cannot_be_read(counts):
    events(2)
    with triggers_off() as cursor:
        cursor.execute("UPDATE audit_event SET counts = %s", [counts])
    assert sealed_as_sealer() == 2


def test_a_thousand_events_take_few_statements(django_assert_max_num_queries):
    events(1000)
    with django_assert_max_num_queries(20):
        assert seal_all()[0] == 1000


def test_the_command_refuses_an_unsafe_role():
    with pytest.raises(
        SystemExit, match="Refusing to start: this process connects to PostgreSQL as BYPASSRLS"
    ):
        call_command("audit_seal", "--once")


def test_the_command_seals_once(monkeypatch):
    monkeypatch.setattr(audit_seal, "refuse_unsafe_role", lambda: None)
    events(3)
    out = StringIO()
    with as_role("liaison_audit"):
        call_command("audit_seal", "--once", stdout=out)
    assert out.getvalue() == "3 events sealed.\n"


def test_the_loop_goes_on_after_the_database_was_away(monkeypatch, caplog):
    stop, answers = threading.Event(), [1, OperationalError("gone"), OperationalError("gone"), 1, 1]

    def seal(*, after):
        answer = answers.pop(0)
        if not answers:
            stop.set()
        if isinstance(answer, Exception):
            raise answer
        return answer, answer

    monkeypatch.setattr(audit_seal, "seal_all", seal)
    monkeypatch.setattr(connection, "close", lambda: None)
    audit_seal.run(0.01, stop)
    assert [record.message.split(";")[0] for record in caplog.records] == [
        "The database does not answer",
        "The database answers again.",
    ]


def test_the_loop_sweeps_again_and_again(monkeypatch):
    """Between two sweeps it asks above the last id, then everything."""
    stop, asked = threading.Event(), []

    def seal(*, after):
        asked.append(after)
        if len(asked) == 4:
            stop.set()
        return 0, 7

    moments = iter([0, 0, 1, 61, 61, 62])
    monkeypatch.setattr(audit_seal, "seal_all", seal)
    monkeypatch.setattr(audit_seal.time, "monotonic", lambda: next(moments))
    audit_seal.run(0.01, stop)
    assert asked == [sealing.LOWEST, 7, sealing.LOWEST, 7]


def test_sealing_does_not_wipe_out_a_cut():
    events(3)
    sealed_as_sealer()
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM audit_seal WHERE number = 3")
        cursor.execute("DELETE FROM audit_event WHERE reference = '2'")
    events(1)
    sealed_as_sealer()
    assert list(Seal.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 4]


@pytest.mark.parametrize("statement", [
    "UPDATE audit_head SET mac = repeat('0', 64)",
    "UPDATE audit_head SET number = 999, mac = repeat('0', 64)",
    "DELETE FROM audit_head",
])  # fmt: skip
def test_sealing_does_not_mend_a_head(statement):
    events(2)
    sealed_as_sealer()
    with triggers_off() as cursor:
        cursor.execute(statement)
    before = list(Head.objects.values())
    events(1)
    assert sealed_as_sealer() == 1
    assert list(Head.objects.values()) == before
