"""Injected SQL, sessions of the product's own database roles, borrowed and forged contexts: what somebody who
controls statements, but not the process, gets out of PostgreSQL."""

import os
import time
from contextlib import contextmanager
from io import StringIO

import environ
import psycopg2
import pytest
from django.db import DatabaseError, connection, transaction

from core.rls import _sign
from exchange.synonyms import FIELD_LABELS
from experts.enums import AwardState, Label
from experts.forms.register import ExpertForm
from experts.models import Expert, Honour
from liaison.privileges import PRIVILEGES, WORKER_COLUMNS
from tests.access.test_canary import MARK, release_canary
from tests.experts.pages import NEW, posted
from tests.factories import hold, make_award, make_expert, make_sensitive, unit
from tests.policy.test_database import WITHOUT_LOCK

pytestmark = pytest.mark.django_db
MISSING = 10**15


@pytest.fixture
def hidden(personas):
    """By why they are hidden from the officer of D04, who sees one other record."""
    make_expert("林大同", awards=["CAS"])
    found = {"restricted": release_canary(personas)}
    for why, code, label in (("elsewhere", "D03", Label.INTERNAL), ("too sensitive", "D04", Label.SENSITIVE)):
        expert = found[why] = make_expert(f"{MARK}{code}", code, label=label)
        make_award(expert, "MUNICIPAL_AWARD", text=f"{MARK}奖", state=AwardState.PENDING)
        make_sensitive(expert)
    hold(found["elsewhere"], "U03")
    officer = personas["officer_haidian"]
    officer.clearance = Label.INTERNAL
    officer.save()
    return found


def failure(statement, *params):
    """(SQLSTATE, message and detail without the keys that were asked for), or the number of rows."""
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(statement, params)
                return cursor.rowcount
        except DatabaseError as error:
            text = str(error)
            for key in sorted(map(str, params), key=len, reverse=True):
                text = text.replace(f"({key}", "(").replace(f" {key}", " ")
            return error.__cause__.pgcode, text


# Child rows of an expert: as the product writes them, and with the copies of the lock guessed.
CHILDREN = {
    "award": (
        "INSERT INTO experts_award (expert_id, uuid, honour_id, text, issuer, level, document, state{extra})"
        " VALUES (%s, gen_random_uuid(), {honour}, 'x', '', '', '', 'recorded'{guess})"
    ),
    "secret": (
        "INSERT INTO experts_sensitivevalue (expert_id, field, ciphertext, key_id{extra})"
        " VALUES (%s, 'phone', '', 'k1'{guess})"
    ),
    "token": (
        "INSERT INTO experts_searchtoken (expert_id, token, sort_key{extra}) VALUES (%s, 'x', 'x'{guess})"
    ),
}
GUESSES = [(label, code) for label in (0, 1, 2) for code in ("D03", "D04")]


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_a_child_of_a_hidden_record_is_refused_like_one_of_a_missing_record(
    hidden, personas, as_app, child, why
):
    statement = CHILDREN[child].format(honour=Honour.objects.get(code="CAE").pk, extra="", guess="")
    with as_app(personas["officer_haidian"]):
        of_hidden = failure(statement, hidden[why].pk)
        assert of_hidden == failure(statement, MISSING)
        assert of_hidden[0] == "42501"


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_guessing_the_copies_of_the_lock_hangs_nothing_on_a_hidden_record(
    hidden, personas, as_app, child, why
):
    """Raw rows with copies from one's own reach pass the policy and meet the foreign key, or before it a
    unique index: then the answer tells that there is such a row, of a number that nobody is ever shown."""
    honour = Honour.objects.get(code="CAE").pk
    with as_app(personas["officer_haidian"]):
        for label, code in GUESSES:
            copies = {"extra": ", label, unit_order", "guess": f", {label}, {unit(code).order}"}
            refused = failure(CHILDREN[child].format(honour=honour, **copies), hidden[why].pk)
            assert refused != 1
            assert refused[0] in {"42501", "23503", "23505"}
            assert MARK not in refused[1]


@pytest.mark.parametrize("label", [None, 0, 1, 2])
@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_nobody_makes_their_unit_a_holder_of_a_hidden_record(hidden, personas, as_app, why, label):
    """It would show the record. The label that is given does not count, only the record's as it is seen."""
    statement = "INSERT INTO experts_holder (expert_id, unit_id, unit_order, label) VALUES (%s, {}, {}, {})"
    here = unit("D04")
    statement = statement.format(here.pk, here.order, "NULL" if label is None else label)
    with as_app(personas["officer_haidian"]):
        of_hidden = failure(statement, hidden[why].pk)
        assert of_hidden == failure(statement, MISSING)
        assert of_hidden[0] == "42501"
        assert failure(statement, Expert.objects.get(name="林大同").pk) == 1


