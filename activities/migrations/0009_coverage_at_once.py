"""Coverage for many writers at once, and for a million experts.

What 0003 worked out in the right way for one writer after the other it worked out from what only that one saw:
two contacts of one expert at the same moment could each leave the other's out. Now whoever recomputes an expert
holds the record until the commit. Tallies were rows that every writer changed, so that all of them waited for
the slowest, and for an import to the end; now each adds rows of its own, and a task of the system settles them
by day, month and year. Also:

* nobody is in any number from the day of death on;
* who has left the units that hold the rows is told apart (`is_away`), because a reader of those units alone
  sees such an expert no more and must not meet them in a number either;
* old and new rows of a statement are compared as sets, as in experts 0016.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")
linear = import_module("experts.migrations.0016_linear_triggers")
first = import_module("activities.migrations.0003_coverage")

COVERAGE, PERIOD, TALLY, CONTACTS = first.COVERAGE, first.PERIOD, first.TALLY, first.CONTACTS
OWNER, TODAY = first.OWNER, first.TODAY
HEAD = linear.HEAD
# Advisory locks: of whoever applies the rules of the units, against their changing; of whoever settles tallies.
RULES, SETTLING = 0x434F56, 0x434F57

AWAY = """NOT (unit_order BETWEEN {low} AND {high}
    OR coalesce(held && int8multirange(int8range({low}, {high}, '[]')), false))"""
COLUMNS = f"""
-- The whole span of the unit, so that a row tells by itself whether the expert is in it.
ALTER TABLE accounts_unit ADD CONSTRAINT unit_span_key UNIQUE (id, "order", order_end);
ALTER TABLE {COVERAGE} DROP CONSTRAINT {COVERAGE}_place;
ALTER TABLE {COVERAGE} ADD CONSTRAINT {COVERAGE}_place FOREIGN KEY (unit_id, place, place_end)
    REFERENCES accounts_unit (id, "order", order_end) ON UPDATE CASCADE;
ALTER TABLE {COVERAGE} ADD COLUMN is_away boolean NOT NULL
    GENERATED ALWAYS AS ({AWAY.format(low="place", high="place_end")}) STORED;
CREATE INDEX coverage_away ON {COVERAGE} (place) WHERE is_away;
"""
PLACES = f"UPDATE {COVERAGE} SET place_end = order_end FROM accounts_unit unit WHERE unit.id = unit_id;"

NAMES = f"""
CREATE OR REPLACE FUNCTION activities_follow_name() RETURNS trigger {HEAD} AS $$
BEGIN
    IF EXISTS ({linear.changed("sort_key")}) THEN
        EXECUTE format('WITH changed AS MATERIALIZED ({linear.changed("sort_key")})
            UPDATE %I child SET sort_key = changed.sort_key FROM changed WHERE child.expert_id = changed.id',
            TG_ARGV[0]);
    END IF;
    RETURN NULL;
END
$$;
"""

NOTING = f"""
-- Runs as owner: notes from and until when experts are key by rule, managed by which unit, and living.
CREATE OR REPLACE FUNCTION activities_note_key() RETURNS trigger {HEAD} AS $$
DECLARE
    changed bigint[];
    died bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {PERIOD} (expert_id, unit_id, label, unit_order, held, since)
        SELECT id, unit_id, label, unit_order, held, {TODAY} FROM after
        WHERE scope = 'key' AND died_on IS NULL AND label < 3;
        RETURN NULL;
    END IF;
    SELECT array_agg(id) INTO changed FROM (
        SELECT id, scope, unit_id, died_on, label = 3 FROM after
        EXCEPT SELECT id, scope, unit_id, died_on, label = 3 FROM before) differing;
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    WITH ended AS MATERIALIZED (
        SELECT period.id, period.since FROM {PERIOD} period JOIN experts_expert expert ON expert.id = expert_id
        WHERE period.expert_id = ANY (changed) AND period.until IS NULL AND (expert.scope <> 'key'
            OR expert.died_on IS NOT NULL OR expert.label = 3 OR expert.unit_id <> period.unit_id)),
    begun_today AS (DELETE FROM {PERIOD} WHERE id IN (SELECT id FROM ended WHERE since = {TODAY}))
    UPDATE {PERIOD} SET until = {TODAY} WHERE id IN (SELECT id FROM ended WHERE since < {TODAY});
    INSERT INTO {PERIOD} (expert_id, unit_id, label, unit_order, held, since)
    SELECT id, unit_id, label, unit_order, held, {TODAY} FROM experts_expert
    WHERE id = ANY (changed) AND scope = 'key' AND died_on IS NULL AND label < 3
      AND NOT EXISTS (SELECT FROM {PERIOD} period WHERE period.expert_id = experts_expert.id AND until IS NULL);
    SELECT array_agg(id) INTO died FROM (
        SELECT id, died_on FROM after EXCEPT SELECT id, died_on FROM before) differing;
    IF died IS NOT NULL THEN
        PERFORM activities_refresh(died);
    END IF;
    RETURN NULL;
