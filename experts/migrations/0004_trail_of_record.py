"""Whoever sees a record may read who looked at it; the trail itself is locked in audit/migrations.

One look-up by record number for each event, so that the policy costs nothing where `kind` and `reference`
have picked the events already.
"""

from django.db import migrations

FORWARD = """
CREATE POLICY audit_event_of_record ON audit_event FOR SELECT TO liaison_app USING (
    kind = 'expert' AND EXISTS (
        SELECT FROM experts_expert expert WHERE expert.record_number = audit_event.reference));
"""
BACKWARD = "DROP POLICY audit_event_of_record ON audit_event;"


class Migration(migrations.Migration):
    dependencies = [("experts", "0003_catalogue_change"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
