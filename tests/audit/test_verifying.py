"""The walk over real rows, tampered with as only the owner can once the triggers are off."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit import chain, sealing, verifying
from audit.actions import record
from audit.models import Event, Head, Seal
from audit.sealing import seal_all
from audit.verbs import Verb
from tests.audit.conftest import triggers_off
from tests.roles import as_role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_trail")]
COUNT = 6


@pytest.fixture
def ids(empty_trail):
    """Six sealed events; their ids by place in the chain, from 1."""
    for number in range(COUNT):
        record(Verb.CHANGE, by=None, kind="expert", reference=f"ZJ-{number}", fields=["post"], reason="核对",
               counts={"rows": number})  # fmt: skip
    seal_all()
    return [None, *Event.objects.order_by("id").values_list("id", flat=True)]


def told(*arguments):
    """What the command says under the sealer's role, and its exit code."""
    out = StringIO()
    try:
        with as_role("liaison_audit"):
            call_command("audit_verify", *arguments, stdout=out)
    except CommandError as problem:
        return problem.returncode, str(problem)
    return 0, out.getvalue().strip()


def tamper(statement, *arguments):
    with triggers_off() as cursor:
        cursor.execute(statement, arguments)


def head():
    return "{0.number}:{0.digest}".format(Head.objects.get())


def test_a_whole_trail(ids):
    assert told() == (0, f"{COUNT} events, head {head()}")
    assert head().startswith(f"{COUNT}:")


def test_an_empty_trail():
    assert told() == (0, f"0 events, head 0:{'0' * 64}")


def test_a_walk_in_small_steps_says_the_same(ids, monkeypatch):
    before = told()
    for name in ("SEALED", "UNSEALED"):
        monkeypatch.setattr(verifying, name, getattr(verifying, name).replace("LIMIT 2000", "LIMIT 2"))
    assert told() == before


# Edited

EDITS = {
    "at": "at + interval '1 microsecond'",
    "nonce": "gen_random_uuid()",
    "mark": "repeat('a', 64)",
    "actor": "7",
    "username": "username || 'x'",
    "address": "'10.0.0.1'",
    "channel": "'job'",
    "verb": "'view'",
    "kind": "'unit'",
    "reference": "'ZJ-X'",
    "fields": "ARRAY['title']",
    "reason": "''",
    "result": "'failed'",
    "counts": "'{\"rows\": 0}'",
}


def test_every_column_is_tried():
    assert (
        set(EDITS) == {field.column for field in Event._meta.concrete_fields} - {"id"} == set(chain.COLUMNS)
    )


@pytest.mark.parametrize("column", EDITS)
def test_an_edit(ids, column):
    tamper(f"UPDATE audit_event SET {column} = {EDITS[column]} WHERE id = %s", ids[3])
    assert told() == (1, f"Event {ids[3]} was edited, or its seal 3: the digest differs.")


def test_a_new_id(ids):
    tamper("UPDATE audit_event SET id = -1 WHERE id = %s", ids[3])
    assert told() == (1, f"Event {ids[3]} was deleted: seal 3 has no event.")


@pytest.mark.parametrize("column", ["digest", "event_id"])
def test_an_edited_seal(ids, column):
    tamper(
        f"UPDATE audit_seal SET {column} = %s WHERE number = 3", {"digest": "b" * 64, "event_id": 0}[column]
    )
    assert told()[0] == 1
    assert "seal 3" in told()[1]


def test_two_events_that_swapped_places(ids):
    tamper("UPDATE audit_event SET id = -1 WHERE id = %s", ids[2])
    tamper("UPDATE audit_event SET id = %s WHERE id = %s", ids[2], ids[3])
    tamper("UPDATE audit_event SET id = %s WHERE id = -1", ids[3])
    assert told() == (1, f"Event {ids[2]} was edited, or its seal 2: the digest differs.")


def test_two_seals_that_swapped_places(ids):
    tamper("UPDATE audit_seal SET number = -1 WHERE number = 2")
    tamper("UPDATE audit_seal SET number = 2 WHERE number = 3")
    tamper("UPDATE audit_seal SET number = 3 WHERE number = -1")
    assert told() == (1, f"Event {ids[3]} was edited, or its seal 2: the digest differs.")


def test_the_first_of_several_is_named(ids):
    tamper("UPDATE audit_event SET reason = 'x' WHERE id IN (%s, %s)", ids[5], ids[2])
    assert f"Event {ids[2]} " in told()[1]


