"""Priorities 联系重点 that units state (二（二）), and where a roster differs from what it should be.

What the rule and the priorities ask of a roster is kept in `experts_rostergap`, by triggers, because asking it
live means looking up every expert in reach (docs/adr/0014-priorities-of-units.md). A priority that begins or
ends by its day is told to `experts_note_turned_priorities` once a day.
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import core.fields
import experts.models.priority

held = import_module("experts.migrations.0007_held")
locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
GAP = "experts_rostergap"
PATH = "SET search_path = pg_catalog, public, pg_temp"

# What changes of an expert can open or close a gap.
WEIGHED = (
    "label", "unit_id", "unit_order", "held", "sort_key", "scope", "died_on", "category", "discipline_id",
    "fields_of_work", "post", "title",
)  # fmt: skip
ENTRY = ("expert_id", "unit_id", "place", "scope", "until IS NULL")
AWARD = ("expert_id", "honour_id", "state")


def one_of(words: str, text: str) -> str:
    return f"EXISTS (SELECT FROM unnest({words}) word WHERE strpos(upper({text}), upper(word)) > 0)"


# Whether a person fits a stated priority; the same as `fits` in experts/priorities.py.
FITS = f"""
        (stated.honours = '{{}}' OR EXISTS (
            SELECT FROM experts_award award WHERE award.expert_id = person.id
            AND award.state IN ('recorded', 'verified') AND award.honour_id = ANY (stated.honour_ids)))
        AND (stated.disciplines = '{{}}' AND stated.words = '{{}}'
            OR person.discipline_id = ANY (stated.disciplines) OR {one_of("stated.words", "person.fields_of_work")})
        AND (stated.posts = '{{}}' OR {one_of("stated.posts", "person.post")} OR {one_of("stated.posts", "person.title")})
        AND (stated.categories = '{{}}' OR person.category = ANY (stated.categories))"""
STATED = """
        SELECT priority.*, unit."order" AS low,
            CASE WHEN priority.below THEN unit.order_end ELSE unit."order" END AS high,
            ARRAY(SELECT id FROM experts_honour WHERE code = ANY (priority.honours)) AS honour_ids
        FROM experts_priority priority JOIN accounts_unit unit ON unit.id = priority.unit_id"""
# To whom a priority makes a difference: who fits it and is not key by the rule anyhow, or has a gap already.
CONCERNED = f"""{FITS}
        AND (person.scope = 'general' OR EXISTS (SELECT FROM {GAP} known WHERE known.expert_id = person.id))"""
# All that is asked of a person is fetched first, by key; the rest joins what was fetched, and a planner that
# takes the array for a short one must not do that line by line.
NOTE = f"""
CREATE FUNCTION experts_note_gaps(people bigint[]) RETURNS void
LANGUAGE sql VOLATILE {PATH} SET enable_nestloop = off
AS $$
    WITH person AS MATERIALIZED (
        SELECT id, {", ".join(WEIGHED)} FROM experts_expert
        WHERE id = ANY (people) AND label < 3 AND died_on IS NULL),
    listed AS MATERIALIZED (
        SELECT expert_id, unit_id, scope FROM experts_rosterentry
        WHERE expert_id = ANY (people) AND until IS NULL),
    stated AS MATERIALIZED ({STATED}
        WHERE priority.since <= {locks.TODAY} AND (priority.until IS NULL OR priority.until >= {locks.TODAY})),
    -- While a unit moves, some copies of its number are older than others: the unit's own is right.
    seat AS (
        SELECT taken.expert_id, taken.unit_id, unit."order" AS place, taken.scope FROM (
            SELECT expert_id, unit_id, scope FROM listed
            UNION ALL
            SELECT id, person.unit_id, NULL FROM person LEFT JOIN listed own
                ON own.expert_id = person.id AND own.unit_id = person.unit_id
            WHERE own.expert_id IS NULL) taken
        JOIN accounts_unit unit ON unit.id = taken.unit_id),
    weighed AS (
        SELECT seat.expert_id, seat.unit_id, seat.place, seat.scope AS listed, person.label, person.unit_order,
            person.held, person.sort_key, person.scope = 'key' AS by_rule,
            ARRAY(SELECT stated.id FROM stated WHERE seat.place BETWEEN stated.low AND stated.high AND {FITS}
                  ORDER BY stated.id) AS priorities
        FROM seat JOIN person ON person.id = seat.expert_id),
    gap AS MATERIALIZED (
        SELECT *, CASE listed WHEN 'key' THEN 'fallen' WHEN 'general' THEN 'risen' ELSE 'lacking' END AS kind
        FROM weighed WHERE (listed IS DISTINCT FROM 'key') = (by_rule OR priorities <> '{{}}')),
    closed AS (
        DELETE FROM {GAP} kept WHERE kept.expert_id = ANY (people) AND NOT EXISTS (
            SELECT FROM gap WHERE gap.expert_id = kept.expert_id AND gap.unit_id = kept.unit_id))
    INSERT INTO {GAP} AS kept
        (expert_id, unit_id, place, label, unit_order, held, sort_key, kind, by_rule, priorities)
    SELECT expert_id, unit_id, place, label, unit_order, held, sort_key, kind, by_rule, priorities FROM gap
    ON CONFLICT (expert_id, unit_id) DO UPDATE SET place = EXCLUDED.place, held = EXCLUDED.held,
        sort_key = EXCLUDED.sort_key, kind = EXCLUDED.kind, by_rule = EXCLUDED.by_rule, priorities = EXCLUDED.priorities
    WHERE (kept.place, kept.held, kept.sort_key, kept.kind, kept.by_rule, kept.priorities)
        IS DISTINCT FROM (EXCLUDED.place, EXCLUDED.held, EXCLUDED.sort_key, EXCLUDED.kind, EXCLUDED.by_rule,
            EXCLUDED.priorities)
