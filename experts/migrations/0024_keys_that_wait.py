"""Copies of a unit's number and of an expert's lock follow by keys that cascade. A row with two such keys follows
in two steps, and which comes first depends on names that PostgreSQL makes up from a number of the cluster: after a
restore it may be the other one. Checked between the two steps, the row would be refused; so these keys can wait for
the commit, and whoever renumbers units lets them (accounts.actions.move_unit). Everybody else is still told at once.
"""

from django.db import migrations


def wait(app: str) -> str:
    """Make the cascading keys of an app's tables deferrable."""
    return f"""
DO $$
DECLARE
    key record;
BEGIN
    FOR key IN SELECT conrelid::regclass AS held_by, conname FROM pg_constraint
        WHERE contype = 'f' AND confupdtype = 'c' AND conrelid::regclass::text LIKE '{app}\\_%'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE', key.held_by, key.conname);
    END LOOP;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("experts", "0023_proposal_jobs")]
    operations = [migrations.RunSQL(wait("experts"), migrations.RunSQL.noop)]
