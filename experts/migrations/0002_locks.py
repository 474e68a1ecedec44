"""Lock two: row-level security on the expert and everything that hangs on it.

The rule is the one of experts/visibility.py. Children and holders carry copies of `label` and `unit_order`
(composite foreign keys ON UPDATE CASCADE), so that no policy reads the expert, and none can recurse.
"""

from django.db import migrations

TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"


def on_list(key: str, right: str) -> str:
    """Restricted records: only the persons on the need-to-know list."""
    return (
        f"(label = 2 AND {key} IN (SELECT listed.content_object_id FROM experts_needtoknow listed "
        f"WHERE listed.user_id = (SELECT accounts_actor_with('{right}')) AND listed.expires_on >= {TODAY}))"
    )


def cleared(right: str) -> str:
    return (
        "(label < 2 AND label <= (SELECT accounts_clearance()) "
        f"AND unit_order <@ (SELECT accounts_reach('{right}')))"
    )


def shared(key: str, right: str) -> str:
    """Held by a second unit in reach: hull first (an index range), then the exact subtrees."""
    reach = f"(SELECT accounts_reach('{right}'))"
    return (
        f"(label < 2 AND label <= (SELECT accounts_clearance()) AND {key} IN (SELECT holder.expert_id "
        f"FROM experts_holder holder WHERE holder.unit_order BETWEEN (SELECT lower(accounts_reach('{right}'))) "
        f"AND (SELECT upper(accounts_reach('{right}'))) AND holder.unit_order <@ {reach}))"
    )


def readable(key: str, right: str = "view") -> str:
    return f"{cleared(right)} OR {shared(key, right)} OR {on_list(key, right)}"


def writable(key: str) -> str:
    return f"{cleared('change')} OR {on_list(key, 'change')}"


def enable(table: str) -> str:
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\nALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"


def policy(table: str, act: str, condition: str, role: str = "liaison_app") -> str:
    clauses = {
        "SELECT": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({condition})",
        "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
        "DELETE": f"USING ({condition})",
    }
    return f"CREATE POLICY {table}_{act.lower()} ON {table} FOR {act} TO {role} {clauses[act]};\n"


def policies_of_child(table: str, right: str = "view") -> str:
    key = "expert_id"
    writes = "".join(policy(table, act, writable(key)) for act in ("INSERT", "UPDATE", "DELETE"))
    return enable(table) + policy(table, "SELECT", readable(key, right)) + writes


def protect_child(table: str, right: str = "view") -> str:
    """Policies, copy trigger and composite key of a table whose rows hang on an expert."""
    return (
        policies_of_child(table, right)
        + f"""
CREATE TRIGGER {table}_copy BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.label IS NULL)
    EXECUTE FUNCTION experts_copy_lock();
ALTER TABLE {table} ADD CONSTRAINT {table}_lock FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE;
"""
    )


PREPARE = """
-- An expert carries its unit's number, and follows when the unit is renumbered.
CREATE FUNCTION experts_copy_unit() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT "order" INTO NEW.unit_order FROM accounts_unit WHERE id = NEW.unit_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_expert_unit BEFORE INSERT OR UPDATE OF unit_id ON experts_expert
    FOR EACH ROW EXECUTE FUNCTION experts_copy_unit();
CREATE TRIGGER experts_holder_unit BEFORE INSERT OR UPDATE OF unit_id ON experts_holder
    FOR EACH ROW EXECUTE FUNCTION experts_copy_unit();
ALTER TABLE experts_expert ADD CONSTRAINT expert_unit_order FOREIGN KEY (unit_id, unit_order)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
ALTER TABLE experts_holder ADD CONSTRAINT holder_unit_order FOREIGN KEY (unit_id, unit_order)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
ALTER TABLE experts_expert ADD CONSTRAINT expert_lock_key UNIQUE (id, label, unit_order);
ALTER TABLE experts_expert ADD CONSTRAINT expert_label_pair UNIQUE (id, label);
ALTER TABLE experts_holder ADD CONSTRAINT experts_holder_lock FOREIGN KEY (expert_id, label)
    REFERENCES experts_expert (id, label) ON UPDATE CASCADE ON DELETE CASCADE;

-- Runs as the writer: a hidden expert is not found, the copies stay null, and the insert fails exactly as
-- it does for an expert that does not exist.
CREATE FUNCTION experts_copy_lock() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT label, unit_order INTO NEW.label, NEW.unit_order FROM experts_expert WHERE id = NEW.expert_id;
    RETURN NEW;
END
$$;
CREATE FUNCTION experts_copy_label() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT label INTO NEW.label FROM experts_expert WHERE id = NEW.expert_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER experts_holder_copy BEFORE INSERT ON experts_holder FOR EACH ROW WHEN (NEW.label IS NULL)
    EXECUTE FUNCTION experts_copy_label();
"""

