"""Another key for everything that is stored encrypted: proved value by value, and nothing else changes."""

import secrets
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Event
from core.crypto import decrypt, encrypt
from exchange.models import RosterImport, RosterRow
from exchange.pipeline.source import VAULT, opened, samples_of
from exchange.rows import content
from experts.enums import SensitiveField
from experts.models import Expert, SensitiveValue
from experts.sensitive import SensitiveInput, bound_to, match_index, sealed
from experts.sensitive import opened as opened_value
from liaison import key_rotation
from liaison.key_rotation import Rotation
from liaison.sealed import PLACES, Place
from reports.models import VAULT as EXPORTS
from reports.models import Export
from tests.exchange import wizard
from tests.factories import make_expert, make_sensitive
from tests.reports.making import ready_export

ID_NUMBER, PHONE = "110105198510104635", "13800138000"


@pytest.fixture
def old_key(settings):
    settings.FIELD_KEYS = [f"old:{'1' * 32}:{'a' * 64}"]
    return settings.FIELD_KEYS[0]


@pytest.fixture
def stored(old_key, officer_haidian, client_of, monkeypatch):
    """Two values of an expert, a roster at its preview and an export, all under the old key."""
    expert = make_expert("林中一")
    make_sensitive(expert, text=ID_NUMBER)
    make_sensitive(expert, SensitiveField.PHONE, PHONE)
    wizard.previewed(client_of(officer_haidian), monkeypatch, wizard.GOOD, wizard.BAD_ID)
    ready_export(officer_haidian, b"PK-export")
    return expert


@pytest.fixture
def new_key(settings):
    """Put the next key in front, with the index key of the old one."""

    def add(index="a" * 64):
        settings.FIELD_KEYS = [f"new:{secrets.token_hex(16)}:{index}", *settings.FIELD_KEYS]
        return settings.FIELD_KEYS[0]

    return add


FILLED = 5  # kinds of values that `stored` makes


def filled():
    return [place for place in PLACES if place.rows().exists()]


def rotated(capsys, **options):
    call_command("rotate_field_keys", **options)
    return capsys.readouterr().out


def in_clear(expert):
    """Everything that is stored encrypted, opened."""
    roster, export = RosterImport.objects.get(), Export.objects.get()
    with opened(roster) as sheet:
        cells = [row for _, row in sheet.rows]
    return {
        "values": {row.field: opened_value(expert, row) for row in expert.sensitive_values.all()},
        "rows": [content(row).as_dict() for row in RosterRow.objects.select_related("roster").order_by("pk")],
        "samples": samples_of(roster),
        "file": cells,
        "export": EXPORTS.read(export.stored_as, key_id=export.stored_key, bound_to=export.bound_to),
    }


def test_everything_opens_under_the_new_key_and_without_the_old_one(stored, new_key, settings, capsys):
    before = in_clear(stored)
    new = new_key()
    old_name = RosterImport.objects.get().stored_as
    said = rotated(capsys)
    assert [set(place.rows().values_list(place.key, flat=True)) for place in filled()] == [{"new"}] * FILLED
    assert "remove from FIELD_KEYS: old" in said
    settings.FIELD_KEYS = [new]
    assert in_clear(stored) == before
    assert before["export"] == b"PK-export"
    assert before["values"] == {"id_number": ID_NUMBER, "phone": PHONE}
    assert RosterImport.objects.get().stored_as != old_name


def test_the_old_file_goes_when_the_row_names_the_new_one_for_good(
    stored, new_key, django_capture_on_commit_callbacks
):
    old = VAULT.folder() / RosterImport.objects.get().stored_as
    new_key()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("rotate_field_keys")
    new = VAULT.folder() / RosterImport.objects.get().stored_as
    assert (old.exists(), [path.name for path in VAULT.folder().iterdir()]) == (False, [new.name])
    assert new.stat().st_mode & 0o777 == 0o600


def test_nothing_but_ciphertext_and_key_changes(stored, new_key):
    columns = "id, field, blind_index, label, unit_order"

    def facts():
        experts = list(Expert.objects.order_by("pk").values())
        return experts, rows(f"SELECT {columns} FROM experts_sensitivevalue")

    before = facts()
    new_key()
    call_command("rotate_field_keys")
    assert facts() == before
    row = SensitiveValue.objects.get(field="id_number")
    assert bytes(row.blind_index) == match_index(ID_NUMBER)


