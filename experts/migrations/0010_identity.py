"""Possible duplicates and merging (docs/adr/0012-merging.md).

A merged record keeps its row under label 3, which no policy names: neither lock shows it or what hangs on it.
Pairs, merges and undoing are written by named functions that run as owner, because each may touch a record out
of the writer's sight or end that sight. They check the actor, the right to change both, and the labels.
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import core.fields

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
PAIR, MERGE = "experts_duplicatepair", "experts_merge"

SEES_OTHER = "EXISTS (SELECT FROM experts_expert other WHERE other.id = other_id)"
CHANGES_OTHER = (
    f"EXISTS (SELECT FROM experts_expert other WHERE other.id = other_id AND ({locks.writable('other.id')}))"
)
# Equal ID numbers are told only to those who may read such numbers.
TOLD = "(reasons <> '{id_number}'::varchar[] OR (SELECT accounts_actor_with('sensitive')) IS NOT NULL)"
SEEN = f"({held.readable('expert_id', 'view')}) AND {SEES_OTHER} AND {TOLD}"


def hang(table: str) -> str:
    """Copy trigger and composite key of a table whose rows hang on an expert."""
    return f"""
CREATE TRIGGER {table}_copy BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.label IS NULL)
    EXECUTE FUNCTION experts_copy_lock();
ALTER TABLE {table} ADD CONSTRAINT {table}_lock FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE;
"""


LOCKS = (
    locks.enable(PAIR)
    + locks.enable(MERGE)
    + locks.policy(PAIR, "SELECT", SEEN)
    + f"""
CREATE POLICY {PAIR}_update ON {PAIR} FOR UPDATE TO liaison_app
    USING ({SEEN} AND (({locks.writable("expert_id")}) OR {CHANGES_OTHER}))
    WITH CHECK (dismissed_by_id = (SELECT core_actor()) AND {SEEN});
"""
    + locks.policy(MERGE, "SELECT", held.readable("expert_id", "view"))
    + hang(PAIR)
    + hang(MERGE)
    + f"""
ALTER TABLE {PAIR} ADD CONSTRAINT {PAIR}_other FOREIGN KEY (other_id) REFERENCES experts_expert (id)
    ON DELETE CASCADE;
-- Once a day the worker forgets what undoing needed, when the time for it has passed.
CREATE POLICY {MERGE}_worker_select ON {MERGE} FOR SELECT TO liaison_worker USING (expires_at < now());
CREATE POLICY {MERGE}_worker_update ON {MERGE} FOR UPDATE TO liaison_worker
    USING (expires_at < now()) WITH CHECK (expires_at < now() AND key_id = '');
-- Whoever sees a record reads the trail of those that were merged into it.
CREATE POLICY audit_event_of_merged ON audit_event FOR SELECT TO liaison_app USING (
    kind = 'expert' AND EXISTS (SELECT FROM {MERGE} merged
        WHERE merged.gone_number = audit_event.reference AND merged.undone_at IS NULL));

CREATE FUNCTION experts_move_identity() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT FROM after JOIN before USING (id) WHERE before.held IS DISTINCT FROM after.held) THEN
        UPDATE {PAIR} child SET held = after.held FROM after JOIN before ON before.id = after.id
        WHERE child.expert_id = after.id AND before.held IS DISTINCT FROM after.held;
        UPDATE {MERGE} child SET held = after.held FROM after JOIN before ON before.id = after.id
        WHERE child.expert_id = after.id AND before.held IS DISTINCT FROM after.held;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_expert_identity AFTER UPDATE ON experts_expert
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION experts_move_identity();

-- Label 3, like label 2, is set and taken away by named functions only.
DROP TRIGGER experts_expert_label ON experts_expert;
CREATE TRIGGER experts_expert_label BEFORE UPDATE OF label ON experts_expert FOR EACH ROW
    WHEN (OLD.label <> NEW.label AND (OLD.label >= 2 OR NEW.label >= 2)) EXECUTE FUNCTION experts_guard_label();
