"""Coverage that cannot lie: computed by the database from contacts, rosters and scopes (docs/adr/0013-coverage.md).

`activities_refresh` works out whole histories of experts as sets of days; statement triggers call it for whom a
write concerns. Tallies follow from its rows, so that a number of any unit and day is a short sum. All of it runs
as owner and writes nothing but the tables of this file.
"""

from importlib import import_module

from django.db import migrations

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")

COVERAGE, PERIOD = "activities_coverage", "activities_keyperiod"
TALLY, CONTACTS, REFRESH = "activities_coveragetally", "activities_contacttally", "activities_coveragerefresh"
SEEN = f"({held.readable('expert_id', 'view')})"
PATH = "SET search_path = pg_catalog, public, pg_temp"
OWNER = f"SECURITY DEFINER {PATH}"
TODAY = locks.TODAY

SETTINGS = f"""
-- A unit's value: its own, else the nearest above, else the default of accounts/unit_settings.py.
CREATE FUNCTION activities_setting(unit_number bigint, wanted text) RETURNS integer
LANGUAGE sql STABLE {PATH} AS $$
    SELECT coalesce(
        (SELECT setting.value::integer FROM accounts_unitsetting setting JOIN accounts_unit unit
            ON unit.id = setting.unit_id
         WHERE setting.key = wanted AND unit_number BETWEEN unit."order" AND unit.order_end
         ORDER BY unit."order" DESC LIMIT 1),
        (SELECT value FROM (VALUES ('key_contact_months', 3), ('general_contact_months', 12),
            ('officer_contact_counts', 1), ('remote_contact_counts', 0), ('symposium_counts', 1))
            AS by_default (key, value) WHERE key = wanted))
$$;
"""

PERIODS = f"""
-- Runs as owner: notes from and until when experts are key by rule, managed by which unit, and living.
CREATE FUNCTION activities_note_key() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT FROM after JOIN before USING (id)
            WHERE (before.scope, before.unit_id, before.died_on IS NULL, before.label = 3)
               <> (after.scope, after.unit_id, after.died_on IS NULL, after.label = 3)) THEN
            RETURN NULL;
        END IF;
        DELETE FROM {PERIOD} period USING after WHERE period.expert_id = after.id AND period.until IS NULL
            AND period.since = {TODAY} AND (after.scope <> 'key' OR after.died_on IS NOT NULL
                OR after.label = 3 OR after.unit_id <> period.unit_id);
        UPDATE {PERIOD} period SET until = {TODAY} FROM after
        WHERE period.expert_id = after.id AND period.until IS NULL AND (after.scope <> 'key'
            OR after.died_on IS NOT NULL OR after.label = 3 OR after.unit_id <> period.unit_id);
    END IF;
    INSERT INTO {PERIOD} (expert_id, unit_id, label, unit_order, held, since)
    SELECT id, unit_id, label, unit_order, held, {TODAY} FROM after
    WHERE scope = 'key' AND died_on IS NULL AND label < 3
      AND NOT EXISTS (SELECT FROM {PERIOD} period WHERE period.expert_id = after.id AND period.until IS NULL);
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_expert_key_insert AFTER INSERT ON experts_expert REFERENCING NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION activities_note_key();
CREATE TRIGGER experts_expert_key_update AFTER UPDATE ON experts_expert REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION activities_note_key();
"""


def follows(table: str) -> str:
    """A table of this file hangs on the expert, but a merge makes it anew instead of moving it: its key is not
    called `_lock` (experts_moving_tables)."""
    return (
        locks.enable(table)
        + f"""
ALTER TABLE {table} ADD CONSTRAINT {table}_follows FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE;
CREATE TRIGGER experts_expert_{table} AFTER UPDATE ON experts_expert REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_follow('{table}');
"""
    )