def rows(statement):
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY 1")
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]


def test_counts_are_printed_and_recorded_without_values(stored, new_key, capsys):
    new_key()
    said = rotated(capsys)
    assert "experts_sensitivevalue.ciphertext: old 2\n  re-encrypted 2; now new 2\n" in said
    assert "exchange_rosterimport.stored_as: old 1\n  re-encrypted 1; now new 1\n" in said
    digests = [line.replace(",", "").split() for line in said.splitlines() if "digest" in line]
    assert len(digests) == len(PLACES)
    assert all(line[2] == line[4] for line in digests)
    assert sum(line[2] != "0" * 16 for line in digests) == FILLED
    event = Event.objects.get(kind="field_keys")
    assert (event.verb, event.reference, event.result, event.channel) == ("change", "new", "ok", "command")
    assert event.counts["experts_sensitivevalue.ciphertext"] == 2
    assert not {ID_NUMBER, PHONE, "林中一"} & set(f"{said} {event.counts}".split())


def test_a_dry_run_only_counts(stored, new_key, capsys):
    new_key()
    said = rotated(capsys, dry_run=True)
    assert "experts_sensitivevalue.ciphertext: old 2\n" in said
    assert set(SensitiveValue.objects.values_list("key_id", flat=True)) == {"old"}
    assert not Event.objects.filter(kind="field_keys").exists()


def test_a_second_run_has_nothing_to_do(stored, new_key, capsys):
    new_key()
    call_command("rotate_field_keys")
    ciphertexts = rows("SELECT id, ciphertext FROM experts_sensitivevalue")
    capsys.readouterr()
    assert "re-encrypted 0; now new 2" in rotated(capsys)
    assert rows("SELECT id, ciphertext FROM experts_sensitivevalue") == ciphertexts


def test_a_run_goes_on_where_another_broke_off(stored, new_key, monkeypatch):
    new_key()
    monkeypatch.setattr(Rotation, "_verify", broken_off)
    with pytest.raises(KeyboardInterrupt):
        call_command("rotate_field_keys")
    assert set(SensitiveValue.objects.values_list("key_id", flat=True)) == {"new"}
    assert set(RosterRow.objects.values_list("key_id", flat=True)) == {"old"}
    monkeypatch.undo()
    call_command("rotate_field_keys")
    assert set(RosterRow.objects.values_list("key_id", flat=True)) == {"new"}


def broken_off(*args):
    raise KeyboardInterrupt


def test_another_index_key_is_refused(stored, new_key):
    new_key(index="b" * 64)
    with pytest.raises(CommandError, match="another index key"):
        call_command("rotate_field_keys")
    assert set(SensitiveValue.objects.values_list("key_id", flat=True)) == {"old"}


def refused(match):
    with pytest.raises(CommandError, match=match) as refusal:
        call_command("rotate_field_keys")
    return str(refusal.value)


def test_a_value_moved_from_another_row_is_named_and_left(stored, new_key):
    """Put under the new key in its wrong place, it would open there for good."""
    other = make_expert("林中二")
    moved = sealed(stored, SensitiveInput(SensitiveField.PHONE, "13900139000"))
    row = make_sensitive(other, SensitiveField.PHONE, PHONE)
    SensitiveValue.objects.filter(pk=row.pk).update(ciphertext=moved.ciphertext)
    before = bytes(SensitiveValue.objects.get(pk=row.pk).ciphertext)
    new_key()
    said = refused(f"experts_sensitivevalue.ciphertext, row {row.pk}: it does not open under old")
    row.refresh_from_db()
    assert (bytes(row.ciphertext), row.key_id) == (before, "old")
    assert said.count("row ") == 1
    assert SensitiveValue.objects.filter(key_id="new").count() == 2
    event = Event.objects.get(kind="field_keys")
    assert (event.result, event.counts["problems"]) == ("failed", 1)


