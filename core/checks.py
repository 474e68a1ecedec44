"""System checks on how the process reaches the database."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

# The owner, superusers and BYPASSRLS roles walk past the second lock.
UNSAFE_ROLE = """
SELECT rolsuper, rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relowner = r.oid AND c.relkind = 'r' AND n.nspname = 'public')
FROM pg_roles r WHERE rolname = session_user
"""


def unsafe_role() -> str:
    """Why this process must not serve people under its database role, or an empty string."""
    with connection.cursor() as cursor:
        cursor.execute(UNSAFE_ROLE)
        superuser, bypass, owner = cursor.fetchone()
    reasons = [
        name
        for name, holds in [("a superuser", superuser), ("BYPASSRLS", bypass), ("the owner of tables", owner)]
        if holds
    ]
    return " and ".join(reasons)


def refuse_unsafe_role() -> None:
    """Web and workers call this when they start: SystemExit with one line if row-level security would not
    hold for them. The connection is closed again, before anything forks."""
    try:
        reason = unsafe_role()
    finally:
        connection.close()
    if reason:
        raise SystemExit(
            f"Refusing to start: this process connects to PostgreSQL as {reason}. "
            "Point DATABASE_URL (DATABASE_WORKER_URL, DATABASE_AUDIT_URL) at liaison_app (liaison_worker,"
            " liaison_audit); see docs/configuration.md."
        )


@register(Tags.database)
def check_database_role(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The web and the workers refuse to run as owner, superuser or BYPASSRLS."""
    if not databases or settings.DB_ROLE == "owner":
        return []
    reason = unsafe_role()
    if not reason:
        return []
    return [
        Error(
            f"The {settings.DB_ROLE} process connects to PostgreSQL as {reason}.",
            hint="Point DATABASE_URL at liaison_app (docs/configuration.md).",
            id="core.E001",
        )
    ]