END
$$;
"""

DEFAULTS = {
    "key_contact_months": 3,
    "general_contact_months": 12,
    "officer_contact_counts": 1,
    "remote_contact_counts": 0,
    "symposium_counts": 1,
}
KEYS = ", ".join(f"'{key}'" for key in DEFAULTS)
VALUES = {
    key: f"""coalesce((SELECT value FROM rule WHERE key = '{key}' AND "order" BETWEEN low AND high
                ORDER BY low DESC LIMIT 1), {default})"""
    for key, default in DEFAULTS.items()
}
# How the sets of a batch are put together the planner cannot know: it takes a batch for ten experts.
REFRESHING = f"""
DROP FUNCTION activities_setting(bigint, text);
-- Works out the coverage of these experts anew, for every day there is, and keeps what differs. Holds the
-- records, so that what another writer adds to one of them is seen by whoever comes second; and the rules.
CREATE OR REPLACE FUNCTION activities_refresh(chosen bigint[]) RETURNS void
LANGUAGE plpgsql {OWNER} SET enable_seqscan = off SET enable_nestloop = off SET enable_mergejoin = off
SET enable_hashjoin = on AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared({RULES});
    PERFORM FROM experts_expert WHERE id = ANY (chosen) ORDER BY id FOR NO KEY UPDATE;
    WITH expert AS MATERIALIZED (
        SELECT id, label, unit_order, held, sort_key, datemultirange(daterange(NULL, died_on)) AS living
        FROM experts_expert WHERE id = ANY (chosen)),
    listed AS MATERIALIZED (
        SELECT expert_id, unit_id, scope, range_agg(daterange(since, until)) AS days
        FROM experts_rosterentry WHERE expert_id = ANY (chosen) GROUP BY 1, 2, 3),
    on_any AS (SELECT expert_id, range_agg(days) AS days FROM listed GROUP BY 1),
    by_rule AS (
        SELECT expert_id, unit_id, range_agg(daterange(since, until)) AS days
        FROM {PERIOD} WHERE expert_id = ANY (chosen) GROUP BY 1, 2),
    stay AS MATERIALIZED (
        SELECT expert_id, unit_id, scope, is_listed, days * living AS days FROM (
            SELECT expert_id, unit_id, scope, true AS is_listed, days FROM listed
            UNION ALL
            SELECT expert_id, unit_id, 'key', false, by_rule.days - coalesce(on_any.days, '{{}}')
            FROM by_rule LEFT JOIN on_any USING (expert_id)) either JOIN expert ON expert.id = expert_id
        WHERE NOT isempty(days * living)),
    -- A unit's value: its own, else the nearest above, else the default of accounts/unit_settings.py.
    rule AS MATERIALIZED (
        SELECT key, value::integer AS value, unit."order" AS low, unit.order_end AS high
        FROM accounts_unitsetting setting JOIN accounts_unit unit ON unit.id = setting.unit_id
        WHERE key IN ({KEYS})),
    place AS MATERIALIZED (
        SELECT id AS unit_id, "order" AS place, order_end AS place_end,
            {VALUES["key_contact_months"]} AS key_months,
            {VALUES["general_contact_months"]} AS general_months,
            array_remove(ARRAY['leader',
                CASE {VALUES["officer_contact_counts"]} WHEN 1 THEN 'officer' END,
                CASE {VALUES["remote_contact_counts"]} WHEN 1 THEN 'remote' END,
                CASE {VALUES["symposium_counts"]} WHEN 1 THEN 'symposium' END], NULL) AS ways
        FROM accounts_unit WHERE id = ANY (ARRAY(SELECT unit_id FROM stay))),
    above AS MATERIALIZED (
        SELECT place.place, unit.id AS unit_id, unit."order", unit.order_end
        FROM place JOIN accounts_unit unit ON place.place BETWEEN unit."order" AND unit.order_end),
    ruled AS (
        SELECT stay.*, place, place_end, ways,
            make_interval(months => CASE scope WHEN 'key' THEN key_months ELSE general_months END) AS often,
            (SELECT max(lower(stretch)) FROM unnest(days) stretch) AS begun
        FROM stay JOIN place USING (unit_id)),
    met AS (
        SELECT ruled.*, contacts.last_on, coalesce(contacts.days, '{{}}') AS in_touch,
            CASE WHEN is_listed THEN (
                SELECT range_agg(stretch * daterange(lower(stretch), (lower(stretch) + often)::date))
                FROM unnest(ruled.days) stretch) ELSE '{{}}' END AS fresh
        FROM ruled CROSS JOIN LATERAL (
            SELECT range_agg(daterange(contact."on", (contact."on" + often)::date, '[]')) AS days,
                max(contact."on") AS last_on
            FROM activities_contact contact
            WHERE contact.expert_id = ruled.expert_id AND contact.state = 'done' AND contact.way = ANY (ruled.ways)
        ) contacts),
    single AS MATERIALIZED (
        SELECT expert_id, unit_id, place, place_end, scope, is_listed, fresh,
            (days - fresh) * in_touch AS covered, (days - fresh) - in_touch AS gap, last_on,
            CASE WHEN NOT upper_inf(days) THEN NULL WHEN is_listed OR last_on >= begun
                THEN (greatest(last_on, begun) + often)::date ELSE begun END AS due_on,
            count(*) OVER (PARTITION BY expert_id, scope, is_listed) AS rosters
        FROM met),
    -- On several rosters: one row for every unit above any of them, in which the person counts once.
    several AS (
        SELECT expert_id, above.unit_id, above."order" AS place, above.order_end AS place_end, scope,
            range_agg(fresh) - range_agg(covered) - range_agg(gap) AS fresh, range_agg(covered) AS covered,
            range_agg(gap) - range_agg(covered) AS gap, max(last_on) AS last_on, max(due_on) AS due_on
        FROM single JOIN above USING (place)
        WHERE rosters > 1 AND is_listed GROUP BY 1, 2, 3, 4, 5),
    made AS MATERIALIZED (
        SELECT expert_id, unit_id, place, place_end, false AS is_alone, scope, is_listed, fresh, covered, gap,
            last_on, due_on
        FROM single WHERE rosters = 1 OR NOT is_listed
        UNION ALL
        SELECT expert_id, unit_id, place, place_end, true, scope, true, fresh, covered, gap, last_on, due_on
        FROM several),
    dropped AS (
        DELETE FROM {COVERAGE} kept WHERE expert_id = ANY (chosen) AND NOT EXISTS (
            SELECT FROM made WHERE (made.expert_id, made.unit_id, made.scope, made.is_listed)
                = (kept.expert_id, kept.unit_id, kept.scope, kept.is_listed)))
    INSERT INTO {COVERAGE} AS kept (label, unit_order, held, expert_id, unit_id, place, place_end, is_alone,
        sort_key, scope, is_listed, fresh, covered, gap, last_on, due_on)
    SELECT label, unit_order, held, expert_id, unit_id, place, place_end, is_alone, sort_key, scope, is_listed,
        fresh, covered, gap, last_on, due_on
    FROM made JOIN expert ON expert.id = made.expert_id
    ORDER BY expert_id, unit_id, scope, is_listed
    ON CONFLICT (expert_id, unit_id, scope, is_listed) DO UPDATE SET label = excluded.label,
        unit_order = excluded.unit_order, held = excluded.held, place = excluded.place,
        place_end = excluded.place_end, is_alone = excluded.is_alone, fresh = excluded.fresh,
        covered = excluded.covered, gap = excluded.gap, last_on = excluded.last_on, due_on = excluded.due_on
    WHERE (kept.unit_order, kept.held, kept.place, kept.is_alone, kept.fresh, kept.covered, kept.gap,
            kept.last_on, kept.due_on)
        IS DISTINCT FROM (excluded.unit_order, excluded.held, excluded.place, excluded.is_alone, excluded.fresh,
            excluded.covered, excluded.gap, excluded.last_on, excluded.due_on);
