"""A change of the catalogue first shows whom it would move; then the worker decides every scope anew."""

from django.db import migrations

# Whoever keeps the catalogue sees and writes their own changes (the city department has number 0).
OWN = "requested_by_id = (SELECT core_actor()) AND 0::bigint <@ (SELECT accounts_reach('catalogue'))"
LOCKS = f"""
ALTER TABLE experts_cataloguechange ENABLE ROW LEVEL SECURITY;
ALTER TABLE experts_cataloguechange FORCE ROW LEVEL SECURITY;
CREATE POLICY experts_cataloguechange_select ON experts_cataloguechange FOR SELECT TO liaison_app USING ({OWN});
CREATE POLICY experts_cataloguechange_insert ON experts_cataloguechange FOR INSERT TO liaison_app WITH CHECK ({OWN});
CREATE POLICY experts_cataloguechange_update ON experts_cataloguechange FOR UPDATE TO liaison_app
    USING ({OWN}) WITH CHECK ({OWN});

-- The worker decides the scope of every record anew, restricted ones too. Which columns it may read and write
-- is in liaison/privileges.py: no name, nothing that tells who it is.
CREATE POLICY experts_cataloguechange_worker_select ON experts_cataloguechange FOR SELECT TO liaison_worker
    USING (stage = 'applied');
CREATE POLICY experts_cataloguechange_worker_update ON experts_cataloguechange FOR UPDATE TO liaison_worker
    USING (stage = 'applied') WITH CHECK (stage = 'applied');
CREATE POLICY experts_expert_worker_select ON experts_expert FOR SELECT TO liaison_worker USING (true);
CREATE POLICY experts_expert_worker_update ON experts_expert FOR UPDATE TO liaison_worker
    USING (true) WITH CHECK (true);
CREATE POLICY experts_award_worker_select ON experts_award FOR SELECT TO liaison_worker USING (true);
"""
UNLOCK = """
DROP POLICY experts_award_worker_select ON experts_award;
DROP POLICY experts_expert_worker_update ON experts_expert;
DROP POLICY experts_expert_worker_select ON experts_expert;
DROP POLICY experts_cataloguechange_worker_update ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_worker_select ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_update ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_insert ON experts_cataloguechange;
DROP POLICY experts_cataloguechange_select ON experts_cataloguechange;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0002_locks"),
    ]

    operations = [
        migrations.RunSQL(LOCKS, UNLOCK),
    ]
