"""The database roles and the database: made when the connection may, else checked.

Roles belong to the whole cluster, so the privileges that migrations grant hold in test databases too.
Every statement can run again. The members of liaison_owner let tests `SET LOCAL ROLE liaison_app`.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import encrypt_password

from liaison import service_urls
from liaison.problems import Problem
from liaison.service_urls import one_line

SUBORDINATES = ("liaison_app", "liaison_worker", "liaison_audit")
BACKUP = "liaison_backup"


@dataclass(frozen=True)
class Target:
    """What must exist. A role without a password keeps the one it has."""

    database: str
    owner: str
    passwords: dict[str, str]
    owner_creates_databases: bool = False


def attributes(role: str, target: Target) -> str:
    """The role's attributes; nobody but the owner and the backup walks past row-level security."""
    if role == target.owner:
        createdb = "CREATEDB" if target.owner_creates_databases else "NOCREATEDB"
        return f"LOGIN BYPASSRLS NOSUPERUSER NOCREATEROLE {createdb}"
    bypass = "BYPASSRLS" if role == BACKUP else "NOBYPASSRLS"
    return f"LOGIN {bypass} NOSUPERUSER NOCREATEROLE NOCREATEDB"


def prepare(arguments: dict[str, Any], target: Target) -> list[str]:
    """Bring roles and database into shape over this connection; returns what was changed.

    Raises Problem with the statements to run when the connection may not do it.
    """
    try:
        connection = psycopg2.connect(**arguments, connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise Problem(f"Cannot connect to set up the database: {one_line(str(error))}") from error
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            changes = [*_missing_roles(cursor, target), *_missing_database(cursor, target)]
            _apply(cursor, changes, target)
            _set_passwords(cursor, target)
    finally:
        connection.close()
    return changes


def prepare_from_environment() -> list[str]:
    """`prepare` for servers that the environment names: as DATABASE_ADMIN_URL if set, else as the owner."""
    owner = _arguments(service_urls.OWNER)
    passwords = {}
    for way in service_urls.WAYS:
        arguments = _arguments(way)
        if arguments["password"]:
            passwords[str(arguments["user"])] = str(arguments["password"])
    way = service_urls.ADMIN if service_urls.is_set(service_urls.ADMIN.name) else service_urls.OWNER
    target = Target(str(owner["dbname"]), str(owner["user"]), passwords)
    return prepare(_reachable(way), target)


def _reachable(way: service_urls.DatabaseVariable) -> dict[str, str | int]:
    """How to connect for set-up: to the database that always exists while ours does not."""
    arguments = _arguments(way)
    try:
        service_urls.check_database(way)
    except Problem as problem:
        if not str(problem).endswith(f'database "{arguments["dbname"]}" does not exist'):
            raise
        return arguments | {"dbname": "postgres"}
    return arguments


def _arguments(way: service_urls.DatabaseVariable) -> dict[str, str | int]:
    value = service_urls.variable(way.name)
    if not value:
        raise Problem(f"{way.name} is not set.")
    return service_urls.connection_arguments(way.name, value)


def _missing_roles(cursor: Any, target: Target) -> list[str]:
    """Statements that bring roles and memberships into shape; none when they are."""
    statements = []
    for role in (target.owner, *SUBORDINATES, BACKUP):
        statements += _role_statements(cursor, role, target)
    if not _is_superuser(cursor, target.owner):
        for role in SUBORDINATES:
            if not _may_become(cursor, target.owner, role):
                statements.append(f"GRANT {role} TO {_name(target.owner)} WITH INHERIT FALSE, SET TRUE")
    if not _may_become(cursor, BACKUP, "pg_read_all_data"):
        statements.append(f"GRANT pg_read_all_data TO {BACKUP}")
        statements.append(f"ALTER ROLE {BACKUP} SET default_transaction_read_only = on")
    return statements


def _role_statements(cursor: Any, role: str, target: Target) -> list[str]:
    cursor.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin"
        " FROM pg_roles WHERE rolname = %s",
        [role],
    )
    row = cursor.fetchone()
    if row is None:
        return [f"CREATE ROLE {_name(role)} {attributes(role, target)}"]
    superuser, bypass, createdb, createrole, login = row
    if role == target.owner:
        fits = superuser or (bypass and login and (createdb or not target.owner_creates_databases))
    else:
        fits = login and not (superuser or createdb or createrole) and bypass == (role == BACKUP)
    return [] if fits else [f"ALTER ROLE {_name(role)} {attributes(role, target)}"]


def _is_superuser(cursor: Any, role: str) -> bool:
    cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s AND rolsuper", [role])
    return bool(cursor.fetchone()[0])


def _may_become(cursor: Any, member: str, role: str) -> bool:
    cursor.execute(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles u ON u.oid = m.member"
        " WHERE r.rolname = %s AND u.rolname = %s AND m.set_option",
        [role, member],
    )
    return bool(cursor.fetchone()[0])


def _missing_database(cursor: Any, target: Target) -> list[str]:
    """Statements for the database: its owner, and who may connect and make temporary tables (imports do)."""
    name, owner = _name(target.database), _name(target.owner)
    cursor.execute(
        "SELECT pg_encoding_to_char(encoding), pg_get_userbyid(datdba),"
        " EXISTS (SELECT 1 FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0)"
        " FROM pg_database WHERE datname = %s",
        [target.database],
    )
    row = cursor.fetchone()
    statements = []
    if row is None:
        statements.append(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")
    elif row[0] != "UTF8":
        raise Problem(f"The database {target.database} is encoded in {row[0]}; it must be UTF8.")
    elif row[1] != target.owner:
        statements.append(f"ALTER DATABASE {name} OWNER TO {owner}")
    if row is None or row[2]:
        statements.append(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        statements.append(f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {', '.join(SUBORDINATES)}")
        statements.append(f"GRANT CONNECT ON DATABASE {name} TO {BACKUP}")
    return statements


def _apply(cursor: Any, statements: list[str], target: Target) -> None:
    for position, statement in enumerate(statements):
        try:
            cursor.execute(statement)
        except errors.InsufficientPrivilege as error:
            rest = ";\n".join(statements[position:])
            raise Problem(
                f"The database is not set up and this connection may not do it: {one_line(str(error))}."
                " Set DATABASE_ADMIN_URL to a superuser, or run as a superuser of PostgreSQL, giving each new"
                f" role its password:\n{rest};"
            ) from error


def _set_passwords(cursor: Any, target: Target) -> None:
    """Set passwords where the connection may; the server is sent the SCRAM verifier, never the password."""
    cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not cursor.fetchone()[0]:
        return
    for role, password in target.passwords.items():
        verifier = encrypt_password(password, role, cursor.connection, "scram-sha-256")
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
        with suppress(errors.InsufficientPrivilege):  # whoever made the role gave it its password
            cursor.execute(statement)


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
