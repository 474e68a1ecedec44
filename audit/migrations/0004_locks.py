"""Row-level security on the trail, and seals that only grow.

Whoever acts adds an event: web and workers may insert any row, because a refusal or a failed sign-in has no
actor and a system job no user; a row that our code did not write is known by its mark, not by a policy. They
read none by this: accounts/migrations/0004 opens the trail to the security auditor, experts/migrations/0004
the events of a record to those who see the record. The sealer reads everything.
"""

from django.db import migrations

FORWARD = """
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE audit_seal ENABLE ALWAYS TRIGGER audit_seal_append_only;
ALTER TABLE audit_seal ENABLE ALWAYS TRIGGER audit_seal_no_truncate;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_no_truncate;

ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_event FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seal FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;

CREATE POLICY audit_event_added ON audit_event FOR INSERT TO liaison_app, liaison_worker WITH CHECK (true);
CREATE POLICY audit_event_sealed ON audit_event FOR SELECT TO liaison_audit USING (true);
CREATE POLICY audit_seal_kept ON audit_seal FOR ALL TO liaison_audit USING (true) WITH CHECK (true);
CREATE POLICY audit_head_kept ON audit_head FOR ALL TO liaison_audit USING (true) WITH CHECK (true);
"""
BACKWARD = """
DROP POLICY audit_head_kept ON audit_head;
DROP POLICY audit_seal_kept ON audit_seal;
DROP POLICY audit_event_sealed ON audit_event;
DROP POLICY audit_event_added ON audit_event;
ALTER TABLE audit_head NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head DISABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_seal DISABLE ROW LEVEL SECURITY;
ALTER TABLE audit_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY;
DROP TRIGGER audit_head_no_truncate ON audit_head;
DROP TRIGGER audit_head_stays ON audit_head;
DROP TRIGGER audit_seal_no_truncate ON audit_seal;
DROP TRIGGER audit_seal_append_only ON audit_seal;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seals")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
