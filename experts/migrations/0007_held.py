"""Experts held by a second unit are found by what their own row says.

`held` is the set of the holders' pre-order numbers, and the rows that hang on an expert carry a copy, as they
do of label and unit. A policy that looked the holders up had to gather every expert shared into the reader's
reach before it showed the first row (docs/adr/0010-sharing-across-units.md).
"""

from importlib import import_module

from django.db import migrations, models

import core.fields

locks = import_module("experts.migrations.0002_locks")

CHILDREN = ("experts_award", "experts_sensitivevalue", "experts_restrictionrequest", "experts_searchtoken")
TABLES = {"experts_expert": ("id", "view")} | {
    table: ("expert_id", "sensitive" if table == "experts_sensitivevalue" else "view") for table in CHILDREN
}


def readable(key: str, right: str) -> str:
    held = f"held && (SELECT accounts_reach('{right}'))"
    return (
        f"(label < 2 AND label <= (SELECT accounts_clearance())"
        f" AND (unit_order <@ (SELECT accounts_reach('{right}')) OR {held})) OR {locks.on_list(key, right)}"
    )


POLICIES = "\n".join(
    f"ALTER POLICY {table}_select ON {table} USING ({readable(key, right)});"
    for table, (key, right) in TABLES.items()
)


def gather(act: str, rows: str) -> str:
    return f"""
CREATE TRIGGER experts_holder_{act} AFTER {act.upper()} ON experts_holder REFERENCING {rows} TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_gather_holders();
"""


COPIES = "".join(
    f"""
        UPDATE {table} child SET held = after.held FROM after JOIN before ON before.id = after.id
        WHERE child.expert_id = after.id AND before.held IS DISTINCT FROM after.held;"""
    for table in CHILDREN
    if table != "experts_searchtoken"
)
FORWARD = f"""
-- A holder carries the name's key, so that a list of shared experts starts in order.
CREATE OR REPLACE FUNCTION experts_copy_label() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT label, sort_key INTO NEW.label, NEW.sort_key FROM experts_expert WHERE id = NEW.expert_id;
    RETURN NEW;
END
$$;
-- Always, whatever the row says: a holder gives sight, so with a label of the writer's own choice it would show
-- a record that the writer does not see.
DROP TRIGGER experts_holder_copy ON experts_holder;
CREATE TRIGGER experts_holder_copy BEFORE INSERT ON experts_holder FOR EACH ROW
    EXECUTE FUNCTION experts_copy_label();
CREATE OR REPLACE FUNCTION experts_copy_lock() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT label, unit_order, held INTO NEW.label, NEW.unit_order, NEW.held
    FROM experts_expert WHERE id = NEW.expert_id;
    RETURN NEW;
END
$$;

-- Runs as owner: whoever adds or removes a holder need not be the one who may change the expert.
CREATE FUNCTION experts_gather_holders() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    UPDATE experts_expert expert SET held = found.held FROM (
        SELECT expert_id, (SELECT range_agg(int8range(unit_order, unit_order, '[]')) FROM experts_holder holder
                           WHERE holder.expert_id = named.expert_id) AS held
        FROM (SELECT DISTINCT expert_id FROM touched) named) found
    WHERE expert.id = found.expert_id AND expert.held IS DISTINCT FROM found.held;
    RETURN NULL;
END
$$;
{gather("insert", "NEW")}{gather("update", "NEW")}{gather("delete", "OLD")}

CREATE OR REPLACE FUNCTION experts_check_tokens() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT expert_id, label, unit_order, held FROM added) claimed
        LEFT JOIN LATERAL (
            SELECT label, unit_order, held FROM experts_expert WHERE id = claimed.expert_id OFFSET 0) expert ON true
        WHERE (expert.label, expert.unit_order, expert.held)
            IS DISTINCT FROM (claimed.label, claimed.unit_order, claimed.held)
    ) THEN
        RAISE EXCEPTION 'a search token must hang on an expert and carry its label and unit'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
-- Runs as owner: what hangs on an expert follows it, even out of the writer's sight.
CREATE OR REPLACE FUNCTION experts_move_tokens() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    UPDATE experts_searchtoken token SET label = after.label, unit_order = after.unit_order, held = after.held
    FROM after JOIN before ON before.id = after.id
    WHERE token.expert_id = after.id
      AND (before.label, before.unit_order, before.held)
          IS DISTINCT FROM (after.label, after.unit_order, after.held);
    IF EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.held IS DISTINCT FROM after.held) THEN{COPIES}
    END IF;
    IF EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.sort_key <> after.sort_key) THEN
        UPDATE experts_holder holder SET sort_key = after.sort_key FROM after JOIN before ON before.id = after.id
        WHERE holder.expert_id = after.id AND before.sort_key <> after.sort_key;
    END IF;
    RETURN NULL;
END
$$;
"""
UPDATE_NAMES = """
UPDATE experts_holder SET sort_key = expert.sort_key FROM experts_expert expert WHERE expert.id = expert_id;
"""
# Touching every holder gathers them all; by then the triggers stand.
GATHER_ALL = "UPDATE experts_holder SET unit_order = unit_order;"


def held(model: str) -> migrations.AddField:
    return migrations.AddField(
        model, "held", core.fields.NumberSetField(default=None, editable=False, null=True)
    )


class Migration(migrations.Migration):
    dependencies = [("experts", "0006_restriction")]
    operations = [
        *map(held, ("expert", "award", "sensitivevalue", "restrictionrequest", "searchtoken")),
        migrations.AddField(
            "holder",
            "sort_key",
            models.CharField(db_collation="C", default="", editable=False, max_length=200),
        ),
        migrations.AlterField(
            "holder",
            "sort_key",
            models.CharField(db_collation="C", default=None, editable=False, max_length=200),
        ),
        migrations.RunSQL(UPDATE_NAMES, migrations.RunSQL.noop),
        migrations.RunSQL(FORWARD + POLICIES, migrations.RunSQL.noop),
        migrations.RunSQL(GATHER_ALL, migrations.RunSQL.noop),
        # Lists never ask for a label alone, and PostgreSQL took the index for rows that a key would have found.
        migrations.RemoveIndex("expert", "expert_labelled"),
        migrations.AddIndex(
            "holder",
            models.Index(fields=["sort_key"], name="holder_by_name"),
        ),
    ]
