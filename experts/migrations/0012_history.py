"""The history of every field (二（二）): statement triggers write what changed, whoever wrote it and however.

One row per record and statement, only with the fields that differ; the actor is the signed one, the origin what
the act said of itself (core/origin.py). Nothing but these triggers adds, and nothing changes or removes
(docs/adr/0011-field-history.md).
"""

from importlib import import_module

import django.contrib.postgres.functions
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
TABLE = "experts_historyevent"
PATH = "SET search_path = pg_catalog, public, pg_temp"

# field: column. `died_on` comes with 0013: a function is compiled when it is first used.
EXPERT = {
    name: name
    for name in (
        "name", "former_names", "gender", "birth", "birth_day_known", "nationality", "political_affiliation",
        "employer", "post", "title", "education", "fields_of_work", "email", "office_phone", "address", "photo",
        "id_type", "works_in_beijing", "works_in_beijing_confirmed_on", "is_frontline", "category", "scope",
        "label", "confirmed_on",
    )
} | {"discipline": "discipline_id", "unit": "unit_id", "died_on": "died_on"}  # fmt: skip
AWARD = {name: name for name in ("text", "issuer", "level", "year", "document", "state")} | {
    "honour": "honour_id"
}
WITHOUT_VALUES = {"photo"}  # a file's name says nothing, and the file itself is gone


def columns(row: str, fields: dict[str, str]) -> str:
    return ", ".join(f"{row}.{column}" for column in fields.values())


def differing(fields: dict[str, str]) -> str:
    """A set of (field, was, becomes), as an expression over `before` and `after`."""
    rows = ", ".join(
        f"('{name}', to_jsonb(before.{column}), to_jsonb(after.{column}))" for name, column in fields.items()
    )
    bare = ", ".join(f"'{name}'" for name in sorted(WITHOUT_VALUES))
    return (
        f"(SELECT jsonb_object_agg(field, CASE WHEN field IN ({bare}) THEN '[]'"
        f" ELSE jsonb_build_array(was, becomes) END)"
        f" FROM (VALUES {rows}) compared (field, was, becomes) WHERE was IS DISTINCT FROM becomes)"
    )


def whole(row: str) -> str:
    pairs = ", ".join(f"'{name}', {row}.{column}" for name, column in AWARD.items())
    return f"jsonb_build_object({pairs})"


INSERT, DELETE = "NEW TABLE AS after", "OLD TABLE AS before"
ROWS = {"INSERT": INSERT, "UPDATE": f"{DELETE} {INSERT}", "DELETE": DELETE}
BOTH = "before JOIN after ON after.id = before.id"
NAMED = "jsonb_build_object('honour', {row}.honour_id, 'text', {row}.text, 'year', {row}.year)"


def unlike(fields: dict[str, str]) -> str:
    return f"({columns('before', fields)}) IS DISTINCT FROM ({columns('after', fields)})"


def add(subject: str, act: str, rows: str, *, expert: str, changes: str = "'{}'", about: str = "NULL") -> str:
    return f"""
        INSERT INTO {TABLE} (expert_id, by_id, origin, reference, subject, act, about, changes)
        SELECT {expert}, (SELECT core_actor()), (SELECT experts_origin(1)), (SELECT experts_origin(2)),
               '{subject}', '{act}', {about}, {changes}
        FROM {rows};"""


def keep(table: str, function: str, **by_act: str) -> str:
    """A statement trigger for each act. They run as owner: nobody else may add to the history. The planner
    knows nothing of transition tables and keeps its plan for the session; without nested loops none is bad."""
    branches = "".join(
        f"\n    IF TG_OP = '{act}' THEN{statement}\n    END IF;" for act, statement in by_act.items()
    )
    triggers = "".join(
        f"""
CREATE TRIGGER {table}_history_{act.lower()} AFTER {act} ON {table} REFERENCING {ROWS[act]}
    FOR EACH STATEMENT EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_history_{act.lower()};
"""
        for act in by_act
    )
    return f"""
CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PATH}
SET enable_nestloop = off AS $$
BEGIN{branches}
    RETURN NULL;
END
$$;
{triggers}"""


def secret(act: str, rows: str) -> str:
    """Of a sensitive value only that it changed: never what it was or is, neither clear nor sealed."""
    changes = "jsonb_object_agg(changed.field, '[]'::jsonb)"
    return add(
        "sensitive",
        act,
        f"{rows} changed GROUP BY changed.expert_id",
        expert="changed.expert_id",
        changes=changes,
    )


