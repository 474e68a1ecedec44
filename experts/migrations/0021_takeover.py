"""Asking another unit whether it takes an expert over (二（二）, 二（三）): the table and its locks.

Whoever is asked sees a few words of an expert who is another unit's, and no more until they answer. Accepting
moves the record out of the reach of those who had it, which an UPDATE under policy cannot do, so one named
function answers. It checks the actor, the right, the label and four eyes itself.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import core.fields

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
roster = import_module("experts.migrations.0008_roster")

TABLE = "experts_takeover"
ACTOR = "(SELECT core_actor())"
SEEN = f"({held.readable('expert_id', 'view')})"
WRITABLE = f"({locks.writable('expert_id')})"
ASKED = (
    "(state = 'waiting' AND label < 2 AND label <= (SELECT accounts_clearance())"
    f" AND {roster.place_in('change')})"
)
REPORTED = (
    f"EXISTS (SELECT FROM experts_changereport report WHERE report.id = {TABLE}.report_id"
    f" AND report.expert_id = {TABLE}.expert_id AND report.new_unit_id = {TABLE}.unit_id)"
)
LOCKS = (
    roster.child(TABLE)
    + f"""
CREATE TRIGGER {TABLE}_copy BEFORE INSERT ON {TABLE} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
CREATE TRIGGER {TABLE}_place BEFORE INSERT OR UPDATE OF unit_id ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION experts_copy_place();
ALTER TABLE {TABLE} ADD CONSTRAINT takeover_place FOREIGN KEY (unit_id, place)
    REFERENCES accounts_unit (id, "order") ON UPDATE CASCADE;
"""
    + locks.policy(TABLE, "SELECT", f"{SEEN} OR {ASKED}")
    + locks.policy(
        TABLE,
        "INSERT",
        f"{WRITABLE} AND asked_by_id = {ACTOR} AND state = 'waiting' AND note = '' AND {REPORTED}",
    )
    + f"""
CREATE POLICY {TABLE}_update ON {TABLE} FOR UPDATE TO liaison_app USING ({WRITABLE} AND state = 'waiting')
    WITH CHECK ({WRITABLE} AND state = 'withdrawn' AND decided_by_id = {ACTOR});
-- What was asked stays as it was asked.
CREATE FUNCTION experts_guard_takeover() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    decision text[] := '{{state,decided_by_id,decided_at}}';
BEGIN
    IF current_user IN ('liaison_app', 'liaison_worker') AND to_jsonb(NEW) - decision <> to_jsonb(OLD) - decision
    THEN
        RAISE EXCEPTION 'what was asked does not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER {TABLE}_facts BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION experts_guard_takeover();