$$;
REVOKE ALL ON FUNCTION experts_note_gaps(bigint[]) FROM PUBLIC;

-- Looks again at whom one priority concerns, on rosters of its units or managed there: those who are not key by
-- the rule anyhow, and those of whom a gap is known. With more than `most` of them it leaves the work to the
-- worker and says so in `is_noted`.
CREATE FUNCTION experts_note_priority(wanted bigint, most bigint) RETURNS void
LANGUAGE plpgsql VOLATILE {PATH}
AS $$
DECLARE
    people bigint[];
    batch bigint[];
BEGIN
    people := ARRAY(
        WITH stated AS MATERIALIZED ({STATED} WHERE priority.id = wanted)
        SELECT person.id FROM stated JOIN experts_expert person
            ON person.unit_order BETWEEN stated.low AND stated.high WHERE {CONCERNED}
        UNION
        SELECT person.id FROM stated JOIN experts_rosterentry entry
            ON entry.place BETWEEN stated.low AND stated.high AND entry.until IS NULL
            AND entry.unit_order NOT BETWEEN stated.low AND stated.high
        JOIN experts_expert person ON person.id = entry.expert_id WHERE {CONCERNED}
        LIMIT most + 1);
    IF cardinality(people) <= most THEN
        FOR batch IN SELECT array_agg(id) FROM unnest(people) WITH ORDINALITY AS one (id, number)
            GROUP BY number / 10000
        LOOP
            PERFORM experts_note_gaps(batch);
        END LOOP;
    END IF;
    UPDATE experts_priority SET is_noted = cardinality(people) <= most
    WHERE id = wanted AND is_noted <> (cardinality(people) <= most);
END
$$;
REVOKE ALL ON FUNCTION experts_note_priority(bigint, bigint) FROM PUBLIC;

-- For the worker: the next priority that is not noted yet; answers false when there is none.
CREATE FUNCTION experts_note_waiting_priority() RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER {PATH}
AS $$
DECLARE
    waiting bigint;
