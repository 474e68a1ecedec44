"""Which database role may do what to which table: all of it, in one place.

A table that is not named here grants nothing to anybody, and tests/policy fails. Row-level security narrows
these grants further for every table that a protected record can be reached from.
"""

from django.db import connection

S, SI, SIU, ALL = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE"

# table: (liaison_app, liaison_worker)
PRIVILEGES: dict[str, tuple[str, str]] = {
    "account_emailaddress": (S, ""),
    "account_emailconfirmation": ("", ""),
    "accounts_confirmation": (SIU, ""),
    "accounts_roleassignment": (ALL, S),
    "accounts_unit": (SIU, S),
    "accounts_unitsetting": (ALL, S),
    "accounts_user": (SIU, S),
    "audit_event": (SI, "INSERT"),
    "auth_group": ("", ""),
    "auth_group_permissions": ("", ""),
    "auth_permission": (S, ""),
    "core_context_key": ("", ""),
    "core_holiday": (ALL, S),
    "django_admin_log": (SI, ""),
    "django_content_type": (S, S),
    "django_migrations": (S, S),
    "django_session": (ALL, "SELECT, DELETE"),
    "experts_award": (ALL, ""),
    "experts_discipline": (S, S),
    "experts_expert": (SIU, ""),
    "experts_holder": ("SELECT, INSERT, DELETE", ""),
    "experts_honour": (SIU, S),
    "experts_needtoknow": (S, ""),
    "experts_ruleversion": (SI, S),
    "experts_savedfilter": (ALL, ""),
    "experts_searchtoken": (ALL, ""),
    "experts_sensitivevalue": (ALL, ""),
    "guardian_groupobjectpermission": ("", ""),
    "guardian_userobjectpermission": ("", ""),
    "reminders_message": (SIU, ""),
}
ROLES = ("liaison_app", "liaison_worker")


def tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()}


def apply_privileges() -> None:
    """Revoke everything, then grant what the table above says (as owner, after every migration)."""
    statements = [
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, liaison_app, liaison_worker, liaison_audit",
        "GRANT USAGE ON SCHEMA public TO liaison_app, liaison_worker, liaison_audit, liaison_backup",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO liaison_app, liaison_worker",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO liaison_backup",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO liaison_backup",
        "REVOKE ALL ON core_context_key FROM liaison_backup",
        "GRANT SELECT ON audit_event TO liaison_audit",
    ]
    for table in sorted(tables() & PRIVILEGES.keys()):
        for role, acts in zip(ROLES, PRIVILEGES[table], strict=True):
            if acts:
                statements.append(f"GRANT {acts} ON {table} TO {role}")
    with connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))
