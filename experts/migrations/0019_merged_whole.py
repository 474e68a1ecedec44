"""What a merge carries along, in full (docs/adr/0012-merging.md): the history of the record that goes, and the
days that it was on rosters. A merge of one who has died with one who has not is refused."""

from importlib import import_module

from django.db import migrations, models

identity = import_module("experts.migrations.0010_identity")

PARTS = """
-- Rows of the record that goes ($6) which the survivor ($1) has already: they stay where they are, out of sight,
-- and come back with an undo. `child` is the row.
CREATE FUNCTION experts_stays_behind(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE name
        WHEN 'experts_award' THEN 'EXISTS (SELECT FROM experts_award kept WHERE kept.expert_id = $1
            AND kept.honour_id = child.honour_id AND kept.text = child.text)'
        WHEN 'experts_death' THEN 'child.corrected_at IS NULL AND EXISTS (SELECT FROM experts_death kept
            WHERE kept.expert_id = $1 AND kept.corrected_at IS NULL)'
        WHEN 'experts_proposalline' THEN 'EXISTS (SELECT FROM experts_proposalline kept
            JOIN experts_proposal decided ON decided.id = kept.proposal_id
            WHERE kept.expert_id = $1 AND kept.proposal_id = child.proposal_id
            AND decided.state IN (''approved'', ''withdrawn''))'
        WHEN 'experts_rosterentry' THEN 'EXISTS (SELECT FROM experts_rosterentry kept WHERE kept.expert_id = $1
            AND kept.unit_id = child.unit_id
            AND daterange(kept.since, kept.until) && daterange(child.since, child.until))'
        ELSE 'false' END
$$;

-- Of entries that stayed behind, the days on which the survivor was not on that roster become entries of its
-- own, so that the list of any day still has the person: each opened by the proposal that opened the entry,
-- closed by whichever ended it, or opened what follows. Answers the new rows.
CREATE FUNCTION experts_fill_periods(stay bigint, gone bigint) RETURNS jsonb
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH put AS (
        INSERT INTO experts_rosterentry
            (uuid, expert_id, unit_id, scope, category, basis, since, until, opened_by_id, closed_by_id)
        SELECT gen_random_uuid(), stay, behind.unit_id, behind.scope, behind.category, behind.basis, lower(part),
            upper(part), behind.opened_by_id,
            CASE WHEN upper(part) IS NOT DISTINCT FROM behind.until THEN behind.closed_by_id ELSE (
                SELECT kept.opened_by_id FROM experts_rosterentry kept WHERE kept.expert_id = stay
                AND kept.unit_id = behind.unit_id AND kept.since = upper(part)) END
        FROM experts_rosterentry behind, unnest(
            datemultirange(daterange(behind.since, behind.until)) - (
                SELECT range_agg(daterange(kept.since, kept.until)) FROM experts_rosterentry kept
                WHERE kept.expert_id = stay AND kept.unit_id = behind.unit_id)) part
        WHERE behind.expert_id = gone
        RETURNING *)
    SELECT coalesce(jsonb_object_agg(id, experts_row_mark(to_jsonb(put))), '{}') FROM put
$$;
"""