KEEPERS = (
    f"""
-- What the act said of itself: kind, then reference. An act that says nothing is an edit.
CREATE FUNCTION experts_origin(part integer) RETURNS text LANGUAGE sql STABLE {PATH} AS $$
    SELECT left(split_part(coalesce(nullif(current_setting('app.origin', true), ''), 'edit|'), '|', part), 40)
$$;
REVOKE ALL ON FUNCTION experts_origin(integer) FROM PUBLIC;
"""
    + keep(
        "experts_expert",
        "experts_keep_expert_history",
        INSERT=add("expert", "created", "after", expert="after.id"),
        UPDATE=add(
            "expert",
            "changed",
            f"{BOTH} WHERE {unlike(EXPERT)}",
            expert="after.id",
            changes=differing(EXPERT),
        ),
    )
    + keep(
        "experts_award",
        "experts_keep_award_history",
        INSERT=add("award", "created", "after", expert="after.expert_id", about=NAMED.format(row="after")),
        UPDATE=add(
            "award",
            "changed",
            f"{BOTH} WHERE {unlike(AWARD)}",
            expert="after.expert_id",
            about=NAMED.format(row="after"),
            changes=differing(AWARD),
        ),
        DELETE=add("award", "removed", "before", expert="before.expert_id", about=whole("before")),
    )
    # A rotation of keys writes the same value under another key; that is no change.
    + keep(
        "experts_sensitivevalue",
        "experts_keep_sensitive_history",
        INSERT=secret("created", "after"),
        UPDATE=secret(
            "changed",
            f"(SELECT after.* FROM {BOTH}"
            " WHERE after.key_id = before.key_id AND after.ciphertext <> before.ciphertext)",
        ),
        DELETE=secret("removed", "before"),
    )
)

GUARD = f"""
-- Append-only. Only a merge, which runs as owner, hangs events onto another expert, and changes nothing else.
CREATE FUNCTION experts_guard_history() RETURNS trigger LANGUAGE plpgsql {PATH} AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_user NOT IN ('liaison_app', 'liaison_worker')
       AND to_jsonb(NEW) - 'expert_id' = to_jsonb(OLD) - 'expert_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the history is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION experts_guard_history();
CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION experts_guard_history();
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_append_only;
ALTER TABLE {TABLE} ENABLE ALWAYS TRIGGER {TABLE}_no_truncate;

-- For the functions of a merge: all events of one expert, or only these, go to another; returns which went, so
-- that they can be brought back. Closed to every role, so the check of rights is the caller's.
CREATE FUNCTION experts_move_history(source bigint, target bigint, chosen bigint[] DEFAULT NULL)
RETURNS bigint[] LANGUAGE sql VOLATILE {PATH} AS $$
    WITH moved AS (
        UPDATE {TABLE} SET expert_id = target
        WHERE expert_id = source AND (chosen IS NULL OR id = ANY (chosen)) RETURNING id
    ) SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM moved
$$;
REVOKE ALL ON FUNCTION experts_move_history(bigint, bigint, bigint[]) FROM PUBLIC;
"""

# History is read for one expert at a time, so the expert is asked, under its own policy: no copies to keep. As
# a scalar subquery it stays a look-up by key and never becomes a scan of all that the reader sees.
SEEN = f"SELECT true FROM experts_expert its WHERE its.id = {TABLE}.expert_id"
LOCKS = locks.enable(TABLE) + locks.policy(
    TABLE,
    "SELECT",
    f"CASE WHEN subject = 'sensitive' THEN ({SEEN} AND ({held.readable('id', 'sensitive')})) ELSE ({SEEN}) END",
)

BACKWARD = "\n".join(
    [
        *(
            f"DROP TRIGGER {table}_history_{act} ON {table};"
            for table, acts in {
                "experts_expert": ("insert", "update"),
                "experts_award": ("insert", "update", "delete"),
                "experts_sensitivevalue": ("insert", "update", "delete"),
            }.items()
            for act in acts
        ),
        "DROP FUNCTION experts_keep_expert_history();",
        "DROP FUNCTION experts_keep_award_history();",
        "DROP FUNCTION experts_keep_sensitive_history();",
        "DROP FUNCTION experts_origin(integer);",
        "DROP FUNCTION experts_move_history(bigint, bigint, bigint[]);",
        f"DROP TRIGGER {TABLE}_append_only ON {TABLE};",
        f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE};",
        "DROP FUNCTION experts_guard_history();",
    ]
)


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0011_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="HistoryEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "uuid",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(), editable=False
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="experts.expert",
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.contrib.postgres.functions.TransactionNow(), verbose_name="时间"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办理人",
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("edit", "编辑"),
                            ("import", "名册导入"),
                            ("change", "信息变动"),
                            ("merge", "合并档案"),
                            ("recompute", "重新认定"),
                            ("restore", "恢复原值"),
                        ],
                        max_length=40,
                        verbose_name="来自",
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=40, verbose_name="编号")),
                (
                    "subject",
                    models.CharField(
                        choices=[("expert", "资料"), ("award", "称号奖励"), ("sensitive", "敏感信息")],
                        max_length=10,
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[("created", "新增"), ("changed", "修改"), ("removed", "删除")], max_length=10
                    ),
                ),
                ("about", models.JSONField(null=True)),
                ("changes", models.JSONField()),
            ],
            options={
                "verbose_name": "修改历史",
                "verbose_name_plural": "修改历史",
                "indexes": [models.Index(fields=["expert", "id"], name="history_of_expert")],
            },
        ),
        migrations.RunSQL(KEEPERS + GUARD + LOCKS, BACKWARD),
    ]