"""
)

PAIRS = """
CREATE FUNCTION experts_pair_mark(one bigint, two bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT md5(string_agg(concat_ws('|', name, birth, employer, (
        SELECT encode(blind_index, 'hex') FROM experts_sensitivevalue
        WHERE expert_id = expert.id AND field = 'id_number')), '||' ORDER BY id))
    FROM experts_expert expert WHERE id IN (one, two)
$$;

-- Compares these records with every other, seen or not, and keeps the pairs. It answers nothing, and does the
-- same whoever calls it. A pair that somebody dismissed stays so until what was compared has changed.
CREATE FUNCTION experts_note_pairs(wanted bigint[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off
AS $$
    WITH one AS MATERIALIZED (
        SELECT expert.id, name, birth, employer, split_part(sort_key, '|', 1) || '|' AS reading_from,
            split_part(sort_key, '|', 1) || '}' AS reading_to, date_trunc('month', birth)::date AS month_from,
            (date_trunc('month', birth) + interval '1 month')::date AS month_to, number.blind_index
        FROM experts_expert expert LEFT JOIN experts_sensitivevalue number
            ON number.expert_id = expert.id AND number.field = 'id_number'
        WHERE expert.id = ANY (wanted) AND expert.label < 3),
    hit AS (
        SELECT one.id AS one, two.expert_id AS two, 'id_number' AS reason
        FROM one JOIN experts_sensitivevalue two ON two.blind_index = one.blind_index
        WHERE two.field = 'id_number' AND two.label < 3
        UNION ALL
        SELECT one.id, two.id, 'name_birth' FROM one JOIN experts_expert two
            ON two.name = one.name AND two.birth >= one.month_from AND two.birth < one.month_to
        WHERE two.label < 3
        UNION ALL
        SELECT one.id, two.id, 'reading' FROM one JOIN experts_expert two
            ON two.sort_key >= one.reading_from AND two.sort_key < one.reading_to
            AND two.birth >= one.month_from AND two.birth < one.month_to AND two.employer = one.employer
        WHERE two.label < 3 AND one.employer <> ''),
    found AS MATERIALIZED (
        SELECT least(one, two) AS low, greatest(one, two) AS high, array_agg(DISTINCT reason) AS reasons
        FROM hit WHERE one <> two AND NOT EXISTS (
            SELECT FROM experts_sensitivevalue mine JOIN experts_sensitivevalue theirs
                ON theirs.expert_id = two AND theirs.field = 'id_number'
            WHERE mine.expert_id = one AND mine.field = 'id_number' AND mine.blind_index <> theirs.blind_index)
        GROUP BY 1, 2),
    kept AS (
        INSERT INTO experts_duplicatepair AS pair (uuid, expert_id, other_id, reasons, mark, found_at)
        SELECT gen_random_uuid(), low, high, reasons, experts_pair_mark(low, high), now() FROM found
        ON CONFLICT (expert_id, other_id) DO UPDATE SET reasons = EXCLUDED.reasons, mark = EXCLUDED.mark,
            found_at = EXCLUDED.found_at, dismissed_by_id = NULL, dismissed_at = NULL
        WHERE pair.mark <> EXCLUDED.mark)
    DELETE FROM experts_duplicatepair pair
    WHERE (expert_id = ANY (wanted) OR other_id = ANY (wanted))
      AND NOT EXISTS (SELECT FROM found WHERE low = pair.expert_id AND high = pair.other_id)
      AND NOT EXISTS (SELECT FROM experts_expert WHERE id IN (pair.expert_id, pair.other_id) AND label = 3)
$$;

-- For the worker: whatever was entered, imported or changed since then.
CREATE FUNCTION experts_note_recent_pairs(since timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    batch bigint[];
    total bigint := 0;
BEGIN
    FOR batch IN
        SELECT array_agg(id) FROM (
            SELECT id, row_number() OVER (ORDER BY id) / 1000 AS number FROM experts_expert
            WHERE updated_at >= since AND label < 3) recent
        GROUP BY number
    LOOP
        PERFORM experts_note_pairs(batch);
        total := total + cardinality(batch);
    END LOOP;
    RETURN total;
END
$$;
REVOKE ALL ON FUNCTION experts_pair_mark(bigint, bigint), experts_note_pairs(bigint[]),
    experts_note_recent_pairs(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_note_pairs(bigint[]) TO liaison_app;
GRANT EXECUTE ON FUNCTION experts_note_recent_pairs(timestamptz) TO liaison_worker;
"""

PARTS = """
-- Whether a row was touched: all of it but copies of the lock and what a change of keys replaces.
CREATE FUNCTION experts_row_mark(line jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT md5((line - '{label,unit_order,held,sort_key,ciphertext,key_id,stored_as,stored_key}'::text[])::text)
$$;

-- Tables whose rows move with a merge: everything that hangs on an expert, but what is made anew.
CREATE FUNCTION experts_moving_tables() RETURNS TABLE (name text, has_key boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT lock.conrelid::regclass::text, EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = lock.conrelid AND attname = 'sort_key' AND NOT attisdropped)
    FROM pg_constraint lock
    WHERE lock.contype = 'f' AND lock.confrelid = 'experts_expert'::regclass
      AND lock.conname = lock.conrelid::regclass::text || '_lock'
      AND lock.conrelid::regclass::text NOT IN (
        'experts_holder', 'experts_searchtoken', 'experts_sensitivevalue', 'experts_duplicatepair')
    ORDER BY 1
$$;

-- Replaces sensitive values of a record; one without a ciphertext is only taken away. Answers the new rows.
CREATE FUNCTION experts_put_values(expert bigint, given jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    lines jsonb;
BEGIN
    DELETE FROM experts_sensitivevalue value USING jsonb_to_recordset(given) AS put (field text)
    WHERE value.expert_id = expert AND value.field = put.field;
    WITH put AS (
        INSERT INTO experts_sensitivevalue (expert_id, field, ciphertext, key_id, blind_index)
        SELECT expert, put.field, decode(put.ciphertext, 'hex'), put.key_id, decode(put.blind_index, 'hex')
        FROM jsonb_to_recordset(given) AS put (field text, ciphertext text, key_id text, blind_index text)
        WHERE put.ciphertext IS NOT NULL
        RETURNING *)
    SELECT coalesce(jsonb_object_agg(id, experts_row_mark(to_jsonb(put))), '{}') INTO lines FROM put;
    RETURN lines;
END
$$;
"""

ACTS = """
-- The encrypted values of two records that the actor may change, for sealing them anew: what they say stays
-- with the keys, outside the database.
CREATE FUNCTION experts_values_of(one uuid, two uuid)
RETURNS TABLE (owner uuid, field varchar, ciphertext bytea, key_id varchar, blind_index bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT expert.uuid, value.field, value.ciphertext, value.key_id, value.blind_index
    FROM experts_expert expert JOIN experts_sensitivevalue value ON value.expert_id = expert.id
    WHERE expert.uuid IN (one, two) AND core_actor() IS NOT NULL
      AND experts_actor_reaches(expert.id, expert.label, expert.unit_order, 'change')
$$;

CREATE FUNCTION experts_merge_records(
    act uuid, stays uuid, goes uuid, new_values jsonb, snapshot bytea, key text, until timestamptz) RETURNS text
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
                     WHERE expert_id = $6%s RETURNING child.*)
                 SELECT coalesce(jsonb_object_agg(id, experts_row_mark(to_jsonb(put))), ''{}'') FROM put',
                child.name, CASE WHEN child.has_key THEN ', sort_key = $5' ELSE '' END,
                CASE WHEN child.name = 'experts_award' THEN
                    ' AND NOT EXISTS (SELECT FROM experts_award kept WHERE kept.expert_id = $1
                        AND kept.honour_id = child.honour_id AND kept.text = child.text)' ELSE '' END)
            INTO lines USING stay.id, stay.label, stay.unit_order, stay.held, stay.sort_key, gone.id;
        EXCEPTION WHEN insufficient_privilege THEN
            lines := '{}';  -- an append-only history stays where it was written
        END;
        moved := moved || CASE WHEN lines = '{}' THEN '{}' ELSE jsonb_build_object(child.name, lines) END;
    END LOOP;
    moved := moved || jsonb_build_object('experts_sensitivevalue', experts_put_values(stay.id, new_values));

    UPDATE experts_expert SET label = 3, version = version + 1, updated_at = now(), updated_by_id = actor
    WHERE id = gone.id;
    INSERT INTO experts_merge (uuid, expert_id, into_id, gone_id, gone_uuid, gone_number, gone_label, moved,
        sealed, key_id, merged_by_id, merged_at, expires_at)
    VALUES (act, stay.id, stay.id, gone.id, gone.uuid, gone.record_number, gone.label, moved,
        snapshot, key, actor, now(), least(until, now() + interval '30 days'));
    RETURN 'done';
END
$$;

-- Answers 'changed <table>' when something that moved is no longer as it was.
CREATE FUNCTION experts_undo_merge(act uuid, old_values jsonb) RETURNS text
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
    FOR child IN SELECT key AS name, value AS lines FROM jsonb_each(done.moved)
                 WHERE key NOT IN ('experts_holder', 'experts_merge') LOOP
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
    UPDATE experts_merge SET undone_by_id = actor, undone_at = now(), sealed = '', key_id = ''
    WHERE id = done.id;
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION experts_row_mark(jsonb), experts_moving_tables(), experts_put_values(bigint, jsonb),
    experts_values_of(uuid, uuid), experts_undo_merge(uuid, jsonb),
    experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_values_of(uuid, uuid), experts_undo_merge(uuid, jsonb),
    experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, timestamptz) TO liaison_app;
"""
BACKWARD = """
DROP FUNCTION experts_undo_merge(uuid, jsonb);
DROP FUNCTION experts_merge_records(uuid, uuid, uuid, jsonb, bytea, text, timestamptz);
DROP FUNCTION experts_values_of(uuid, uuid);
DROP FUNCTION experts_put_values(bigint, jsonb);
DROP FUNCTION experts_moving_tables();
DROP FUNCTION experts_row_mark(jsonb);
DROP FUNCTION experts_note_recent_pairs(timestamptz);
DROP FUNCTION experts_note_pairs(bigint[]);
DROP FUNCTION experts_pair_mark(bigint, bigint);
DROP TRIGGER experts_expert_identity ON experts_expert;
DROP FUNCTION experts_move_identity();
DROP POLICY audit_event_of_merged ON audit_event;
DROP TRIGGER experts_expert_label ON experts_expert;
CREATE TRIGGER experts_expert_label BEFORE UPDATE OF label ON experts_expert
    FOR EACH ROW WHEN ((OLD.label = 2) <> (NEW.label = 2)) EXECUTE FUNCTION experts_guard_label();
"""
# What is there already; from now on entering, changing and an hourly task keep it up.
FIRST_PAIRS = "SELECT experts_note_recent_pairs('-infinity');"


def person(**options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        db_index=False,
        **options,
    )


def record(related_name, **options):
    return models.ForeignKey(
        "experts.expert",
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        db_constraint=False,
        **options,
    )


def locked_columns():
    return [
        (
            "id",
            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
        ),
        ("label", models.SmallIntegerField(default=None, editable=False)),
        ("unit_order", models.BigIntegerField(default=None, editable=False)),
        ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
        ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
    ]


REASONS = [
    ("id_number", "证件号码相同"),
    ("name_birth", "姓名和出生年月相同"),
    ("reading", "姓名读音、出生年月和工作单位相同"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0009_changes"),
        ("audit", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                *locked_columns(),
                ("expert", record("+", db_index=False)),
                ("other", record("+")),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=REASONS, max_length=12), size=None
                    ),
                ),
                ("mark", models.CharField(editable=False, max_length=32)),
                (
                    "found_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="发现时间"),
                ),
                ("dismissed_by", person(null=True)),
                ("dismissed_at", models.DateTimeField(null=True, verbose_name="认定时间")),
            ],
            options={
                "verbose_name": "可能重复",
                "verbose_name_plural": "可能重复",
                "constraints": [
                    models.UniqueConstraint(fields=["expert", "other"], name="pair_once"),
                    models.CheckConstraint(condition=Q(expert__lt=F("other")), name="pair_in_order"),
                    models.CheckConstraint(
                        condition=Q(dismissed_by__isnull=True, dismissed_at__isnull=True)
                        | Q(dismissed_by__isnull=False, dismissed_at__isnull=False),
                        name="pair_dismissed_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                *locked_columns(),
                ("expert", record("merges", db_index=False)),
                ("into_id", models.BigIntegerField(editable=False)),
                ("gone_id", models.BigIntegerField(editable=False)),
                ("gone_uuid", models.UUIDField(editable=False)),
                (
                    "gone_number",
                    models.CharField(editable=False, max_length=11, verbose_name="被合并的档案号"),
                ),
                ("gone_label", models.SmallIntegerField(editable=False)),
                ("moved", models.JSONField(default=dict, editable=False)),
                ("sealed", models.BinaryField(default=b"")),
                ("key_id", models.CharField(default="", max_length=20)),
                ("merged_by", person()),
                (
                    "merged_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="合并时间"),
                ),
                ("expires_at", models.DateTimeField(verbose_name="可撤销至")),
                ("undone_by", person(null=True)),
                ("undone_at", models.DateTimeField(null=True, verbose_name="撤销时间")),
            ],
            options={
                "verbose_name": "合并",
                "verbose_name_plural": "合并",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["gone_id"], condition=Q(undone_at__isnull=True), name="merged_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(undone_by__isnull=True, undone_at__isnull=True)
                        | Q(undone_by__isnull=False, undone_at__isnull=False),
                        name="merge_undone_whole",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["expert"], name="merge_by_expert"),
                    models.Index(fields=["gone_uuid"], name="merge_by_address"),
                ],
            },
        ),
        migrations.RemoveConstraint("expert", "expert_label_known"),
        migrations.AddConstraint(
            "expert",
            models.CheckConstraint(condition=Q(label__in=[0, 1, 2, 3]), name="expert_label_known"),
        ),
        # A name and a month are looked up at once.
        migrations.RemoveIndex("expert", "expert_named"),
        migrations.AddIndex("expert", models.Index(fields=["name", "birth"], name="expert_named")),
        migrations.RunSQL(LOCKS + PAIRS + PARTS + ACTS, BACKWARD),
        migrations.RunSQL(FIRST_PAIRS, migrations.RunSQL.noop),
    ]