LOCKS = (
    follows(PERIOD)
    + follows(COVERAGE)
    + activities.named(COVERAGE)
    + f"""
ALTER TABLE {COVERAGE} ADD CONSTRAINT {COVERAGE}_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
"""
    + locks.policy(COVERAGE, "SELECT", f"{roster.place_in('view')} AND {SEEN}")
)

REFRESHING = f"""
-- Works out the coverage of these experts anew, for every day there is, and keeps what differs.
CREATE FUNCTION activities_refresh(chosen bigint[]) RETURNS void
LANGUAGE plpgsql {OWNER} SET enable_seqscan = off AS $$
BEGIN
    WITH listed AS MATERIALIZED (
        SELECT expert_id, unit_id, place, scope, range_agg(daterange(since, until)) AS days
        FROM experts_rosterentry WHERE expert_id = ANY (chosen) GROUP BY 1, 2, 3, 4),
    on_any AS (SELECT expert_id, range_agg(days) AS days FROM listed GROUP BY 1),
    by_rule AS (
        SELECT period.expert_id, period.unit_id, unit."order" AS place,
            range_agg(daterange(period.since, period.until)) AS days
        FROM {PERIOD} period JOIN accounts_unit unit ON unit.id = period.unit_id
        WHERE period.expert_id = ANY (chosen) GROUP BY 1, 2, 3),
    stay AS (
        SELECT expert_id, unit_id, place, scope, days, true AS is_listed FROM listed
        UNION ALL
        SELECT expert_id, unit_id, place, 'key', by_rule.days - coalesce(on_any.days, '{{}}'), false
        FROM by_rule LEFT JOIN on_any USING (expert_id)
        WHERE NOT isempty(by_rule.days - coalesce(on_any.days, '{{}}'))),
    place AS MATERIALIZED (
        SELECT number AS place, activities_setting(number, 'key_contact_months') AS key_months,
            activities_setting(number, 'general_contact_months') AS general_months,
            array_remove(ARRAY['leader',
                CASE activities_setting(number, 'officer_contact_counts') WHEN 1 THEN 'officer' END,
                CASE activities_setting(number, 'remote_contact_counts') WHEN 1 THEN 'remote' END,
                CASE activities_setting(number, 'symposium_counts') WHEN 1 THEN 'symposium' END], NULL) AS ways
        FROM (SELECT DISTINCT stay.place AS number FROM stay) numbers),
    ruled AS (
        SELECT stay.*, place.ways,
            make_interval(months => CASE stay.scope WHEN 'key' THEN key_months ELSE general_months END) AS often,
            (SELECT max(lower(stretch)) FROM unnest(days) stretch) AS begun
        FROM stay JOIN place USING (place)),
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
        SELECT expert_id, unit_id, place, scope, is_listed, fresh, (days - fresh) * in_touch AS covered,
            (days - fresh) - in_touch AS gap, last_on,
            CASE WHEN NOT upper_inf(days) THEN NULL WHEN is_listed OR last_on >= begun
                THEN (greatest(last_on, begun) + often)::date ELSE begun END AS due_on,
            count(*) OVER (PARTITION BY expert_id, scope, is_listed) AS rosters
        FROM met),
    -- On several rosters: one row for every unit above any of them, in which the person counts once.
    several AS (
        SELECT expert_id, unit.id AS unit_id, unit."order" AS place, scope,
            range_agg(fresh) - range_agg(covered) - range_agg(gap) AS fresh, range_agg(covered) AS covered,
            range_agg(gap) - range_agg(covered) AS gap, max(last_on) AS last_on, max(due_on) AS due_on
        FROM single JOIN accounts_unit unit ON single.place BETWEEN unit."order" AND unit.order_end
        WHERE rosters > 1 AND is_listed GROUP BY 1, 2, 3, 4),
    made AS MATERIALIZED (
        SELECT expert_id, unit_id, place, false AS is_alone, scope, is_listed, fresh, covered, gap, last_on, due_on
        FROM single WHERE rosters = 1 OR NOT is_listed
        UNION ALL
        SELECT expert_id, unit_id, place, true, scope, true, fresh, covered, gap, last_on, due_on FROM several),
    dropped AS (
        DELETE FROM {COVERAGE} kept WHERE expert_id = ANY (chosen) AND NOT EXISTS (
            SELECT FROM made WHERE (made.expert_id, made.unit_id, made.scope, made.is_listed)
                = (kept.expert_id, kept.unit_id, kept.scope, kept.is_listed)))
    INSERT INTO {COVERAGE} AS kept (label, unit_order, held, expert_id, unit_id, place, is_alone, sort_key, scope,
        is_listed, fresh, covered, gap, last_on, due_on)
    SELECT expert.label, expert.unit_order, expert.held, made.expert_id, made.unit_id, place, is_alone,
        expert.sort_key, made.scope, is_listed, fresh, covered, gap, last_on, due_on
    FROM made JOIN experts_expert expert ON expert.id = made.expert_id
    ORDER BY made.expert_id, made.unit_id, made.scope, is_listed
    ON CONFLICT (expert_id, unit_id, scope, is_listed) DO UPDATE SET label = excluded.label,
        unit_order = excluded.unit_order, held = excluded.held, is_alone = excluded.is_alone,
        fresh = excluded.fresh, covered = excluded.covered, gap = excluded.gap, last_on = excluded.last_on,
        due_on = excluded.due_on
    WHERE (kept.unit_order, kept.is_alone, kept.fresh, kept.covered, kept.gap, kept.last_on, kept.due_on)
        IS DISTINCT FROM (excluded.unit_order, excluded.is_alone, excluded.fresh, excluded.covered, excluded.gap,
            excluded.last_on, excluded.due_on);
END
$$;
REVOKE ALL ON FUNCTION activities_setting(bigint, text), activities_refresh(bigint[]) FROM PUBLIC;
"""


