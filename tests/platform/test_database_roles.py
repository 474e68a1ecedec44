"""Role set-up on a cluster of its own, as a superuser and as somebody who may do less."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from liaison import database_roles
from liaison.database_roles import Target
from liaison.embedded.binaries import Binaries, account_for
from liaison.embedded.postgres import Postgres
from liaison.problems import Problem
from tests import product

ROLES = ("owner", "app", "worker", "audit", "backup")
TARGET = Target("liaison", "liaison_owner", {f"liaison_{role}": f"pw-{role}" for role in ROLES})


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    data = product.data_folder()
    data.mkdir()
    data.chmod(0o711)
    account = account_for(data / "postgres")
    server = Postgres(data / "postgres", account, Binaries(account), data / "log", "pw-admin", fast=True)
    server.create()
    server.start(0)
    yield server
    server.stop()
    product.remove(data)


@pytest.fixture
def fresh(cluster: Postgres) -> Postgres:
    """The cluster as it is right after the roles were set up."""
    database_roles.prepare(cluster.connection_arguments(), TARGET)
    return cluster


def sign_in(cluster: Postgres, role: str, password: str | None = None, database: str = "liaison") -> Any:
    name = role if role == "postgres" else f"liaison_{role}"
    return psycopg2.connect(
        host="127.0.0.1",
        port=cluster.port,
        user=name,
        password=password or ("pw-admin" if role == "postgres" else f"pw-{role}"),
        dbname=database,
    )


def ask(cluster: Postgres, role: str, statement: str) -> Any:
    connection = sign_in(cluster, role)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_a_second_set_up_changes_nothing(fresh: Postgres) -> None:
    assert database_roles.prepare(fresh.connection_arguments(), TARGET) == []


def test_only_owner_and_backup_walk_past_row_level_security(fresh: Postgres) -> None:
    rows = ask(
        fresh,
        "postgres",
        "SELECT array_agg(rolname::text ORDER BY rolname) FILTER (WHERE rolbypassrls),"
        " count(*) FILTER (WHERE rolsuper OR rolcreaterole OR rolcreatedb)"
        " FROM pg_roles WHERE rolname LIKE 'liaison%'",
    )

    assert rows == (["liaison_backup", "liaison_owner"], 0)


def test_tests_may_create_databases_when_asked(fresh: Postgres) -> None:
    database_roles.prepare(fresh.connection_arguments(), replace(TARGET, owner_creates_databases=True))

    assert ask(fresh, "owner", "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") == (True,)

    connection = sign_in(fresh, "postgres")
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER ROLE liaison_owner NOCREATEDB")
    connection.close()


@pytest.mark.parametrize("role", ["app", "worker", "audit"])
def test_owner_becomes_a_subordinate_but_does_not_inherit(fresh: Postgres, role: str) -> None:
    assert ask(fresh, "owner", f"SET LOCAL ROLE liaison_{role}; SELECT current_user::text") == (
        f"liaison_{role}",
    )
    assert ask(fresh, "owner", f"SELECT pg_has_role(current_user, 'liaison_{role}', 'USAGE')") == (False,)


def test_app_makes_temporary_tables_but_no_others(fresh: Postgres) -> None:
    ask(fresh, "app", "CREATE TEMPORARY TABLE staging (id int)")

    with pytest.raises(errors.InsufficientPrivilege):
        ask(fresh, "app", "CREATE TABLE lasting (id int)")


def test_backup_reads_everything_and_writes_nothing(fresh: Postgres) -> None:
    ask(fresh, "owner", "CREATE TABLE IF NOT EXISTS told AS SELECT 1 AS id")

    assert ask(fresh, "backup", "SELECT count(*) FROM told") == (1,)
    with pytest.raises(errors.ReadOnlySqlTransaction):
        ask(fresh, "backup", "CREATE TABLE other (id int)")


def test_a_role_made_too_powerful_is_put_right(fresh: Postgres) -> None:
    ask(fresh, "postgres", "ALTER ROLE liaison_app BYPASSRLS")

    changes = database_roles.prepare(fresh.connection_arguments(), TARGET)

    assert changes == ['ALTER ROLE "liaison_app" LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEROLE NOCREATEDB']
    assert ask(fresh, "app", "SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user") == (False,)


def test_a_changed_password_is_set(fresh: Postgres) -> None:
    changed = replace(TARGET, passwords=TARGET.passwords | {"liaison_audit": "another"})

    database_roles.prepare(fresh.connection_arguments(), changed)

    sign_in(fresh, "audit", "another").close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        sign_in(fresh, "audit")


def test_owner_without_rights_is_content_when_all_is_well(fresh: Postgres) -> None:
    as_owner = fresh.connection_arguments() | {
        "user": "liaison_owner",
        "password": "pw-owner",
        "dbname": "liaison",
    }

    assert database_roles.prepare(as_owner, TARGET) == []


def test_owner_without_rights_is_told_what_to_run(fresh: Postgres) -> None:
    ask(fresh, "postgres", "ALTER ROLE liaison_worker CREATEDB")
    as_owner = fresh.connection_arguments() | {
        "user": "liaison_owner",
        "password": "pw-owner",
        "dbname": "liaison",
    }

    with pytest.raises(
        Problem, match=r"^The database is not set up and this connection may not do it: "
    ) as refused:
        database_roles.prepare(as_owner, TARGET)

    statement = 'ALTER ROLE "liaison_worker" LOGIN NOBYPASSRLS NOSUPERUSER NOCREATEROLE NOCREATEDB'
    assert str(refused.value).endswith(f"giving each new role its password:\n{statement};")
    ask(fresh, "postgres", statement)
    assert database_roles.prepare(as_owner, TARGET) == []


def test_a_database_in_another_encoding_is_refused(fresh: Postgres) -> None:
    connection = sign_in(fresh, "postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
        )
    connection.close()

    with pytest.raises(Problem, match=r"^The database latin is encoded in LATIN1; it must be UTF8.$"):
        database_roles.prepare(fresh.connection_arguments(), replace(TARGET, database="latin"))


def test_a_powerful_owner_sets_up_a_bare_server(fresh: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{fresh.port}/bare"
    monkeypatch.setenv("DATABASE_OWNER_URL", f"postgres://postgres:pw-admin@{address}")
    monkeypatch.setenv("DATABASE_URL", f"postgres://liaison_app:pw-app@{address}")
    monkeypatch.setenv("DATABASE_WORKER_URL", f"postgres://liaison_worker:pw-worker@{address}")
    monkeypatch.setenv("DATABASE_AUDIT_URL", f"postgres://liaison_audit:pw-audit@{address}")

    changes = database_roles.prepare_from_environment()

    assert changes[0] == 'CREATE DATABASE "bare" OWNER "postgres" TEMPLATE template0 ENCODING \'UTF8\''
    sign_in(fresh, "app", database="bare").close()
    assert database_roles.prepare_from_environment() == []


def test_the_command_sets_up_servers_that_the_environment_names(fresh: Postgres, tmp_path: Path) -> None:
    address = f"127.0.0.1:{fresh.port}"
    urls = {
        "DATABASE_ADMIN_URL": f"postgres://postgres:pw-admin@{address}/postgres",
        "DATABASE_OWNER_URL": f"postgres://liaison_owner:pw-owner@{address}/second",
        "DATABASE_URL": f"postgres://liaison_app:pw-app@{address}/second",
        "DATABASE_WORKER_URL": f"postgres://liaison_worker:pw-worker@{address}/second",
        "DATABASE_AUDIT_URL": f"postgres://liaison_audit:pw-audit@{address}/second",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    keys = {name: os.environ[name] for name in ("SECRET_KEY", "CONTEXT_KEY", "AUDIT_KEY", "FIELD_KEYS")}

    made = product.manage(tmp_path, "setup_database", **urls, **keys)
    again = product.manage(tmp_path, "setup_database", **urls, **keys)

    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith('CREATE DATABASE "second" OWNER "liaison_owner"')
    assert again.stdout == "Roles and database are as they should be.\n"
    sign_in(fresh, "app", database="second").close()
