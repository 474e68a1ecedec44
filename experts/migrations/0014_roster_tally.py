"""How many are on a unit's roster on any day, without counting a million entries.

Each row says by how much the number of one unit, label and scope changes on one day; the sum up to a day is
the number on that day. Kept by statement triggers that run as owner.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")

CAME = """
        SELECT unit_id, place, label, scope, since AS day, 1 AS n FROM came
        UNION ALL SELECT unit_id, place, label, scope, until, -1 FROM came WHERE until IS NOT NULL"""
GONE = """
        SELECT unit_id, place, label, scope, since AS day, -1 AS n FROM gone
        UNION ALL SELECT unit_id, place, label, scope, until, 1 FROM gone WHERE until IS NOT NULL"""


def tally(act: str, tables: str, rows: str) -> str:
    return f"""
CREATE FUNCTION experts_tally_{act}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO experts_rostertally AS kept (unit_id, place, label, scope, day, change)
    SELECT unit_id, max(place), label, scope, day, sum(n) FROM ({rows}) moved
    GROUP BY unit_id, label, scope, day HAVING sum(n) <> 0 ORDER BY unit_id, label, scope, day
    ON CONFLICT (unit_id, label, scope, day) DO UPDATE
    SET change = kept.change + excluded.change, place = excluded.place;
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_rosterentry_tally_{act} AFTER {act.upper()} ON experts_rosterentry REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION experts_tally_{act}();
"""


FORWARD = (
    tally("insert", "NEW TABLE AS came", CAME)
    + tally("update", "OLD TABLE AS gone NEW TABLE AS came", f"{CAME}\n        UNION ALL {GONE}")
    + tally("delete", "OLD TABLE AS gone", GONE)
    + """
ALTER TABLE experts_rostertally ADD CONSTRAINT tally_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
"""
    + locks.enable("experts_rostertally")
    + locks.policy(
        "experts_rostertally",
        "SELECT",
        "label < 2 AND label <= (SELECT accounts_clearance()) AND place <@ (SELECT accounts_reach('view'))",
    )
)


class Migration(migrations.Migration):
    dependencies = [("experts", "0013_exits"), ("accounts", "0006_faster_rights")]
    operations = [
        migrations.CreateModel(
            name="RosterTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.BigIntegerField(editable=False)),
                ("label", models.SmallIntegerField()),
                (
                    "scope",
                    models.CharField(choices=[("key", "重点联系"), ("general", "普遍联系")], max_length=8),
                ),
                ("day", models.DateField()),
                ("change", models.IntegerField()),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "名单人数",
                "verbose_name_plural": "名单人数",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("unit", "label", "scope", "day"), name="roster_tally_once"
                    )
                ],
                "indexes": [
                    models.Index(
                        fields=["place", "day"],
                        include=["label", "scope", "change"],
                        name="roster_tally_by_place",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="rosterentry",
            index=models.Index(fields=["sort_key", "id"], name="entry_by_name_anywhere"),
        ),
        migrations.AddIndex(
            model_name="rosterentry",
            index=models.Index(fields=["place", "since"], name="entry_by_since"),
        ),
        migrations.AddIndex(
            model_name="rosterentry",
            index=models.Index(
                condition=models.Q(until__isnull=False), fields=["place", "until"], name="entry_by_until"
            ),
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