def test_a_time_zone_changes_nothing(ids, settings):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'America/New_York'")
        cursor.execute("SET LOCAL DateStyle = 'SQL, DMY'")
    assert told()[0] == 0


# Deleted


def test_an_event_deleted_in_the_middle(ids):
    tamper("DELETE FROM audit_event WHERE id = %s", ids[3])
    assert told() == (1, f"Event {ids[3]} was deleted: seal 3 has no event.")


def test_an_event_deleted_with_its_seal(ids):
    tamper("DELETE FROM audit_event WHERE id = %s", ids[3])
    tamper("DELETE FROM audit_seal WHERE number = 3")
    assert told() == (1, "Seal 3 is missing: the next one is 4.")


def test_a_gap_that_was_closed_by_renumbering(ids):
    tamper("DELETE FROM audit_event WHERE id = %s", ids[3])
    tamper("DELETE FROM audit_seal WHERE number = 3")
    for number in range(4, COUNT + 1):
        tamper("UPDATE audit_seal SET number = %s WHERE number = %s", number - 1, number)
    assert told() == (1, f"Event {ids[4]} was edited, or its seal 3: the digest differs.")


def test_the_first_event_deleted_with_its_seal(ids):
    tamper("DELETE FROM audit_event WHERE id = %s", ids[1])
    tamper("DELETE FROM audit_seal WHERE number = 1")
    assert told() == (1, "Seal 1 is missing: the next one is 2.")


def cut(ids):
    tamper("DELETE FROM audit_event WHERE id > %s", ids[4])
    tamper("DELETE FROM audit_seal WHERE number > 4")


def test_a_tail_deleted_without_its_seals(ids):
    tamper("DELETE FROM audit_event WHERE id > %s", ids[4])
    assert told() == (1, f"Event {ids[5]} was deleted: seal 5 has no event.")


def test_a_tail_deleted_with_its_seals(ids):
    cut(ids)
    assert told() == (1, "The tail was cut off: the head is 6, the last seal 4.")


def test_everything_deleted_but_the_head(ids):
    tamper("DELETE FROM audit_event")
    tamper("DELETE FROM audit_seal")
    assert told() == (1, "The tail was cut off: the head is 6, the last seal 0.")


def test_a_cut_stays_visible_when_the_sealer_goes_on(ids):
    cut(ids)
    record(Verb.VIEW, by=None, kind="expert")
    seal_all()
    assert told() == (1, "Seal 5 is missing: the next one is 7.")


# The head


def test_a_forged_head(ids):
    cut(ids)
    tamper("UPDATE audit_head SET number = 4, digest = (SELECT digest FROM audit_seal WHERE number = 4)")
    assert told() == (1, "The head 4 is forged: wrong code.")


def test_a_deleted_head(ids):
    tamper("DELETE FROM audit_head")
    assert told() == (1, "The head is missing, after seal 6.")


@pytest.fixture
def old_head(ids):
    """The genuine head from when the chain was four long."""
    seal = Seal.objects.get(number=4)
    return 4, seal.digest, chain.head_mac(4, seal.digest)


def test_a_head_set_back(ids, old_head):
    tamper("UPDATE audit_head SET number = %s, digest = %s, mac = %s", *old_head)
    assert told() == (1, "The head was set back: it is 4, the last seal 6.")


def test_a_cut_with_the_old_head_is_found_by_the_noted_one_only(ids, old_head):
    noted = head()
    cut(ids)
    tamper("UPDATE audit_head SET number = %s, digest = %s, mac = %s", *old_head)
    assert told()[0] == 0
    assert told("--expect", noted) == (1, "The trail ends at seal 4: the noted head 6 was cut off.")


def test_a_noted_head_that_still_stands(ids):
    noted = head()
    record(Verb.VIEW, by=None, kind="expert")
    seal_all()
    assert told("--expect", noted)[0] == 0


def test_a_trail_that_was_written_anew_is_found_by_the_noted_head(ids):
    """Somebody with the key could do it; the note outside the database tells."""
    noted = head()
    tamper("DELETE FROM audit_event")
    tamper("DELETE FROM audit_seal")
    tamper("DELETE FROM audit_head")
    for number in range(COUNT):
        record(Verb.VIEW, by=None, kind="expert", reference=f"ZJ-{number}")
    seal_all()
    assert told()[0] == 0
    text = "Seal 6 is not the one that was noted: the trail up to it was replaced."
    assert told("--expect", noted) == (1, text)


