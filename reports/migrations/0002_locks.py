"""An export is its owner's alone; the purge sees and touches only what has expired."""

from django.db import migrations

MINE = "user_id = (SELECT core_actor())"
FORWARD = f"""
ALTER TABLE reports_export ENABLE ROW LEVEL SECURITY;
ALTER TABLE reports_export FORCE ROW LEVEL SECURITY;
CREATE POLICY reports_export_select ON reports_export FOR SELECT TO liaison_app USING ({MINE});
CREATE POLICY reports_export_insert ON reports_export FOR INSERT TO liaison_app WITH CHECK ({MINE});
CREATE POLICY reports_export_update ON reports_export FOR UPDATE TO liaison_app USING ({MINE}) WITH CHECK ({MINE});
CREATE POLICY reports_export_delete ON reports_export FOR DELETE TO liaison_app USING ({MINE});
CREATE POLICY reports_export_purge ON reports_export FOR ALL TO liaison_worker
    USING (expires_at < now()) WITH CHECK (expires_at < now());
"""
BACKWARD = (
    "".join(
        f"DROP POLICY reports_export_{act} ON reports_export;"
        for act in ("select", "insert", "update", "delete", "purge")
    )
    + "ALTER TABLE reports_export NO FORCE ROW LEVEL SECURITY;"
    + "ALTER TABLE reports_export DISABLE ROW LEVEL SECURITY;"
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("core", "0001_context")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
