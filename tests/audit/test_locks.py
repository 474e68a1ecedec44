"""Who reads the trail, said twice: in Python and by row-level security."""

import os
from contextlib import suppress

import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from audit.actions import record
from audit.models import Event, Head, Seal
from audit.verbs import Verb
from experts.enums import Label
from experts.models import Expert
from liaison.service_urls import connection_arguments
from tests.factories import make_expert, restrict
from tests.personas import PERSONAS
from tests.roles import as_role

pytestmark = pytest.mark.django_db
TABLES = [Event, Seal, Head]


@pytest.fixture
def population(empty_trail, personas):
    """Events about experts of two districts and of every label, about nobody's record, and about a user."""
    experts = [
        make_expert("甲", unit_code="D04"),
        make_expert("乙", unit_code="D03"),
        make_expert("丙", unit_code="D04", label=Label.SENSITIVE),
        restrict(make_expert("丁", unit_code="D04"), personas["cleared_city"]),
    ]
    for expert in experts:
        record(Verb.VIEW, by=None, kind="expert", reference=expert.record_number)
    record(Verb.VIEW, by=None, kind="expert", reference="ZJ-NOBODY22")
    record(Verb.SIGN_IN, by=None, kind="user", reference=experts[0].record_number)
    Seal.objects.create(number=1, event_id=1, digest="0", sealed_at="2026-01-01T00:00Z")
    Head.objects.create(number=1, digest="0", mac="0")
    return personas


def seen_by_python(user):
    numbers = Expert.objects.visible_to(user).values_list("record_number", flat=True)
    seen = set(Event.objects.visible_to(user))
    return seen.union(*(Event.objects.about(number) for number in numbers))


@pytest.mark.parametrize("name", PERSONAS)
def test_both_locks_agree_on_every_event(population, as_app, name):
    expected = seen_by_python(population[name])
    with as_app(population[name]):
        assert set(Event.objects.all()) == expected


def test_the_population_tells_the_personas_apart(population):
    seen = {name: len(seen_by_python(user)) for name, user in population.items()}
    assert seen == {
        "staff_city": 3, "leader_city": 2, "director_haidian": 2, "officer_haidian": 2, "officer_chaoyang": 1,
        "cleared_city": 4, "sysadmin": 0, "secadmin": 0, "auditor": 6, "no_role": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", PERSONAS)
@pytest.mark.parametrize("model", [Seal, Head])
def test_seals_are_the_auditors(population, as_app, name, model):
    with as_app(population[name]):
        assert model.objects.count() == (1 if name == "auditor" else 0)
    assert Seal.objects.visible_to(population[name]).count() == (1 if name == "auditor" else 0)


@pytest.mark.parametrize("model", TABLES)
def test_without_context_the_trail_reads_as_empty(population, as_app, model):
    assert model.objects.exists()
    with as_app(None):
        assert list(model.objects.all()) == []


@pytest.mark.parametrize("model", TABLES)
def test_the_sealer_reads_everything(population, model):
    expected = set(model.objects.all())
    with as_role("liaison_audit"):
        assert set(model.objects.all()) == expected


SWITCHES = [
    "SET session_replication_role = replica",
    "SET row_security = off",
    "SET ROLE liaison_owner",
    "SET ROLE liaison_audit",
    "SET SESSION AUTHORIZATION liaison_owner",
    "SET default_transaction_read_only = off",
    "SET app.actor = '1|1|1|1'",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    "GRANT ALL ON {table} TO CURRENT_USER",
]
CHANGES = ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"]
COLUMNS = {"audit_event": "reference", "audit_seal": "digest", "audit_head": "digest"}


@pytest.fixture(params=["DATABASE_URL", "DATABASE_WORKER_URL"])
def signed_in(request, db):
    """A connection that signed in as the role itself, with no owner to go back to."""
    arguments = connection_arguments(request.param, os.environ[request.param])
    own = psycopg2.connect(**arguments | {"dbname": connection.settings_dict["NAME"]})
    own.autocommit = True
    yield own.cursor()
    own.close()


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("switch", SWITCHES)
def test_whatever_a_role_sets_it_changes_nothing(signed_in, switch, table):
    with suppress(psycopg2.Error):
        signed_in.execute(switch.format(table=table))
    for change in CHANGES:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            signed_in.execute(change.format(table=table, column=COLUMNS[table]))


@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("role", ["liaison_app", "liaison_worker"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_role_of_the_product_changes_the_trail(population, sql, table, role, change):
    with as_role(role), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        sql(change.format(table=table, column=COLUMNS[table]))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
def test_the_sealer_changes_no_event_and_no_seal(population, sql, table, change):
    with (
        as_role("liaison_audit"),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        sql(change.format(table=table, column=COLUMNS[table]))


def test_the_sealer_adds_no_event(population, sql):
    with (
        as_role("liaison_audit"),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        sql("INSERT INTO audit_event SELECT * FROM audit_event LIMIT 1")


@pytest.mark.parametrize("change", ["DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("table", COLUMNS)
def test_not_even_the_owner_empties_the_trail(population, sql, table, change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(change.format(table=table))


def test_the_triggers_fire_in_every_mode(sql):
    found = sql(
        "SELECT tgrelid::regclass::text, tgenabled FROM pg_trigger"
        " WHERE tgrelid::regclass::text LIKE 'audit!_%%' ESCAPE '!' AND NOT tgisinternal"
    )
    assert sorted(found) == sorted([(table, "A") for table in COLUMNS] * 2)