@pytest.mark.parametrize("text", ["6", "6:", "x:" + "0" * 64, "-1:" + "0" * 64, "6:" + "0" * 63])
def test_a_noted_head_that_is_none(text):
    with pytest.raises(CommandError, match="NUMBER:DIGEST"):
        call_command("audit_verify", f"--expect={text}")


# Inserted

COLUMNS = ", ".join(chain.COLUMNS)
FRESH = (
    "INSERT INTO audit_event (at, nonce, mark, username, address, channel, verb, kind, reference, fields,"
    " reason, result, counts) VALUES (%s, gen_random_uuid(), repeat('c', 64), 'x', '', 'web', 'view',"
    " 'expert', 'ZJ-X', '{}', '', 'ok', '{}') RETURNING id"
)


def inserted():
    with connection.cursor() as cursor:
        cursor.execute(FRESH, [timezone.now()])
        return cursor.fetchone()[0]


def test_a_fresh_row_that_waits_for_its_seal(ids):
    new = inserted()
    text = f"Event {new} (not sealed yet) was inserted, or edited before it was sealed: wrong mark."
    assert told() == (1, text)


def test_a_fresh_row_that_was_sealed(ids):
    new = inserted()
    seal_all()
    text = f"Event {new} (seal 7) was inserted, or edited before it was sealed: wrong mark."
    assert told() == (1, text)


def test_a_fresh_row_below_zero(ids):
    tamper("UPDATE audit_event SET id = -7 WHERE id = %s", inserted())
    assert told()[1].startswith("Event -7 (not sealed yet) was inserted")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_fresh_row_in_the_gap_that_a_rollback_left(empty_trail, sealed):
    record(Verb.VIEW, by=None, kind="expert")
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('audit_event_id_seq')")
        gap = cursor.fetchone()[0]
    record(Verb.VIEW, by=None, kind="expert")
    seal_all()
    tamper("UPDATE audit_event SET id = %s WHERE id = %s", gap, inserted())
    if sealed:
        seal_all()
    assert told()[1].startswith(f"Event {gap} ({'seal 3' if sealed else 'not sealed yet'}) was inserted")


def test_the_web_that_inserts_by_sql_is_found_too(ids, sql):
    with as_role("liaison_app"):
        sql(FRESH.replace(" RETURNING id", ""), timezone.now())
    assert "was inserted" in told()[1]


def test_a_copied_row_is_refused(ids, sql):
    with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
        sql(f"INSERT INTO audit_event ({COLUMNS}) SELECT {COLUMNS} FROM audit_event LIMIT 1")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_copied_row_without_the_constraint(ids, sql, sealed):
    (name,) = next(
        row
        for row in sql(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'audit_event'::regclass AND contype = 'u'"
        )
    )
    sql(f"ALTER TABLE audit_event DROP CONSTRAINT {name}")
    sql(f"INSERT INTO audit_event ({COLUMNS}) SELECT {COLUMNS} FROM audit_event WHERE id = %s", ids[2])
    if sealed:
        seal_all()
    newest = Event.objects.order_by("id").last().pk
    assert told() == (1, f"Event {newest} was inserted: it repeats the mark of another.")


def test_a_seal_of_nothing(ids):
    Seal.objects.create(number=7, event_id=10**12, digest="d" * 64, sealed_at=timezone.now())
    assert told() == (1, f"Event {10**12} was deleted: seal 7 has no event.")


# Waiting


def test_events_may_wait_a_little(ids):
    record(Verb.VIEW, by=None, kind="expert")
    assert told() == (0, f"{COUNT + 1} events, head {head()}")


def test_events_may_not_wait_for_long(ids, monkeypatch):
    moment = timezone.now() - verifying.LATE * 2
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    record(Verb.VIEW, by=None, kind="expert")
    text = "1 events have waited more than 5 minutes for their seal: is the sealer up?"
    assert told() == (1, text)


def test_another_key_verifies_nothing(ids, settings):
    settings.AUDIT_KEY = "another key of thirty-two letters"
    assert told()[0] == 1


def test_walk_and_batches_hold_no_more_than_a_batch(ids):
    """Constant memory: every statement that reads rows of the trail is limited."""
    for statement in (verifying.SEALED, verifying.UNSEALED, verifying.REPEATED, sealing.UNSEALED):
        assert "LIMIT" in statement