def watch(table: str, columns: str, only: str = "true") -> str:
    """Whom a write to the table concerns: rows whose `columns` differ, of those that `only` holds for."""
    name = f"activities_watch_{table.split('_')[1]}"
    values = {row: ", ".join(f'{row}."{column}"' for column in columns.split()) for row in ("came", "gone")}

    def function(act: str, concerned: str) -> str:
        return f"""
CREATE FUNCTION {name}_{act}() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    concerned bigint[];
BEGIN
    {concerned};
    IF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;"""

    def trigger(act: str, tables: str) -> str:
        return f"""
CREATE TRIGGER {name}_{act} AFTER {act.upper()} ON {table} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}_{act}();
"""

    one = "SELECT array_agg(DISTINCT expert_id) INTO concerned FROM {rows} WHERE {only}"
    both = f"""SELECT array_agg(DISTINCT whom) INTO concerned FROM came JOIN gone USING (id)
    CROSS JOIN LATERAL (VALUES (came.expert_id), (gone.expert_id)) AS either (whom)
    WHERE ({values["came"]}) IS DISTINCT FROM ({values["gone"]})
      AND ({only.replace("state", "came.state")} OR {only.replace("state", "gone.state")})"""
    return (
        function("insert", one.format(rows="came", only=only))
        + trigger("insert", "NEW TABLE AS came")
        + function("update", both)
        + trigger("update", "OLD TABLE AS gone NEW TABLE AS came")
        + function("delete", one.format(rows="gone", only=only))
        + trigger("delete", "OLD TABLE AS gone")
    )


WATCHES = (
    watch("activities_contact", "expert_id state way on", "state = 'done'")
    + watch("experts_rosterentry", "expert_id unit_id place scope since until")
    + watch(PERIOD, "expert_id unit_id since until")
)

# Numbers of coverage: what each row adds to every unit that it counts for, by day and by month.
STEPS = """
    SELECT place, is_alone, label, scope, is_listed, state, day, {sign} * step AS n FROM {rows}
    CROSS JOIN LATERAL (VALUES ('fresh', fresh), ('covered', covered), ('gap', gap)) AS each (state, days)
    CROSS JOIN LATERAL unnest(days) stretch
    CROSS JOIN LATERAL (VALUES (lower(stretch), 1), (upper(stretch), -1)) AS turn (day, step)
    WHERE label < 2 AND day IS NOT NULL"""


