"""An inbox is its owner's: read, marked and, by the owner's own jobs, written."""

from django.db import migrations

FORWARD = """
ALTER TABLE reminders_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE reminders_message FORCE ROW LEVEL SECURITY;
CREATE POLICY reminders_message_select ON reminders_message FOR SELECT TO liaison_app
    USING (recipient_id = (SELECT core_actor()));
CREATE POLICY reminders_message_update ON reminders_message FOR UPDATE TO liaison_app
    USING (recipient_id = (SELECT core_actor())) WITH CHECK (recipient_id = (SELECT core_actor()));
CREATE POLICY reminders_message_insert ON reminders_message FOR INSERT TO liaison_app
    WITH CHECK (recipient_id = (SELECT core_actor()));
"""
BACKWARD = """
DROP POLICY reminders_message_select ON reminders_message;
DROP POLICY reminders_message_update ON reminders_message;
DROP POLICY reminders_message_insert ON reminders_message;
ALTER TABLE reminders_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE reminders_message DISABLE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial"), ("accounts", "0002_locks")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