MOVES = [
    "UPDATE experts_award SET expert_id = %s",
    "UPDATE experts_award SET expert_id = %s, label = 2",
    "UPDATE experts_award SET expert_id = %s, label = 1",
    "UPDATE experts_searchtoken SET expert_id = %s",
    "UPDATE experts_needtoknow SET content_object_id = %s",
    "UPDATE experts_holder SET expert_id = %s",
]


@pytest.mark.parametrize("statement", MOVES)
@pytest.mark.parametrize("why", ["restricted", "elsewhere", "too sensitive"])
def test_a_row_moved_to_a_hidden_record_fails_like_one_moved_to_a_missing_record(
    hidden, personas, as_app, why, statement
):
    with as_app(personas["officer_haidian"]):
        of_hidden = failure(statement, hidden[why].pk)
        assert of_hidden == failure(statement, MISSING)
        assert of_hidden[0] in {"42501", "23503"}


REST = ", ".join(
    field.column
    for field in Expert._meta.concrete_fields
    if field.name not in {"id", "uuid", "record_number"}
)
INTO = (
    f"INSERT INTO experts_expert (uuid, record_number, {REST})"
    f" SELECT {{uuid}}, {{number}}, {REST} FROM experts_expert LIMIT 1"
)


def test_a_key_that_is_taken_by_a_hidden_record_is_refused_without_telling_whose(hidden, personas, as_app):
    """Here PostgreSQL does tell: one key for all. It says no value, and 31^8 numbers and random UUIDs are
    past guessing; so nobody may ever choose one (the next test)."""
    taken = hidden["restricted"]
    by_number = INTO.format(uuid="gen_random_uuid()", number="%s")
    by_uuid = INTO.format(uuid="%s", number="'ZJ-FREEFREE'")
    with as_app(personas["officer_haidian"]):
        assert failure(by_number, "ZJ-FREEFREE") == 1
        for statement, key in ((by_number, taken.record_number), (by_uuid, str(taken.uuid))):
            code, text = failure(statement, key)
            assert code == "23505"
            assert "DETAIL" not in text
            assert MARK not in text


def test_nobody_chooses_a_record_number_or_a_key(officer_haidian, client_of):
    chosen = {"record_number", "uuid", "id", "pk", "expert_id", "unit_order", "sort_key"}
    assert chosen & set(ExpertForm(user=officer_haidian).fields) == set()
    assert chosen & set(FIELD_LABELS) == set()
    taken = {"record_number": "ZJ-CHOSEN22", "uuid": "00000000-0000-4000-8000-0000000000aa", "id": 77}
    client_of(officer_haidian).post(NEW, posted(name="林自选", **taken))
    made = Expert.objects.get(name="林自选")
    assert {str(made.uuid), made.record_number, made.pk} & set(taken.values()) == set()


LEAKS = [
    # An error that would quote the value, a function that would tell it: run before the policy, if at all.
    "SELECT count(*) FROM experts_expert WHERE name::int = 1 AND name LIKE '金丝雀%%'",
    "SELECT count(*) FROM experts_expert WHERE 1 / (length(employer) - length(employer)) = 1"
    " AND name LIKE '金丝雀%%'",
    "SELECT count(*) FROM experts_expert WHERE pg_temp.tell(name)",
    "COPY experts_expert (name) TO STDOUT",
    "COPY (SELECT name FROM experts_expert) TO STDOUT",
    "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE tablename = 'experts_expert'",
    "SELECT query_to_xml('SELECT name FROM experts_expert', true, false, '')::text",
    "SELECT table_to_xml('experts_expert', true, false, '')::text",
    "DO $$ BEGIN RAISE NOTICE '%%', (SELECT string_agg(name, ',') FROM experts_expert); END $$",
    "CREATE TEMP TABLE taken AS SELECT * FROM experts_expert",
    "MERGE INTO experts_expert e USING (VALUES (1)) v ON e.name LIKE '金丝雀%%'"
    " WHEN MATCHED THEN UPDATE SET post = 'x'",
    "INSERT INTO experts_savedfilter (uuid, user_id, name, query)"
    " SELECT gen_random_uuid(), core_actor(), name, '' FROM experts_expert RETURNING name",
]  # fmt: skip