def steps(rows: str, sign: int) -> str:
    return STEPS.format(rows=rows, sign=sign)


def add_up(moved: str) -> str:
    return f"""
    INSERT INTO {TALLY} AS kept (unit_id, label, scope, is_listed, state, is_month, day, change)
    SELECT unit.id, label, scope, is_listed, state, is_month,
        CASE WHEN is_month THEN date_trunc('month', day)::date ELSE day END AS on_day, sum(n)
    FROM (SELECT place, is_alone, label, scope, is_listed, state, day, sum(n) AS n FROM ({moved}) moved
          GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0) turned
    JOIN accounts_unit unit ON place BETWEEN unit."order" AND unit.order_end
        AND (NOT is_alone OR place = unit."order")
    CROSS JOIN (VALUES (true), (false)) AS grain (is_month)
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0 ORDER BY 1, 6, 7, 3, 5, 2, 4
    ON CONFLICT (unit_id, is_month, day, scope, state, label, is_listed)
        DO UPDATE SET change = kept.change + excluded.change"""


def count_contacts(moved: str) -> str:
    return f"""
    INSERT INTO {CONTACTS} AS kept (unit_id, label, way, day, number)
    SELECT unit.id, label, way, day, sum(n)
    FROM (SELECT place, label, way, "on" AS day, sum(n) AS n FROM ({moved}) moved
          WHERE state = 'done' AND way <> '' AND label < 2 GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0) turned
    JOIN accounts_unit unit ON place BETWEEN unit."order" AND unit.order_end
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1, 4, 3, 2
    ON CONFLICT (unit_id, day, way, label) DO UPDATE SET number = kept.number + excluded.number"""


def tally(name: str, table: str, act: str, tables: str, statement: str) -> str:
    return f"""
CREATE FUNCTION activities_{name}_{act}() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
BEGIN
    {statement.strip()};
    RETURN NULL;
END
$$;
CREATE TRIGGER activities_{name}_{act} AFTER {act.upper()} ON {table} REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION activities_{name}_{act}();
"""


def lines(rows: str, sign: int) -> str:
    return f'SELECT place, label, state, way, "on", {sign} AS n FROM {rows}'


def tallies(name: str, table: str, count: "type", part: "type") -> str:
    came, gone = part("came", 1), part("gone", -1)
    return (
        tally(name, table, "insert", "NEW TABLE AS came", count(came))
        + tally(
            name, table, "update", "OLD TABLE AS gone NEW TABLE AS came", count(f"{came} UNION ALL {gone}")
        )
        + tally(name, table, "delete", "OLD TABLE AS gone", count(gone))
    )


IN_SIGHT = """label < 2 AND label <= (SELECT accounts_clearance()) AND EXISTS (
    SELECT FROM accounts_unit unit WHERE unit.id = unit_id AND unit."order" <@ (SELECT accounts_reach('view')))"""
TALLIES = (
    tallies("tally", COVERAGE, add_up, steps)
    + tallies("count", "activities_contact", count_contacts, lines)
    + "".join(locks.enable(table) + locks.policy(table, "SELECT", IN_SIGHT) for table in (TALLY, CONTACTS))
)