EXPERT = (
    enable("experts_expert")
    + policy("experts_expert", "SELECT", readable("id"))
    + policy("experts_expert", "INSERT", cleared("change"))
    + policy("experts_expert", "UPDATE", writable("id"))
)
# The list of holders shows through the viewer's own reach and never asks the expert.
HOLDER = (
    enable("experts_holder")
    + policy("experts_holder", "SELECT", f"{cleared('view')} OR {on_list('expert_id', 'view')}")
    + policy("experts_holder", "INSERT", f"{cleared('change')} OR {on_list('expert_id', 'change')}")
    + policy("experts_holder", "DELETE", f"{cleared('change')} OR {on_list('expert_id', 'change')}")
)
# Each person sees their own grants; the security administrator sees all of them, without the records.
NEED_TO_KNOW = enable("experts_needtoknow") + policy(
    "experts_needtoknow",
    "SELECT",
    "user_id = (SELECT core_actor()) OR (SELECT accounts_actor_as('security_admin')) IS NOT NULL",
)
SAVED_FILTER = enable("experts_savedfilter") + "".join(
    policy("experts_savedfilter", act, "user_id = (SELECT core_actor())")
    for act in ("SELECT", "INSERT", "UPDATE", "DELETE")
)
CHILDREN = protect_child("experts_award") + protect_child("experts_sensitivevalue", right="sensitive")

# Twenty tokens an expert: a foreign key checked row by row would cost an import of 100,000 experts more than
# everything else together. The same is held set by set (docs/adr/0003-search-tokens.md).
TOKENS = (
    policies_of_child("experts_searchtoken")
    + """
-- The planner knows nothing of a transition table. Written this way every expert is looked up once, by key,
-- also when the tables were never analysed.
CREATE FUNCTION experts_check_tokens() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT expert_id, label, unit_order FROM added) claimed
        LEFT JOIN LATERAL (
            SELECT label, unit_order FROM experts_expert WHERE id = claimed.expert_id OFFSET 0) expert ON true
        WHERE (expert.label, expert.unit_order) IS DISTINCT FROM (claimed.label, claimed.unit_order)
    ) THEN
        RAISE EXCEPTION 'a search token must hang on an expert and carry its label and unit'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_searchtoken_insert AFTER INSERT ON experts_searchtoken
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION experts_check_tokens();
CREATE TRIGGER experts_searchtoken_update AFTER UPDATE ON experts_searchtoken
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION experts_check_tokens();
CREATE TRIGGER experts_searchtoken_copy BEFORE INSERT ON experts_searchtoken FOR EACH ROW
    WHEN (NEW.label IS NULL) EXECUTE FUNCTION experts_copy_lock();

-- Runs as owner: tokens follow their expert even when its label leaves the writer's sight.
CREATE FUNCTION experts_move_tokens() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    UPDATE experts_searchtoken token SET label = after.label, unit_order = after.unit_order
    FROM after JOIN before ON before.id = after.id
    WHERE token.expert_id = after.id
      AND (before.label, before.unit_order) IS DISTINCT FROM (after.label, after.unit_order);
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_expert_tokens AFTER UPDATE ON experts_expert
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_move_tokens();
CREATE FUNCTION experts_drop_tokens() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM experts_searchtoken token USING before WHERE token.expert_id = before.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_expert_drop_tokens AFTER DELETE ON experts_expert
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION experts_drop_tokens();
"""
)


class Migration(migrations.Migration):
    dependencies = [("experts", "0001_initial"), ("accounts", "0002_locks")]
    operations = [
        migrations.RunSQL(PREPARE, migrations.RunSQL.noop),
        migrations.RunSQL(EXPERT + HOLDER + NEED_TO_KNOW + SAVED_FILTER, migrations.RunSQL.noop),
        migrations.RunSQL(CHILDREN + TOKENS, migrations.RunSQL.noop),
    ]