def told(statement):
    """Rows, notices and the error of a statement, as one text without numbers of time or memory."""
    with connection.cursor() as cursor:
        del connection.connection.notices[:]
        try:
            with transaction.atomic():
                if statement.startswith("COPY"):
                    cursor.copy_expert(statement, out := StringIO())
                    rows = out.getvalue()
                else:
                    cursor.execute(statement.replace("%%", "%"))
                    rows = cursor.fetchall() if cursor.description else cursor.rowcount
                transaction.set_rollback(True)
        except DatabaseError as error:
            rows = f"{error.__cause__.pgcode} {error}"
        return f"{rows} {connection.connection.notices}"


@pytest.mark.parametrize("statement", LEAKS)
def test_no_statement_brings_a_hidden_value_out(personas, as_app, statement):
    make_expert("林大同", birth=None, employer="示范大学")
    tell = (
        "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
        " AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
    )
    user = personas["officer_haidian"]
    with as_app(user), connection.cursor() as cursor:
        cursor.execute(tell)
        before = told(statement)
    release_canary(personas)
    make_expert(f"{MARK}朝阳", "D03")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE experts_expert")
    with as_app(user):
        after = told(statement)
    assert after == before
    assert MARK not in after


def locked(sql):
    return [
        name
        for (name,) in sql(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity"
            " AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
    ]


def test_without_context_every_locked_table_is_empty_to_the_application(hidden, sql, as_app):
    """Walks the catalog, so a new table is asked too."""
    found = locked(sql)
    assert {"experts_expert", "experts_needtoknow", "exchange_rosterrow"} <= set(found)
    readable = [name for name in found if "SELECT" in PRIVILEGES[name][0]]
    with as_app(None):
        assert {name: n for name in readable if (n := sql(f"SELECT count(*) FROM {name}")[0][0])} == {}
    assert set(found) & set(WITHOUT_LOCK) == set()


def test_the_worker_without_context_sees_its_columns_and_no_more(hidden, sql, as_app):
    from tests.roles import as_role

    with as_role("liaison_worker"):
        assert sql("SELECT count(id) FROM experts_expert") == [(4,)]
        for table in ("experts_expert", "experts_award"):
            named = set(WORKER_COLUMNS[table]["SELECT"])
            columns = {
                name
                for (name,) in sql(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                    " AND NOT attisdropped",
                    table,
                )
            }
            assert {name for name in columns if failure(f"SELECT {name} FROM {table} LIMIT 1") == 1} == named
        for table in ("experts_sensitivevalue", "experts_searchtoken", "experts_holder"):
            assert failure(f"SELECT * FROM {table}")[0] == "42501"


# Sessions of their own, with the passwords that the product has.
@contextmanager
def session(way="DATABASE_URL"):
    given = environ.Env.db_url_config(os.environ[way])
    other = psycopg2.connect(
        host=given["HOST"],
        port=given["PORT"],
        user=given["USER"],
        password=given["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
    )
    try:
        yield other
    finally:
        other.close()


def ask(other, statement, *params):
    with other.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def signed(other, user_id=7, issued=None):
    message = f"{user_id}|{int(time.time()) if issued is None else issued}|{other.info.backend_pid}"
    return f"{message}|{_sign(message)}"


def actor(other, value):
    ask(other, "SELECT set_config('app.actor', %s, true)", value)
    return ask(other, "SELECT core_actor()")[0][0]


def test_a_context_is_nobody_in_another_session():
    with session() as mine, session() as other:
        genuine = signed(mine)
        assert actor(mine, genuine) == 7
        assert actor(other, genuine) is None


def test_a_context_ends_with_its_transaction():
    with session() as mine:
        assert actor(mine, signed(mine)) == 7
        mine.commit()
        assert ask(mine, "SELECT core_actor()") == [(None,)]


WRONG = {
    "another uid": lambda text: text.replace("7|", "8|", 1),
    "truncated": lambda text: text[:-1],
    "without its signature": lambda text: text.rpartition("|")[0],
    "longer": lambda text: text + "0",
    "much longer": lambda text: text + "|" * 10**6,
    "an overlong uid": lambda text: "7" * 40 + text[1:],
    "not numeric": lambda text: "7e0" + text[1:],
    "signed": lambda text: "+" + text,
    "other digits": lambda text: "٧" + text[1:],
    "spaces": lambda text: f" {text} ",
    "a line break": lambda text: text.replace("|", "\n|", 1),
    "capitals in its signature": lambda text: text.upper(),
    "nothing": lambda text: "",
    "bars": lambda text: "||||",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_context_that_was_changed_is_nobody(wrong):
    with session() as mine:
        genuine = signed(mine)
        assert actor(mine, genuine) == 7
        changed = WRONG[wrong](genuine)
        assert changed != genuine
        assert actor(mine, changed) is None


@pytest.mark.parametrize("issued", [0, 1, -960, 960, 10**11, 999999999999])
def test_a_context_of_another_time_is_nobody(issued):
    with session() as mine:
        at = issued if abs(issued) < 2 or issued > 10**6 else int(time.time()) + issued
        assert actor(mine, signed(mine, issued=at)) is None


def test_a_session_keeps_no_context_that_was_set_for_good():
    """`set_config(…, false)` outlives the transaction; a pooled session would hand it on. It still expires,
    and every request sets its own."""
    with session() as mine:
        ask(mine, "SELECT set_config('app.actor', %s, false)", signed(mine, issued=int(time.time()) - 960))
        mine.commit()
        assert ask(mine, "SELECT core_actor()") == [(None,)]


REFUSED = [
    "SET ROLE liaison_owner",
    "SET ROLE liaison_worker",
    "SET ROLE liaison_backup",
    "SET SESSION AUTHORIZATION liaison_owner",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "ALTER TABLE experts_expert DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE experts_expert NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE experts_expert DISABLE TRIGGER ALL",
    "CREATE POLICY mine ON experts_expert USING (true)",
    "DROP POLICY experts_expert_select ON experts_expert",
    "ALTER ROLE liaison_app BYPASSRLS",
    "ALTER ROLE liaison_app SUPERUSER",
    "GRANT liaison_owner TO liaison_app",
    "GRANT SELECT ON core_context_key TO liaison_app",
    "SELECT * FROM core_context_key",
    "CREATE FUNCTION public.core_actor() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE OR REPLACE FUNCTION core_actor() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "ALTER FUNCTION core_actor() OWNER TO liaison_app",
    "CREATE VIEW public.all_of_it AS SELECT * FROM experts_expert",
    "CREATE FUNCTION pg_temp.f(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'",
    "TRUNCATE experts_expert",
    "COPY experts_expert TO PROGRAM 'cat'",
    "COPY experts_expert TO '/tmp/taken'",
    "SELECT pg_read_file('pg_hba.conf')",
    "CREATE EXTENSION dblink",
    "SET log_statement = 'all'",
    "LOAD 'auto_explain'",
]


@pytest.mark.parametrize("statement", REFUSED)
@pytest.mark.parametrize("way", ["DATABASE_URL", "DATABASE_WORKER_URL"])
def test_the_products_roles_cannot_lift_a_lock(way, statement):
    own = {"DATABASE_URL": "liaison_app", "DATABASE_WORKER_URL": "liaison_worker"}[way]
    if statement == f"SET ROLE {own}":
        return
    with session(way) as other, pytest.raises(psycopg2.Error) as refusal:
        ask(other, statement)
    assert refusal.value.pgcode in {"42501", "42704", "0A000", "58P01", "28000"}, refusal.value


def test_row_security_off_refuses_instead_of_showing():
    with session() as other:
        ask(other, "SET row_security = off")
        with pytest.raises(psycopg2.Error, match="row-level security"):
            ask(other, "SELECT * FROM experts_expert")


def test_a_session_does_not_read_what_another_one_asks():
    """They share a role, which else may read each other's statements, values and all."""
    with session() as mine, session() as other:
        ask(other, "SELECT %s", MARK)
        told = ask(mine, "SELECT query FROM pg_stat_activity WHERE pid = %s", other.info.backend_pid)
        assert len(told) == 1
        assert MARK not in str(told)


def test_tables_and_functions_of_ones_own_do_not_stand_in_for_ours():
    """Temporary ones shadow names, but not inside our functions, whose search path is fixed."""
    with session() as other:
        ask(other, "CREATE TEMP TABLE core_context_key (id int, inner_pad bytea, outer_pad bytea)")
        ask(other, "INSERT INTO pg_temp.core_context_key VALUES (1, '', '')")
        ask(other, "CREATE FUNCTION pg_temp.core_actor() RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint'")
        ask(other, "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'")
        ask(other, "CREATE TEMP TABLE accounts_user AS SELECT 7 AS id, true AS is_active, 2 AS clearance")
        ask(other, "SET search_path = pg_temp, public, pg_catalog")
        now, pid = int(time.time()), other.info.backend_pid
        message = f"7|{now}|{pid}"
        ask(other, "SELECT set_config('app.actor', %s, true)", f"{message}|{message.encode().hex()}")
        assert ask(other, "SELECT public.core_actor(), public.accounts_clearance()") == [(None, -1)]
        assert ask(other, "SELECT count(*) FROM public.experts_expert") == [(0,)]