END
$$;
"""


def watch(table: str, columns: str, only: str = "true") -> str:
    """Whom an update concerns: rows that differ in these columns, as they were or are, if `only` holds."""
    listed = ", ".join(f'"{column}"' for column in ("id", *columns.split()))
    came, gone = (f"SELECT {listed} FROM {rows}" for rows in ("came", "gone"))
    return f"""
CREATE OR REPLACE FUNCTION activities_watch_{table.split("_")[1]}_update() RETURNS trigger
LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    concerned bigint[];
BEGIN
    SELECT array_agg(DISTINCT expert_id) INTO concerned FROM (
        (({came}) EXCEPT ({gone})) UNION ALL (({gone}) EXCEPT ({came}))) differing WHERE {only};
    IF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;
"""


WATCHES = (
    watch("activities_contact", "expert_id state way on", "state = 'done'")
    + watch("experts_rosterentry", "expert_id unit_id place scope since until")
    + watch(PERIOD, "expert_id unit_id since until")
)

# What each row adds to the number of a day, before it is known for which units.
STEPS = """
    SELECT place, is_alone, label, unit_order, held, scope, is_listed, state, day, {sign} * step AS n FROM {rows}
    CROSS JOIN LATERAL (VALUES ('fresh', fresh), ('covered', covered), ('gap', gap)) AS each (state, days)
    CROSS JOIN LATERAL unnest(days) stretch
    CROSS JOIN LATERAL (VALUES (lower(stretch), 1), (upper(stretch), -1)) AS turn (day, step)
    WHERE label < 2 AND day IS NOT NULL"""
LOOSE, DAY, MONTH, YEAR = range(4)
ROUNDED = f"""CASE coarse WHEN {MONTH} THEN date_trunc('month', day)::date
        WHEN {YEAR} THEN date_trunc('year', day)::date ELSE day END"""
KEY = "unit_id, label, scope, is_listed, is_away, state"


ABOVE = """
    above AS MATERIALIZED (
        SELECT named.place, unit.id AS unit_id, unit."order", unit.order_end
        FROM (SELECT DISTINCT place FROM {rows}) named
        JOIN accounts_unit unit ON named.place BETWEEN unit."order" AND unit.order_end)"""


def summed(rows: str, grain: int) -> str:
    """The units above were looked up once for a place, not for every row."""
    return f"""
    INSERT INTO {TALLY} ({KEY}, grain, day, change)
    SELECT unit_id, label, scope, is_listed, {AWAY.format(low='"order"', high="order_end")} AS is_away, state,
        {grain}, day, sum(n)
    FROM {rows} JOIN above USING (place) WHERE NOT is_alone OR place = "order"
    GROUP BY 1, 2, 3, 4, 5, 6, 8 HAVING sum(n) <> 0"""


def add_up(moved: str) -> str:
    return f"""
    WITH turned AS MATERIALIZED (
        SELECT place, is_alone, label, unit_order, held, scope, is_listed, state, day, sum(n) AS n
        FROM ({moved}) moved GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(n) <> 0),
    {ABOVE.format(rows="turned").strip()}{summed("turned", LOOSE)}"""


def count_contacts(moved: str, is_loose: str = "true") -> str:
    return f"""
    WITH turned AS MATERIALIZED (
        SELECT place, label, way, "on" AS day, sum(n) AS n FROM ({moved}) moved
        WHERE state = 'done' AND way <> '' AND label < 2 GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0),
    {ABOVE.format(rows="turned").strip()}
    INSERT INTO {CONTACTS} (unit_id, label, way, day, is_loose, number)
    SELECT unit_id, label, way, day, {is_loose}, sum(n) FROM turned JOIN above USING (place)
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1, 4"""


def steps(rows: str, sign: int) -> str:
    return STEPS.format(rows=rows, sign=sign)


def replaced(name: str, act: str, statement: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION activities_{name}_{act}() RETURNS trigger LANGUAGE plpgsql {OWNER}
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on AS $$
BEGIN
    {statement.strip()};
    RETURN NULL;
END
$$;
"""