-- Accepting gives the record to the unit that was asked. The unit that had it keeps it in sight as long as its
-- roster has the expert. Its people are told; `page` leads them to the answer where they may read it.
CREATE FUNCTION experts_answer_takeover(
    wanted uuid, accepts boolean, remark text, said text, page text, elsewhere text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    actor bigint := core_actor();
    asked {TABLE};
    expert experts_expert;
BEGIN
    PERFORM FROM experts_expert WHERE id = (SELECT expert_id FROM {TABLE} WHERE uuid = wanted) FOR NO KEY UPDATE;
    SELECT * INTO asked FROM {TABLE} WHERE uuid = wanted FOR UPDATE;
    SELECT * INTO expert FROM experts_expert WHERE id = asked.expert_id;
    IF actor IS NULL OR asked.id IS NULL OR accepts IS NULL
       OR (asked.place <@ accounts_reach('change')) IS NOT TRUE
       OR (CASE WHEN asked.label < 2 THEN asked.label <= accounts_clearance()
           ELSE experts_actor_reaches(asked.expert_id, asked.label, asked.unit_order, 'change') END) IS NOT TRUE
    THEN
        RETURN 'unknown';
    ELSIF asked.state <> 'waiting' THEN
        RETURN 'decided';
    ELSIF asked.asked_by_id = actor THEN
        RETURN 'own';
    ELSIF NOT accepts AND experts_is_blank(remark) THEN
        RETURN 'note';
    ELSIF accepts AND expert.died_on IS NOT NULL THEN
        RETURN 'death';
    END IF;
    IF accepts AND expert.unit_id <> asked.unit_id THEN
        INSERT INTO experts_holder (expert_id, unit_id)
        SELECT expert.id, expert.unit_id WHERE EXISTS (
            SELECT FROM experts_rosterentry entry JOIN accounts_unit unit ON unit.id = entry.unit_id
            WHERE entry.expert_id = expert.id AND entry.unit_id = expert.unit_id AND entry.until IS NULL
            AND unit.parent_id IS NOT NULL)
        ON CONFLICT (expert_id, unit_id) DO NOTHING;
        DELETE FROM experts_holder WHERE expert_id = expert.id AND unit_id = asked.unit_id;
        UPDATE experts_expert SET unit_id = asked.unit_id, version = version + 1, updated_at = now(),
            updated_by_id = actor WHERE id = expert.id;
    END IF;
    UPDATE {TABLE} SET state = CASE WHEN accepts THEN 'accepted' ELSE 'declined' END, decided_by_id = actor,
        decided_at = now(), note = left(coalesce(remark, ''), 200) WHERE id = asked.id;
    PERFORM experts_write_to(ARRAY[expert.id], ARRAY[expert.unit_id], NULL, said, said, page, elsewhere);
    RETURN 'done';
END
$$;
REVOKE ALL ON FUNCTION experts_answer_takeover(uuid, boolean, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_answer_takeover(uuid, boolean, text, text, text, text) TO liaison_app;
"""
)
BACKWARD = f"""
DROP FUNCTION experts_answer_takeover(uuid, boolean, text, text, text, text);
DROP TRIGGER experts_expert_{TABLE} ON experts_expert;
DROP TRIGGER {TABLE}_facts ON {TABLE};
DROP FUNCTION experts_guard_takeover();
"""


def to_user(words, **options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=words,
        **options,
    )


def to_unit(words, **options):
    return models.ForeignKey(
        "accounts.unit",
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=words,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("experts", "0020_telling"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="TakeOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.SmallIntegerField(default=None, editable=False)),
                ("unit_order", models.BigIntegerField(default=None, editable=False)),
                ("held", core.fields.NumberSetField(default=None, editable=False, null=True)),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="takeovers",
                        to="experts.expert",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="experts.changereport",
                    ),
                ),
                ("unit", to_unit("征询单位")),
                ("place", models.BigIntegerField(default=None, editable=False)),
                ("from_unit", to_unit("现联系单位", db_index=False)),
                ("name", models.CharField(max_length=60, verbose_name="姓名")),
                ("employer", models.CharField(blank=True, max_length=120, verbose_name="工作单位")),
                ("post", models.CharField(blank=True, max_length=80, verbose_name="职务")),
                ("title", models.CharField(blank=True, max_length=60, verbose_name="职称")),
                ("asked_by", to_user("征询人")),
                ("asked_at", models.DateTimeField(auto_now_add=True, verbose_name="征询时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待答复"),
                            ("accepted", "已接转"),
                            ("declined", "未接转"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("decided_by", to_user("办理人", null=True)),
                ("decided_at", models.DateTimeField(null=True, verbose_name="办理时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="答复意见")),
            ],
            options={
                "verbose_name": "接转征询",
                "verbose_name_plural": "接转征询",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["expert"], condition=Q(state="waiting"), name="takeover_waiting_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(state="waiting", decided_by__isnull=True, decided_at__isnull=True)
                        | ~Q(state="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False),
                        name="takeover_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=Q(state__in=["waiting", "withdrawn"]) | ~Q(decided_by=F("asked_by")),
                        name="takeover_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="declined") | ~Q(note=""), name="takeover_refusal_says_why"
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["place", "id"], condition=Q(state="waiting"), name="takeover_waiting"
                    )
                ],
            },
        ),
        migrations.RunSQL(LOCKS, BACKWARD),
    ]
