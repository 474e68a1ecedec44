"""What follows an expert here, in time that grows with the records of the statement and no faster: by the set
difference of experts/migrations/0016, which says why."""

from importlib import import_module

from django.db import migrations

linear = import_module("experts.migrations.0016_linear_triggers")
coverage = import_module("activities.migrations.0003_coverage")

JOINED = """SELECT FROM after JOIN before USING (id)
            WHERE (before.scope, before.unit_id, before.died_on IS NULL, before.label = 3)
               <> (after.scope, after.unit_id, after.died_on IS NULL, after.label = 3)"""
FACTS = "id, scope, unit_id, died_on IS NULL, label = 3"
NOTE_KEY = coverage.PERIODS.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
assert JOINED in NOTE_KEY
FORWARD = f"""
CREATE OR REPLACE FUNCTION activities_follow_name() RETURNS trigger {linear.HEAD} AS $$
BEGIN
    IF EXISTS ({linear.changed("sort_key")}) THEN
        EXECUTE format('WITH changed AS MATERIALIZED ({linear.changed("sort_key")})
            UPDATE %I child SET sort_key = changed.sort_key FROM changed WHERE child.expert_id = changed.id',
            TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;
{NOTE_KEY.replace(JOINED, f"SELECT {FACTS} FROM after EXCEPT SELECT {FACTS} FROM before")}
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0003_coverage"), ("experts", "0016_linear_triggers")]
    # Backwards the functions stay: they do what they did before, only sooner.
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
