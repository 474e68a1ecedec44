"""The addresses of the database and the broker: read from the environment, checked, told without secrets."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from liaison.problems import Problem


@dataclass(frozen=True)
class DatabaseVariable:
    """One way into the database: its variable and the role that it must sign in as (None: any)."""

    name: str
    role: str | None


OWNER = DatabaseVariable("DATABASE_OWNER_URL", None)
APP = DatabaseVariable("DATABASE_URL", "liaison_app")
WORKER = DatabaseVariable("DATABASE_WORKER_URL", "liaison_worker")
AUDIT = DatabaseVariable("DATABASE_AUDIT_URL", "liaison_audit")
# Only set-up reads it: a superuser that makes the roles where the owner may not.
ADMIN = DatabaseVariable("DATABASE_ADMIN_URL", None)
WAYS = (OWNER, APP, WORKER, AUDIT)
BROKER = "REDIS_URL"
REQUIRED = (*(way.name for way in WAYS), BROKER)
DATABASE_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")
BROKER_SCHEMES = ("redis", "rediss")


def variable(name: str) -> str:
    """The value of an environment variable, or of the file that `<name>_FILE` names, or nothing."""
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return os.environ.get(name, "").strip()
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Problem(f"{name}_FILE: cannot read {path}: {error.strerror}.") from error


def is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def external() -> bool:
    """Whether the environment names a database of its own; then nothing embedded is started."""
    return any(is_set(way.name) for way in WAYS)


def without_password(parts: SplitResult) -> str:
    user = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{user}{parts.hostname}:{parts.port or ''}{parts.path}"


def parse(name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address, refused with the variable's name when it cannot be one."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise Problem(f"{name} is not a valid address: {error}.") from error
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise Problem(
            f"{name} is not a valid address; it looks like {schemes[0]}://user:password@host:port/name."
        )
    return parts


def connection_arguments(name: str, value: str) -> dict[str, str | int]:
    """What psycopg2.connect takes, from a database address."""
    parts = parse(name, value, DATABASE_SCHEMES)
    database = unquote(parts.path.lstrip("/"))
    if not database or not parts.username:
        raise Problem(f"{name} must name a user and a database: postgres://user:password@host:port/name.")
    return {
        "host": parts.hostname or "",
        "port": parts.port or 5432,
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "dbname": database,
    }


def check_syntax() -> None:
    """Refuse addresses in the environment that cannot work, before anything connects."""
    for way in (*WAYS, ADMIN):
        value = variable(way.name)
        if not value:
            continue
        user = connection_arguments(way.name, value)["user"]
        if way.role and user != way.role:
            raise Problem(f"{way.name} must sign in as {way.role}, not as {user}.")
    broker = variable(BROKER)
    if broker:
        parse(BROKER, broker, BROKER_SCHEMES)


def check_database(way: DatabaseVariable) -> None:
    """Sign in once; a wrong address, password or database name gives one line."""
    import psycopg2

    value = variable(way.name)
    arguments = connection_arguments(way.name, value)
    try:
        psycopg2.connect(**arguments, connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        address = without_password(urlsplit(value))
        raise Problem(f"{way.name}: cannot connect to {address}: {one_line(str(error))}") from error


def check_broker() -> None:
    """Sign in to the broker once."""
    import redis

    value = variable(BROKER)
    parts = parse(BROKER, value, BROKER_SCHEMES)
    client = redis.Redis.from_url(value, socket_connect_timeout=5, socket_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        address = without_password(parts)
        raise Problem(f"{BROKER}: cannot connect to {address}: {one_line(str(error))}") from error
    finally:
        client.close()


def one_line(text: str) -> str:
    """The last line that says something; libpq puts the reason there."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