STRUCTURE = f"""
-- A unit took another place in the tree. The new `place` of rows below it comes by cascade and moves the numbers
-- of the units above from the old line to the new one; those of the units that moved begin from nothing, before
-- it adds to them. Who is on several rosters counts for other units than before.
CREATE FUNCTION activities_units_moved() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    moved bigint[];
    concerned bigint[];
BEGIN
    SELECT array_agg(id) INTO moved FROM after JOIN before USING (id)
    WHERE (before."order", before.order_end) <> (after."order", after.order_end);
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    DELETE FROM {TALLY} WHERE unit_id = ANY (moved);
    DELETE FROM {CONTACTS} WHERE unit_id = ANY (moved);
    SELECT array_agg(DISTINCT expert_id) INTO concerned FROM {COVERAGE} WHERE is_alone AND unit_id = ANY (moved);
    IF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER activities_units_moved AFTER UPDATE ON accounts_unit REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION activities_units_moved();

-- Another frequency, or another rule of what counts: small subtrees at once, large ones in the background.
CREATE FUNCTION activities_setting_changed() RETURNS trigger LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    changed accounts_unitsetting := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    subtree accounts_unit;
    concerned bigint[];
BEGIN
    IF changed.key NOT IN ('key_contact_months', 'general_contact_months', 'officer_contact_counts',
                           'remote_contact_counts', 'symposium_counts') THEN
        RETURN NULL;
    END IF;
    SELECT * INTO subtree FROM accounts_unit WHERE id = changed.unit_id;
    SELECT array_agg(expert_id) INTO concerned FROM (
        SELECT DISTINCT expert_id FROM {COVERAGE}
        WHERE place BETWEEN subtree."order" AND subtree.order_end LIMIT 2001) few;
    IF cardinality(concerned) > 2000 THEN
        INSERT INTO {REFRESH} (low, high, after, requested_at)
        VALUES (subtree."order", subtree.order_end, 0, now());
    ELSIF concerned IS NOT NULL THEN
        PERFORM activities_refresh(concerned);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER activities_setting_changed AFTER INSERT OR UPDATE OR DELETE ON accounts_unitsetting
    FOR EACH ROW EXECUTE FUNCTION activities_setting_changed();

-- For the worker: the next experts of the oldest waiting subtree; answers how many, none when nothing waits.
CREATE FUNCTION activities_work_off(batch integer) RETURNS integer LANGUAGE plpgsql {OWNER} AS $$
DECLARE
    waiting {REFRESH};
    concerned bigint[];
BEGIN
    SELECT * INTO waiting FROM {REFRESH} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF waiting.id IS NULL THEN
        RETURN 0;
    END IF;
    SELECT array_agg(expert_id) INTO concerned FROM (
        SELECT DISTINCT expert_id FROM {COVERAGE}
        WHERE expert_id > waiting.after AND place BETWEEN waiting.low AND waiting.high
        ORDER BY expert_id LIMIT batch) following;
    IF concerned IS NULL THEN
        DELETE FROM {REFRESH} WHERE id = waiting.id;
        RETURN 0;
    END IF;
    PERFORM activities_refresh(concerned);
    UPDATE {REFRESH} SET after = concerned[cardinality(concerned)] WHERE id = waiting.id;
    RETURN cardinality(concerned);
END
$$;
REVOKE ALL ON FUNCTION activities_work_off(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_work_off(integer) TO liaison_worker;
"""

# Whoever is key already is noted as key from the day of this decision.
BEGIN = f"""
INSERT INTO {PERIOD} (expert_id, unit_id, label, unit_order, held, since)
SELECT id, unit_id, label, unit_order, held, (scope_decided_at AT TIME ZONE 'Asia/Shanghai')::date
FROM experts_expert WHERE scope = 'key' AND died_on IS NULL AND label < 3;
DO $$
DECLARE
    batch bigint[];
BEGIN
    FOR batch IN SELECT array_agg(expert_id) FROM (
        SELECT expert_id, row_number() OVER (ORDER BY expert_id) / 2000 AS number
        FROM (SELECT DISTINCT expert_id FROM experts_rosterentry) named) numbered GROUP BY number
    LOOP
        PERFORM activities_refresh(batch);
    END LOOP;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0002_locks")]
    operations = [
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(SETTINGS + REFRESHING + TALLIES, migrations.RunSQL.noop),
        migrations.RunSQL(WATCHES + PERIODS, migrations.RunSQL.noop),
        migrations.RunSQL(STRUCTURE, migrations.RunSQL.noop),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