def tallies(name: str, count: "type", part: "type") -> str:
    came, gone = part("came", 1), part("gone", -1)
    return (
        replaced(name, "insert", count(came))
        + replaced(name, "update", count(f"{came} UNION ALL {gone}"))
        + replaced(name, "delete", count(gone))
    )


def settle(table: str, key: str, number: str, loose: str, turned: str) -> str:
    """Take loose rows out and add them to the settled ones of their key; answers how many there were."""
    same = " AND ".join(f"kept.{column} = summed.{column}" for column in key.split(", "))
    return f"""
    WITH loose AS (DELETE FROM {table} WHERE id = ANY (ARRAY(
        SELECT id FROM {table} WHERE {loose} ORDER BY id LIMIT most)) RETURNING *),
    summed AS MATERIALIZED ({turned}),
    merged AS (UPDATE {table} kept SET {number} = kept.{number} + summed.{number} FROM summed
        WHERE {same} RETURNING {", ".join(f"kept.{column}" for column in key.split(", "))}),
    made AS (INSERT INTO {table} ({key}, {number}) SELECT {key}, {number} FROM summed
        WHERE ({key}) NOT IN (SELECT {key} FROM merged))
    SELECT settled + count(*) INTO settled FROM loose;"""


REPLACED = tallies("tally", add_up, steps) + tallies("count", count_contacts, first.lines)
GRAINED = f"""SELECT {KEY}, coarse AS grain, {ROUNDED} AS day, sum(change) AS change FROM loose
        CROSS JOIN (VALUES ({DAY}), ({MONTH}), ({YEAR})) AS grained (coarse)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(change) <> 0"""
