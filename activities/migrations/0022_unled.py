"""On which days nobody was the leader of a key expert on a roster: 未指定联系领导 of any unit and day.

A fourth set of days beside those of 0003, which are parted by contact: a day is in it when the expert was on the
roster in key scope and none of the rosters that the row counts had a leader paired (whether the leader still held
the post is not asked). Tallies sum it up as the others, so that its number is read together with theirs.
"""

from importlib import import_module

from django.db import migrations, models

import core.fields

first = import_module("activities.migrations.0003_coverage")
at_once = import_module("activities.migrations.0009_coverage_at_once")
halves = import_module("activities.migrations.0015_coverage_by_halves")

BATCH = 5_000
PAIRING = "activities_pairing"


def changed(sql: str, *pairs: tuple[str, str]) -> str:
    """With each first text, which must be there, in the place of the second."""
    for old, new in pairs:
        assert old in sql, old
        sql = sql.replace(old, new)
    return sql


REFRESHING = changed(
    at_once.REFRESHING[at_once.REFRESHING.index("-- Works out") :],
    (
        "    stay AS MATERIALIZED (",
        f"""    paired AS MATERIALIZED (
        SELECT expert_id, unit_id, range_agg(daterange(since, until)) AS led
        FROM {PAIRING} WHERE expert_id = ANY (chosen) AND kind = 'leader' GROUP BY 1, 2),
    stay AS MATERIALIZED (""",
    ),
    (
        """AS rosters
        FROM met),""",
        """AS rosters,
            CASE WHEN is_listed AND scope = 'key' THEN days ELSE '{}' END AS wanted, coalesce(led, '{}') AS led
        FROM met LEFT JOIN paired USING (expert_id, unit_id)),""",
    ),
    (
        "range_agg(gap) - range_agg(covered) AS gap,",
        "range_agg(gap) - range_agg(covered) AS gap,\n"
        "            range_agg(wanted) - range_agg(wanted * led) AS unled,",
    ),
    ("is_listed, fresh, covered, gap,\n            last_on, due_on\n        FROM single WHERE",
     "is_listed, fresh, covered, gap,\n            wanted - led AS unled, last_on, due_on\n"
     "        FROM single WHERE"),
    ("true, fresh, covered, gap, last_on, due_on", "true, fresh, covered, gap, unled, last_on, due_on"),
    ("sort_key, scope, is_listed, fresh, covered, gap, last_on, due_on)",
     "sort_key, scope, is_listed, fresh, covered, gap, unled, unled_since, last_on, due_on)"),
    ("fresh, covered, gap, last_on, due_on\n    FROM made JOIN expert",
     "fresh, covered, gap, unled,\n"
     "        CASE WHEN upper_inf(unled) THEN (SELECT max(lower(stretch)) FROM unnest(unled) stretch) END,\n"
     "        last_on, due_on\n    FROM made JOIN expert"),
    ("gap = excluded.gap, last_on", "gap = excluded.gap, unled = excluded.unled,\n"
     "        unled_since = excluded.unled_since, last_on"),
    ("kept.gap,\n", "kept.gap, kept.unled,\n"),
    ("excluded.covered, excluded.gap, excluded.last_on", "excluded.covered, excluded.gap, excluded.unled,\n"
     "            excluded.last_on"),
)  # fmt: skip
LEADERS = (PAIRING, "expert_id unit_id kind since until", "kind = 'leader'")
WATCHES = first.watch(*LEADERS) + at_once.watch(*LEADERS)  # of an update as 0009 has it
TALLIES = changed(
    at_once.tallies("tally", halves.add_up, halves.steps) + halves.FILL,
    ("('gap', gap)", "('gap', gap), ('unled', unled)"),
)
FILLED = f"""
DO $$
DECLARE
    batch bigint[];
BEGIN
    FOR batch IN SELECT array_agg(id) FROM (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / {BATCH} AS part FROM experts_expert) numbered
        GROUP BY part ORDER BY part
    LOOP
        PERFORM activities_refresh(batch);
    END LOOP;
    PERFORM activities_fill_tallies();
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0021_invited_at")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {first.COVERAGE} ADD COLUMN unled datemultirange NOT NULL DEFAULT '{{}}';",
            migrations.RunSQL.noop,
            [migrations.AddField("coverage", "unled", core.fields.DaySetField())],
        ),
        migrations.AddField("coverage", "unled_since", models.DateField("没有联系领导自", null=True)),
        migrations.AlterField("coveragetally", "state", models.CharField(max_length=8)),
        migrations.AddIndex(
            "coverage",
            models.Index(
                fields=["place", "is_alone", "unled_since"],
                condition=models.Q(unled_since__isnull=False),
                name="coverage_unled_by_unit",
            ),
        ),
        migrations.RunSQL(REFRESHING + WATCHES + TALLIES, migrations.RunSQL.noop),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