BEGIN
    SELECT id INTO waiting FROM experts_priority WHERE NOT is_noted ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF waiting IS NULL THEN
        RETURN false;
    END IF;
    PERFORM experts_note_priority(waiting, 9223372036854775806);
    RETURN true;
END
$$;
-- For the worker, once a day: priorities that began or ended since then wait to be noted again.
CREATE FUNCTION experts_note_turned_priorities(since date) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER {PATH}
AS $$
    WITH turned AS (
        UPDATE experts_priority priority SET is_noted = false
        WHERE priority.since BETWEEN $1 AND {locks.TODAY} OR priority.until BETWEEN $1 - 1 AND {locks.TODAY} - 1
        RETURNING 1)
    SELECT count(*) FROM turned
$$;
REVOKE ALL ON FUNCTION experts_note_waiting_priority(), experts_note_turned_priorities(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_note_waiting_priority(), experts_note_turned_priorities(date) TO liaison_worker;
"""


def columns(row: str, names: tuple[str, ...]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def differs(names: tuple[str, ...]) -> str:
    return f"({columns('before', names)}) IS DISTINCT FROM ({columns('after', names)})"


def keep(table: str, key: str, names: tuple[str, ...], *, unless: str = "") -> str:
    """Statement triggers that look again at whoever a statement has touched. They run as owner, since a gap
    may open or close out of the writer's sight; `after JOIN before` without nested loops, as in 0012."""
    function = f"experts_gaps_by_{table.removeprefix('experts_')}"
    leave = f"\n    IF {unless} THEN\n        RETURN NULL;\n    END IF;" if unless else ""
    triggers = "".join(
        f"""
CREATE TRIGGER {table}_gaps_{act.lower()} AFTER {act} ON {table} REFERENCING {rows}
    FOR EACH STATEMENT EXECUTE FUNCTION {function}();"""
        for act, rows in (
            ("INSERT", "NEW TABLE AS after"),
            ("UPDATE", "OLD TABLE AS before NEW TABLE AS after"),
            ("DELETE", "OLD TABLE AS before"),
        )
    )
    return f"""
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH} SET enable_nestloop = off
AS $$
DECLARE
    people bigint[];
BEGIN{leave}
    IF TG_OP = 'INSERT' THEN
        people := ARRAY(SELECT DISTINCT {key} FROM after);
    ELSIF TG_OP = 'DELETE' THEN
        people := ARRAY(SELECT DISTINCT {key} FROM before);
    ELSE
        people := ARRAY(
            SELECT after.{key} FROM after JOIN before ON before.id = after.id WHERE {differs(names)}
            UNION SELECT before.{key} FROM after JOIN before ON before.id = after.id WHERE {differs(names)});
    END IF;
    IF people <> '{{}}' THEN
        PERFORM experts_note_gaps(people);  -- what experts_rostergap copies follows too
    END IF;
    RETURN NULL;
END
$$;{triggers}
"""


KEEP = (
    keep("experts_expert", "id", WEIGHED)
    + keep("experts_rosterentry", "expert_id", ENTRY)
    + keep(
        "experts_award",
        "expert_id",
        AWARD,
        unless="NOT EXISTS (SELECT FROM experts_priority WHERE honours <> '{}')",
    )
    + """
CREATE FUNCTION experts_gaps_by_priority() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER """
    + PATH
    + """ AS $$
BEGIN
    PERFORM experts_note_priority(NEW.id, 5000);
    RETURN NULL;
END
$$;
CREATE TRIGGER experts_priority_gaps_insert AFTER INSERT ON experts_priority
    FOR EACH ROW EXECUTE FUNCTION experts_gaps_by_priority();
CREATE TRIGGER experts_priority_gaps_update AFTER UPDATE OF since, until, below, place ON experts_priority
    FOR EACH ROW EXECUTE FUNCTION experts_gaps_by_priority();
"""
)
LOCKS = (
    """
CREATE TRIGGER experts_priority_place BEFORE INSERT OR UPDATE OF unit_id ON experts_priority
    FOR EACH ROW EXECUTE FUNCTION experts_copy_place();
ALTER TABLE experts_priority ADD CONSTRAINT priority_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
ALTER TABLE experts_rostergap ADD CONSTRAINT gap_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
-- Not called _lock: a merge makes gaps anew instead of moving them (experts_moving_tables).
ALTER TABLE experts_rostergap ADD CONSTRAINT experts_rostergap_follows FOREIGN KEY (expert_id, label, unit_order)
    REFERENCES experts_expert (id, label, unit_order) ON UPDATE CASCADE ON DELETE CASCADE;
"""
    + locks.enable(GAP)
    + locks.policy(GAP, "SELECT", f"{roster.place_in('view')} AND {roster.SEEN}")
)
FILL = """
DO $$
DECLARE
    batch bigint[];
BEGIN
    FOR batch IN SELECT array_agg(id) FROM experts_expert GROUP BY id / 10000 LOOP
        PERFORM experts_note_gaps(batch);
    END LOOP;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("experts", "0016_linear_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Priority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "number",
                    models.CharField(
                        default=experts.models.priority.new_priority_number,
                        editable=False,
                        max_length=18,
                        unique=True,
                        verbose_name="编号",
                    ),
                ),
                ("place", models.BigIntegerField(default=None, editable=False)),
                ("name", models.CharField(max_length=40, verbose_name="名称")),
                ("reason", models.CharField(max_length=200, verbose_name="理由或文件")),
                (
                    "honours",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="称号",
                    ),
                ),
                (
                    "disciplines",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=3),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="学科",
                    ),
                ),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="研究方向",
                    ),
                ),
                (
                    "posts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="职务职称",
                    ),
                ),
                (
                    "categories",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("science_engineering", "自然科学与工程技术"),
                                ("humanities_arts", "哲学社会科学与文化艺术"),
                                ("high_skill", "高技能人才"),
                                ("social_work", "社会工作专业人才"),
                                ("rural_practical", "农村实用人才"),
                                ("entrepreneur", "创业人才"),
                                ("other", "其他专家人才"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="类别",
                    ),
                ),
                ("below", models.BooleanField(default=False, verbose_name="也适用于所属单位")),
                ("since", models.DateField(default=django.utils.timezone.localdate, verbose_name="开始")),
                ("until", models.DateField(blank=True, null=True, verbose_name="最后一天")),
                (
                    "stated_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="设立时间"),
                ),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("is_noted", models.BooleanField(default=True, editable=False)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="结束人",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="设立人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "联系重点",
                "verbose_name_plural": "联系重点",
                "indexes": [models.Index(fields=["place", "-id"], name="priority_by_unit")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("categories", []),
                            ("disciplines", []),
                            ("honours", []),
                            ("posts", []),
                            ("words", []),
                            _negated=True,
                        ),
                        name="priority_says_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("ended_by__isnull", False),
                                ("until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="priority_ended_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterGap",
            fields=[
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "expert_id", "unit_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place", models.BigIntegerField(editable=False)),
                ("sort_key", models.CharField(db_collation="C", editable=False, max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("lacking", "符合条件未纳入"),
                            ("risen", "名单上是普遍联系，应为重点联系"),
                            ("fallen", "在名单上但不再符合"),
                        ],
                        max_length=8,
                    ),
                ),
                ("by_rule", models.BooleanField()),
                (
                    "priorities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="experts.expert",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "名单差异",
                "verbose_name_plural": "名单差异",
                "indexes": [
                    models.Index(fields=["kind", "place"], name="roster_gap_by_place"),
                    models.Index(fields=["kind", "sort_key", "place"], name="roster_gap_by_name"),
                ],
            },
        ),
        migrations.RunSQL(LOCKS + NOTE + KEEP + FILL, migrations.RunSQL.noop),
    ]