COUNTED = """SELECT unit_id, label, way, day, false AS is_loose, sum(number) AS number FROM loose
        GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0"""
SETTLES = f"""
-- For the worker: adds what writers have left to the rows that readers sum up. A reader sees the same before,
-- meanwhile and afterwards. Answers how many rows were settled.
CREATE FUNCTION activities_settle(most integer) RETURNS integer LANGUAGE plpgsql {OWNER}
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    settled integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock({SETTLING}) THEN
        RETURN 0;
    END IF;
    {settle(TALLY, f"{KEY}, grain, day", "change", "grain = 0", GRAINED)}
    {settle(CONTACTS, "unit_id, label, way, day, is_loose", "number", "is_loose", COUNTED)}
    RETURN settled;
END
$$;
REVOKE ALL ON FUNCTION activities_settle(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_settle(integer) TO liaison_worker;
"""


def coarser(fine: int, coarse: int, word: str) -> str:
    return f"""INSERT INTO {TALLY} ({KEY}, grain, day, change)
    SELECT {KEY}, {coarse}, date_trunc('{word}', day)::date, sum(change) FROM {TALLY} WHERE grain = {fine}
    GROUP BY 1, 2, 3, 4, 5, 6, 8 HAVING sum(change) <> 0"""


FILL = f"""
-- For the owner: both tallies from nothing, after rows were written past the triggers.
CREATE FUNCTION activities_fill_tallies() RETURNS void LANGUAGE plpgsql {OWNER}
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on AS $$
BEGIN
    PERFORM pg_advisory_xact_lock({SETTLING});
    DELETE FROM {TALLY};
    DELETE FROM {CONTACTS};
    WITH {ABOVE.format(rows=COVERAGE).strip()}{summed(f"({steps(COVERAGE, 1)}) turned", DAY)};
    {coarser(DAY, MONTH, "month")};
    {coarser(MONTH, YEAR, "year")};
    {count_contacts(first.lines("activities_contact", 1), "false").strip()};
END
$$;
REVOKE ALL ON FUNCTION activities_fill_tallies() FROM PUBLIC;
"""

STRUCTURE = f"""
CREATE OR REPLACE FUNCTION activities_units_moved() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    moved bigint[];
    concerned bigint[];
BEGIN
    SELECT array_agg(id) INTO moved FROM (
        SELECT id, "order", order_end FROM after EXCEPT SELECT id, "order", order_end FROM before) differing;
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock({SETTLING});
    DELETE FROM {TALLY} WHERE unit_id = ANY (moved);
    DELETE FROM {CONTACTS} WHERE unit_id = ANY (moved);
    SELECT array_agg(DISTINCT expert_id) INTO concerned FROM {COVERAGE} WHERE is_alone AND unit_id = ANY (moved);
    IF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION activities_setting_changed() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    changed accounts_unitsetting := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    subtree accounts_unit;
    concerned bigint[];
BEGIN
    IF changed.key NOT IN ({KEYS})
       OR TG_OP = 'UPDATE' AND OLD.value = NEW.value THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock({RULES});
    SELECT * INTO subtree FROM accounts_unit WHERE id = changed.unit_id;
    SELECT array_agg(expert_id) INTO concerned FROM (
        SELECT DISTINCT expert_id FROM {COVERAGE}
        WHERE place BETWEEN subtree."order" AND subtree.order_end LIMIT 2001) few;
    IF cardinality(concerned) > 2000 THEN
        INSERT INTO {first.REFRESH} (low, high, after, requested_at)
        VALUES (subtree."order", subtree.order_end, 0, now());
    ELSIF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;
"""


