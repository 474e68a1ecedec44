"""An import whose worker has lost the right to see it is ended by the system, in the sight of its unit."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION exchange_settle_lost(roster bigint, reason text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE exchange_rosterimport SET job_state = 'failed', job_error = reason, cancel_requested = false,
        stage = CASE stage WHEN 'checking' THEN 'mapping' WHEN 'committing' THEN 'preview' ELSE stage END
    WHERE id = roster AND job_state IN ('waiting', 'running')
$$;
REVOKE ALL ON FUNCTION exchange_settle_lost(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_settle_lost(bigint, text) TO liaison_worker;
"""
BACKWARD = "DROP FUNCTION exchange_settle_lost(bigint, text);"


class Migration(migrations.Migration):
    dependencies = [("exchange", "0002_locks")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