def test_a_moved_value_under_the_new_key_is_named_too(stored, new_key):
    new_key()
    call_command("rotate_field_keys")
    first, second = SensitiveValue.objects.order_by("pk")
    SensitiveValue.objects.filter(pk=second.pk).update(ciphertext=first.ciphertext)
    refused(f"row {second.pk}: it does not open under new")


def test_an_unknown_key_is_named_and_left(stored, new_key):
    row = SensitiveValue.objects.get(field="phone")
    SensitiveValue.objects.filter(pk=row.pk).update(key_id="gone")
    new_key()
    refused(f"row {row.pk}: its key gone is not among FIELD_KEYS")
    assert SensitiveValue.objects.get(pk=row.pk).key_id == "gone"


def test_a_missing_file_is_named(stored, new_key):
    roster = RosterImport.objects.get()
    Path(VAULT.folder() / roster.stored_as).unlink()
    new_key()
    refused(f"exchange_rosterimport.stored_as, row {roster.pk}: its file is missing")


def test_what_does_not_read_back_is_taken_back(stored, new_key, monkeypatch):
    """The ciphertext is damaged on its way; the row keeps the old one, the others go on."""
    damaged = SensitiveValue.objects.get(field="phone")
    real = Place._update

    def update(place, row, **values):
        if row == damaged:
            values["ciphertext"] = values["ciphertext"][:-1] + bytes([values["ciphertext"][-1] ^ 1])
        real(place, row, **values)

    monkeypatch.setattr(Place, "_update", update)
    new_key()
    refused(f"row {damaged.pk}: what was stored read back differently")
    assert dict(SensitiveValue.objects.values_list("field", "key_id")) == {"id_number": "new", "phone": "old"}
    damaged.refresh_from_db()
    assert opened_value(stored, damaged) == PHONE


def test_what_a_user_writes_meanwhile_is_kept(stored, new_key, monkeypatch, capsys):
    """Between the rewriting and the last reading someone saves another number, under the new key."""
    new_key()
    verify = Rotation._verify

    def save_then_verify(self, outcome):
        if outcome.place is PLACES[0]:
            data, key = encrypt("13900139000", bound_to=bound_to(stored.uuid, "phone"))
            stored.sensitive_values.filter(field="phone").delete()
            SensitiveValue.objects.bulk_create(
                [SensitiveValue(expert=stored, field="phone", ciphertext=data, key_id=key)]
            )
        verify(self, outcome)

    monkeypatch.setattr(Rotation, "_verify", save_then_verify)
    assert "1 of them changed or deleted by users meanwhile" in rotated(capsys)
    row = SensitiveValue.objects.get(field="phone")
    assert (
        decrypt(row.ciphertext, key_id=row.key_id, bound_to=bound_to(stored.uuid, "phone")) == "13900139000"
    )


def test_what_a_process_with_old_keys_writes_meanwhile_is_named(stored, new_key, settings, monkeypatch):
    new_key()
    verify = Rotation._verify

    def save_then_verify(self, outcome):
        if outcome.place is PLACES[0]:
            keys, settings.FIELD_KEYS = settings.FIELD_KEYS, settings.FIELD_KEYS[1:]
            make_sensitive(make_expert("林中三"), SensitiveField.PHONE, PHONE)
            settings.FIELD_KEYS = keys
        verify(self, outcome)

    monkeypatch.setattr(Rotation, "_verify", save_then_verify)
    refused("it is still under old: in use all the time, or written by a process with old FIELD_KEYS")


def test_a_roster_renamed_while_its_import_waits_is_still_found(
    stored, new_key, django_capture_on_commit_callbacks
):
    waiting = RosterImport.objects.get()
    new_key()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("rotate_field_keys")
    with opened(waiting) as sheet:
        assert [cells[0] for _, cells in sheet.rows] == ["姓名", "林一", "林二"]


def test_rows_in_use_are_waited_for_and_then_named(stored, new_key, monkeypatch):
    """SKIP LOCKED finds nothing while others hold the rows."""
    monkeypatch.setattr(key_rotation, "PATIENCE", 0.0)
    monkeypatch.setattr(Rotation, "_pass", lambda self, outcome: 0)
    new_key()
    assert refused("it is still under old").count("in use all the time") >= 4