def unchecked_unit() -> models.ForeignKey:
    return models.ForeignKey(
        "accounts.unit",
        on_delete=django.db.models.deletion.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )


WORKING_OFF = f"""
-- For the worker: the next experts of the oldest waiting subtree; answers how many, none when nothing waits.
CREATE OR REPLACE FUNCTION activities_work_off(batch integer) RETURNS integer LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    waiting {first.REFRESH};
    concerned bigint[];
BEGIN
    LOOP
        SELECT * INTO waiting FROM {first.REFRESH} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF waiting.id IS NULL THEN
            RETURN 0;
        END IF;
        SELECT array_agg(expert_id ORDER BY expert_id) INTO concerned FROM (
            SELECT DISTINCT expert_id FROM {COVERAGE}
            WHERE expert_id > waiting.after AND place BETWEEN waiting.low AND waiting.high
            ORDER BY expert_id LIMIT batch) following;
        EXIT WHEN concerned IS NOT NULL;
        DELETE FROM {first.REFRESH} WHERE id = waiting.id;
    END LOOP;
    PERFORM activities_refresh(concerned);
    UPDATE {first.REFRESH} SET after = concerned[cardinality(concerned)] WHERE id = waiting.id;
    RETURN cardinality(concerned);
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0008_feed"), ("experts", "0016_linear_triggers")]
    operations = [
        migrations.AddField("coverage", "place_end", models.BigIntegerField(default=0)),
        migrations.RunSQL(PLACES, migrations.RunSQL.noop),
        migrations.AlterField("coverage", "place_end", models.BigIntegerField()),
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(COLUMNS, migrations.RunSQL.noop)],
            [
                migrations.AddField("coverage", "is_away", models.BooleanField(editable=False)),
                migrations.AddIndex(
                    "coverage",
                    models.Index(fields=["place"], condition=models.Q(is_away=True), name="coverage_away"),
                ),
            ],
        ),
        # The place of a row holds its unit as well; an import would pay for looking at both.
        migrations.AlterField("coverage", "unit", unchecked_unit()),
        migrations.AlterField("keyperiod", "unit", unchecked_unit()),
        migrations.RemoveConstraint("coveragetally", "coverage_tally_once"),
        migrations.RemoveField("coveragetally", "is_month"),
        migrations.AddField("coveragetally", "grain", models.SmallIntegerField(default=1)),
        migrations.AlterField("coveragetally", "grain", models.SmallIntegerField()),
        migrations.AddField("coveragetally", "is_away", models.BooleanField(default=False)),
        migrations.AlterField("coveragetally", "is_away", models.BooleanField()),
        migrations.AddIndex(
            "coveragetally",
            models.Index(
                fields=["unit", "grain", "day"],
                include=["label", "scope", "is_listed", "is_away", "state", "change"],
                name="coverage_tally_sum",
            ),
        ),
        migrations.AddIndex(
            "coveragetally",
            models.Index(fields=["id"], condition=models.Q(grain=0), name="coverage_tally_loose"),
        ),
        migrations.RemoveConstraint("contacttally", "contact_tally_once"),
        migrations.AddField("contacttally", "is_loose", models.BooleanField(default=False)),
        migrations.AlterField("contacttally", "is_loose", models.BooleanField()),
        migrations.AddIndex(
            "contacttally",
            models.Index(
                fields=["unit", "day"],
                include=["label", "way", "is_loose", "number"],
                name="contact_tally_sum",
            ),
        ),
        migrations.AddIndex(
            "contacttally",
            models.Index(fields=["id"], condition=models.Q(is_loose=True), name="contact_tally_loose"),
        ),
        migrations.RunSQL(
            NAMES + NOTING + REFRESHING + WATCHES + REPLACED + STRUCTURE + SETTLES + FILL + WORKING_OFF,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL("SELECT activities_fill_tallies();", migrations.RunSQL.noop),
    ]
