"""The security auditor reads the trail and its seals (lock one: audit/models.py)."""

from django.db import migrations

TABLES = ("audit_event", "audit_seal", "audit_head")
FORWARD = "\n".join(
    f"CREATE POLICY {table}_by_auditor ON {table} FOR SELECT TO liaison_app"
    " USING ((SELECT accounts_actor_as('security_auditor')) IS NOT NULL);"
    for table in TABLES
)
BACKWARD = "\n".join(f"DROP POLICY {table}_by_auditor ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_confirmation_rules"), ("audit", "0004_locks")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