ACTS = """
CREATE FUNCTION experts_merge_records(
    act uuid, stays uuid, goes uuid, new_values jsonb, snapshot bytea, key text, aside text, until timestamptz)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := core_actor();
    stay experts_expert;
    gone experts_expert;
    child record;
    lines jsonb;
    moved jsonb := '{}';
BEGIN
    PERFORM FROM experts_expert WHERE uuid IN (stays, goes) ORDER BY id FOR UPDATE;
    SELECT * INTO stay FROM experts_expert WHERE uuid = stays;
    SELECT * INTO gone FROM experts_expert WHERE uuid = goes;
    IF actor IS NULL OR stay.id IS NULL OR gone.id IS NULL OR stay.id = gone.id
       OR experts_actor_reaches(stay.id, stay.label, stay.unit_order, 'change') IS NOT TRUE
       OR experts_actor_reaches(gone.id, gone.label, gone.unit_order, 'change') IS NOT TRUE THEN
        RETURN 'unknown';
    ELSIF gone.label > stay.label THEN
        RETURN 'label';
    ELSIF (stay.died_on IS NULL) <> (gone.died_on IS NULL) THEN
        RETURN 'death';
    ELSIF EXISTS (SELECT FROM experts_restrictionrequest
                  WHERE expert_id IN (stay.id, gone.id) AND state = 'pending') THEN
        RETURN 'pending';
    END IF;

    WITH put AS (
        INSERT INTO experts_holder (expert_id, unit_id)
        SELECT stay.id, unit FROM (
            SELECT unit_id AS unit FROM experts_holder WHERE expert_id = gone.id UNION SELECT gone.unit_id) units
        WHERE unit <> stay.unit_id
          AND NOT EXISTS (SELECT FROM experts_holder WHERE expert_id = stay.id AND unit_id = unit)
        RETURNING id)
    SELECT coalesce(jsonb_object_agg(id, ''), '{}') INTO lines FROM put;
    moved := moved || jsonb_build_object('experts_holder', lines);
    SELECT * INTO stay FROM experts_expert WHERE uuid = stays;
    FOR child IN SELECT * FROM experts_moving_tables() LOOP
        BEGIN
            EXECUTE format(
                'WITH put AS (UPDATE %s child SET expert_id = $1, label = $2, unit_order = $3, held = $4%s
                     WHERE expert_id = $6 AND NOT (%s) RETURNING child.*)
                 SELECT coalesce(jsonb_object_agg(id, experts_row_mark(to_jsonb(put))), ''{}'') FROM put',
                child.name, CASE WHEN child.has_key THEN ', sort_key = $5' ELSE '' END,
                experts_stays_behind(child.name))
            INTO lines USING stay.id, stay.label, stay.unit_order, stay.held, stay.sort_key, gone.id;
        EXCEPTION WHEN insufficient_privilege THEN
            lines := '{}';  -- an append-only history stays where it was written
        END;
        moved := moved || CASE WHEN lines = '{}' THEN '{}' ELSE jsonb_build_object(child.name, lines) END;
    END LOOP;
    moved := moved || jsonb_build_object(
        'made', experts_fill_periods(stay.id, gone.id),
        'experts_sensitivevalue', experts_put_values(stay.id, new_values),
        'experts_historyevent', to_jsonb(experts_move_history(gone.id, stay.id)));

    UPDATE experts_expert SET label = 3, version = version + 1, updated_at = now(), updated_by_id = actor
    WHERE id = gone.id;
    INSERT INTO experts_merge (uuid, expert_id, into_id, gone_id, gone_uuid, gone_number, gone_label, moved,
        sealed, key_id, photo_aside, merged_by_id, merged_at, expires_at)
    VALUES (act, stay.id, stay.id, gone.id, gone.uuid, gone.record_number, gone.label, moved,
        snapshot, key, aside, actor, now(), least(until, now() + interval '30 days'));
    RETURN 'done';
END
$$;

-- Answers 'changed <table>' when something that moved is no longer as it was.
CREATE OR REPLACE FUNCTION experts_undo_merge(act uuid, old_values jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := core_actor();
    done experts_merge;
    stay experts_expert;
    gone experts_expert;
    child record;
    touched bigint;
BEGIN
    SELECT * INTO done FROM experts_merge WHERE uuid = act;
    PERFORM FROM experts_expert WHERE id IN (done.expert_id, done.gone_id) ORDER BY id FOR UPDATE;
    SELECT * INTO done FROM experts_merge WHERE uuid = act FOR UPDATE;
    SELECT * INTO stay FROM experts_expert WHERE id = done.expert_id;
    SELECT * INTO gone FROM experts_expert WHERE id = done.gone_id;
    IF actor IS NULL OR done.id IS NULL
       OR experts_actor_reaches(stay.id, stay.label, stay.unit_order, 'change') IS NOT TRUE
       OR experts_actor_reaches(gone.id, done.gone_label, gone.unit_order, 'change') IS NOT TRUE THEN
        RETURN 'unknown';
    ELSIF done.undone_at IS NOT NULL OR done.expires_at <= now() THEN
        RETURN 'over';
    ELSIF done.expert_id <> done.into_id THEN
        RETURN 'later';
    END IF;
    FOR child IN SELECT CASE key WHEN 'made' THEN 'experts_rosterentry' ELSE key END AS name, value AS lines
                 FROM jsonb_each(done.moved)
                 WHERE key NOT IN ('experts_holder', 'experts_merge', 'experts_historyevent') LOOP
        EXECUTE format(
            'SELECT count(*) FROM jsonb_each_text($1) was LEFT JOIN %s child
                 ON child.id = was.key::bigint AND child.expert_id = $2
             WHERE was.value IS DISTINCT FROM experts_row_mark(to_jsonb(child))', child.name)
        INTO touched USING child.lines, stay.id;
        IF touched > 0 THEN
            RETURN 'changed ' || child.name;
        END IF;
    END LOOP;

    DELETE FROM experts_holder WHERE expert_id = stay.id
        AND id IN (SELECT key::bigint FROM jsonb_each(done.moved -> 'experts_holder'));
    DELETE FROM experts_sensitivevalue WHERE expert_id = stay.id
        AND id IN (SELECT key::bigint FROM jsonb_each(done.moved -> 'experts_sensitivevalue'));
    DELETE FROM experts_rosterentry WHERE expert_id = stay.id
        AND id IN (SELECT key::bigint FROM jsonb_each(done.moved -> 'made'));
    FOR child IN SELECT tables.name, tables.has_key, done.moved -> tables.name AS lines
                 FROM experts_moving_tables() tables WHERE done.moved ? tables.name LOOP
        EXECUTE format(
            'UPDATE %s SET expert_id = $1, label = $2, unit_order = $3, held = $4%s
             WHERE expert_id = $6 AND id IN (SELECT key::bigint FROM jsonb_each($7))',
            child.name, CASE WHEN child.has_key THEN ', sort_key = $5' ELSE '' END)
        USING gone.id, gone.label, gone.unit_order, gone.held, gone.sort_key, stay.id, child.lines;
    END LOOP;
    PERFORM experts_put_values(stay.id, old_values);
    UPDATE experts_expert SET label = done.gone_label, version = version + 1, updated_at = now(),
        updated_by_id = actor WHERE id = gone.id;
    PERFORM experts_move_history(stay.id, gone.id, ARRAY(
        SELECT id::bigint FROM jsonb_array_elements_text(done.moved -> 'experts_historyevent') id));
    UPDATE experts_merge SET undone_by_id = actor, undone_at = now(), sealed = '', key_id = '', photo_aside = ''
    WHERE id = done.id;
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION experts_stays_behind(text), experts_fill_periods(bigint, bigint),
    experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, text, timestamptz)
    TO liaison_app;
"""
FORWARD = f"""
DROP FUNCTION experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, timestamptz);
{PARTS}{ACTS}
"""
# Both acts as 0010 made them: `ACTS` there begins with a function that stays.
OLD_ACTS = identity.ACTS.partition("CREATE FUNCTION experts_merge_records")
BACKWARD = f"""
DROP FUNCTION experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, text, timestamptz);
DROP FUNCTION experts_undo_merge(uuid, jsonb);
DROP FUNCTION experts_fill_periods(bigint, bigint);
DROP FUNCTION experts_stays_behind(text);
{OLD_ACTS[1]}{OLD_ACTS[2]}
"""
ORIGINS = [
    ("edit", "编辑"),
    ("import", "名册导入"),
    ("change", "信息变动"),
    ("merge", "合并档案"),
    ("unmerge", "撤销合并"),
    ("recompute", "重新认定"),
    ("restore", "恢复原值"),
]


class Migration(migrations.Migration):
    dependencies = [("experts", "0018_movements")]
    operations = [
        migrations.AddField(
            "merge", "photo_aside", models.CharField(default="", editable=False, max_length=100)
        ),
        migrations.AlterField(
            "historyevent",
            "origin",
            models.CharField(choices=ORIGINS, max_length=40, verbose_name="来自"),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
