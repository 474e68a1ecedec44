"""Proposals of tens of thousands of lines.

Which proposals the actor may write is found once for a statement, not once for each line. And a unit that sees
an expert anyhow, because the expert is managed below it, is no holder: `held` is for those who would see nothing
without it. What the roster of a unit gives must not be lost when the expert leaves its subtree, so that whoever
moves out of it is held from that moment on, however the record or the unit was moved
(docs/adr/0010-sharing-across-units.md).
"""

from importlib import import_module

from django.db import migrations

linear = import_module("experts.migrations.0016_linear_triggers")
locks = import_module("experts.migrations.0002_locks")
merged = import_module("experts.migrations.0019_merged_whole")
roster = import_module("experts.migrations.0008_roster")
PATH = "SET search_path = pg_catalog, public, pg_temp"

WRITTEN = f"""
-- Runs as owner, as what it stands for did: asked by the policy of the lines, which that of the proposal asks.
CREATE OR REPLACE FUNCTION experts_written_now() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED {PATH}
AS $$
    SELECT id FROM experts_proposal
    WHERE state IN ('draft', 'returned') AND place <@ (SELECT accounts_reach('change'))
$$;
REVOKE ALL ON FUNCTION experts_written_now() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_written_now() TO liaison_app;
"""
CONDITION = f"{roster.SEEN} AND proposal_id IN (SELECT experts_written_now())"
POLICIES = f"""
ALTER POLICY experts_proposalline_insert ON experts_proposalline WITH CHECK ({CONDITION});
ALTER POLICY experts_proposalline_update ON experts_proposalline USING ({CONDITION}) WITH CHECK ({CONDITION});
ALTER POLICY experts_proposalline_delete ON experts_proposalline USING ({CONDITION});
DROP FUNCTION IF EXISTS experts_being_written(bigint);
"""
HOLDING = f"""
-- Makes holders of the units whose roster has these experts now and whose subtree does not. The root's people
-- see everybody.
CREATE OR REPLACE FUNCTION experts_hold(people bigint[]) RETURNS void LANGUAGE sql VOLATILE {PATH}
AS $$
    INSERT INTO experts_holder (expert_id, unit_id)
    SELECT expert.id, unit.id FROM experts_expert expert
    JOIN experts_rosterentry entry ON entry.expert_id = expert.id AND entry.until IS NULL
    JOIN accounts_unit unit ON unit.id = entry.unit_id
    WHERE expert.id = ANY (people) AND expert.label < 3 AND unit.parent_id IS NOT NULL
      AND expert.unit_order NOT BETWEEN unit."order" AND unit.order_end
    ON CONFLICT (expert_id, unit_id) DO NOTHING
$$;
REVOKE ALL ON FUNCTION experts_hold(bigint[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION experts_hold_moved() RETURNS trigger {linear.HEAD} AS $$
DECLARE
    moved bigint[];
BEGIN
    SELECT array_agg(id) INTO moved FROM ({linear.changed("unit_order")}) differing;
    IF moved IS NOT NULL THEN
        PERFORM experts_hold(moved);
    END IF;
    RETURN NULL;
END
$$;
-- Named to come last: what the others copy from the statement must not undo what this one adds to `held`.
CREATE OR REPLACE TRIGGER zz_experts_hold AFTER UPDATE ON experts_expert REFERENCING OLD TABLE AS before
    NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_hold_moved();
"""
# Of two records made one, the units whose rosters have the one that goes hold the one that stays.
OF_THE_GONE = "SELECT unit_id AS unit FROM experts_holder WHERE expert_id = gone.id UNION SELECT gone.unit_id"
ON_ROSTERS = f"""{OF_THE_GONE}
            UNION SELECT entry.unit_id FROM experts_rosterentry entry JOIN accounts_unit its ON its.id = entry.unit_id
            WHERE entry.expert_id = gone.id AND entry.until IS NULL AND its.parent_id IS NOT NULL
              AND stay.unit_order NOT BETWEEN its."order" AND its.order_end"""
MERGE, _, _ = merged.ACTS.partition("-- Answers 'changed <table>'")
MERGING = MERGE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(OF_THE_GONE, ON_ROSTERS)
assert MERGING.count(ON_ROSTERS) == 1


class Migration(migrations.Migration):
    dependencies = [("experts", "0021_takeover")]
    # Backwards all stays: what came before works with it.
    operations = [migrations.RunSQL(WRITTEN + POLICIES + HOLDING + MERGING, migrations.RunSQL.noop)]
