"""A number of coverage is a sum of a dozen rows of its tally, whatever the day.

Migration 0009 added up whole years, the months of the last and the days of its month: fifty rows and more, for
each unit below a city a hundred times. Now a settled row holds the changes of as many days up to its own as the
lowest bit of the day's number says (one, two, four …: a Fenwick tree), so that the rows of a day, of the day
without its lowest bit, and so on, are all that came before.
"""

from importlib import import_module

from django.db import migrations, models

first = import_module("activities.migrations.0003_coverage")
at_once = import_module("activities.migrations.0009_coverage_at_once")

COVERAGE, TALLY, CONTACTS, OWNER = first.COVERAGE, first.TALLY, first.CONTACTS, first.OWNER
KEY, SETTLING, ABOVE, AWAY = at_once.KEY, at_once.SETTLING, at_once.ABOVE, at_once.AWAY
# Days are numbered from 1 on 1 January of the year 1, as date.toordinal does; the last a page may ask for has
# 22 bits.
ORIGIN, BITS, LAST = "date '0001-01-01' - 1", 22, "date '9999-12-31'"
INTO = f"INSERT INTO {TALLY} ({KEY}, is_loose, day, change)"
# What each row adds to the number of a day. Who is at home in the unit of the row is so in all above it, and need
# not be told from others there.
STEPS = """
    SELECT place, is_alone, label, CASE WHEN is_away THEN unit_order END AS unit_order,
        CASE WHEN is_away THEN held END AS held, scope, is_listed, state, day, {sign} * step AS n FROM {rows}
    CROSS JOIN LATERAL (VALUES ('fresh', fresh), ('covered', covered), ('gap', gap)) AS each (state, days)
    CROSS JOIN LATERAL unnest(days) stretch
    CROSS JOIN LATERAL (VALUES (lower(stretch), 1), (upper(stretch), -1)) AS turn (day, step)
    WHERE label < 2 AND day IS NOT NULL"""


def steps(rows: str, sign: int) -> str:
    return STEPS.format(rows=rows, sign=sign)


def changes(moved: str) -> str:
    """Of each unit on each day. The units above are looked up once for a place, not for every row."""
    return f"""
    turned AS MATERIALIZED (
        SELECT place, is_alone, label, unit_order, held, scope, is_listed, state, day, sum(n) AS n
        FROM ({moved}) moved GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(n) <> 0),
    {ABOVE.format(rows="turned").strip()},
    changed AS (
        SELECT unit_id, label, scope, is_listed,
            coalesce({AWAY.format(low='"order"', high="order_end")}, false) AS is_away, state, day, sum(n) AS change
        FROM turned JOIN above USING (place) WHERE NOT is_alone OR place = "order"
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0)"""


def add_up(moved: str) -> str:
    return f"""WITH {changes(moved).strip()}
    {INTO} SELECT {KEY}, true, day, change FROM changed"""


def spread(rows: str) -> str:
    """To the row of each size that holds the day: for size 2^k the next multiple, where it is an odd one."""
    return f"""SELECT {KEY}, false AS is_loose, ({ORIGIN}) + (halves << bit) AS day, sum(change) AS change
        FROM {rows} CROSS JOIN generate_series(0, {BITS - 1}) AS sized (bit)
        CROSS JOIN LATERAL (VALUES ((day - ({ORIGIN}) + (1 << bit) - 1) >> bit)) AS whole (halves)
        WHERE halves & 1 = 1 AND (halves << bit) <= {LAST} - ({ORIGIN})
        GROUP BY 1, 2, 3, 4, 5, 6, 8 HAVING sum(change) <> 0"""


SETTLES = f"""
-- For the worker: adds what writers have left to the rows that readers sum up. A reader sees the same before,
-- meanwhile and afterwards. Answers how many rows were settled.
CREATE OR REPLACE FUNCTION activities_settle(most integer) RETURNS integer LANGUAGE plpgsql {OWNER}
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    settled integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock({SETTLING}) THEN
        RETURN 0;
    END IF;
    {at_once.settle(TALLY, f"{KEY}, is_loose, day", "change", "is_loose", spread("loose"))}
    {at_once.settle(CONTACTS, "unit_id, label, way, day, is_loose", "number", "is_loose", at_once.COUNTED)}
    RETURN settled;
END
$$;
"""
FILL = f"""
-- For the owner: both tallies from nothing, after rows were written past the triggers.
CREATE OR REPLACE FUNCTION activities_fill_tallies() RETURNS void LANGUAGE plpgsql {OWNER}
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({SETTLING});
    DELETE FROM {TALLY};
    DELETE FROM {CONTACTS};
    CREATE TEMPORARY TABLE stretch AS WITH {changes(steps(COVERAGE, 1)).strip()}
        SELECT {KEY}, day - ({ORIGIN}) AS number, change FROM changed;
    CREATE TEMPORARY TABLE doubled (LIKE stretch);
    FOR bit IN 0..{BITS - 1} LOOP
        {INTO} SELECT {KEY}, false, ({ORIGIN}) + (number << bit), change
        FROM stretch WHERE number & 1 = 1 AND number << bit <= {LAST} - ({ORIGIN});
        INSERT INTO doubled SELECT {KEY}, (number + 1) >> 1, sum(change) FROM stretch
        GROUP BY {KEY}, (number + 1) >> 1 HAVING sum(change) <> 0;
        TRUNCATE stretch;
        INSERT INTO stretch TABLE doubled;
        TRUNCATE doubled;
    END LOOP;
    DROP TABLE stretch, doubled;
    {at_once.count_contacts(first.lines("activities_contact", 1), "false").strip()};
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0014_training_locks")]
    operations = [
        # Written from the table of units itself; looking each row up again would cost an import more than that.
        migrations.AlterField("coveragetally", "unit", at_once.unchecked_unit()),
        migrations.AlterField("contacttally", "unit", at_once.unchecked_unit()),
        migrations.RemoveIndex("coveragetally", "coverage_tally_sum"),
        migrations.RemoveIndex("coveragetally", "coverage_tally_loose"),
        migrations.RunSQL(f"DELETE FROM {TALLY};", migrations.RunSQL.noop),
        migrations.RemoveField("coveragetally", "grain"),
        migrations.AddField("coveragetally", "is_loose", models.BooleanField()),
        migrations.RunSQL(at_once.tallies("tally", add_up, steps) + SETTLES + FILL, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT activities_fill_tallies();", migrations.RunSQL.noop),
        migrations.AddIndex(
            "coveragetally",
            models.Index(
                fields=["unit", "is_loose", "day"],
                include=["label", "scope", "is_listed", "is_away", "state", "change"],
                name="coverage_tally_sum",
            ),
        ),
        migrations.AddIndex(
            "coveragetally",
            models.Index(fields=["id"], condition=models.Q(is_loose=True), name="coverage_tally_loose"),
        ),
        migrations.AddIndex(
            "coverage",
            models.Index(
                fields=["place", "is_alone", "due_on"],
                condition=models.Q(scope="key", due_on__isnull=False),
                name="coverage_due_by_unit",
            ),
        ),
    ]
