"""Photos of contacts; nothing took place tomorrow; who has left is not called upon any more.

`activities_end_for` is what an exit or a death ends (activities/effects.py). It runs as owner, because the actor
need not reach the units that had planned something, and looks itself whether the expert has left.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import core.fields

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")
coverage = import_module("activities.migrations.0003_coverage")

CONTACT, PHOTO = "activities_contact", "activities_photo"
SEEN, OURS, ACTOR = activities.SEEN, activities.OURS, activities.ACTOR
BY_NOW = f"(state <> 'done' OR \"on\" <= {locks.TODAY})"

PHOTO_LOCKS = (
    activities.hung(PHOTO, ())
    + locks.policy(PHOTO, "INSERT", f"{SEEN} AND {activities.OUR_CONTACT} AND added_by_id = {ACTOR}")
    + locks.policy(PHOTO, "DELETE", f"{SEEN} AND {activities.OUR_CONTACT} AND added_by_id = {ACTOR}")
)
NOT_IN_THE_FUTURE = f"""
ALTER POLICY {CONTACT}_insert ON {CONTACT} WITH CHECK ({OURS} AND {SEEN}
    AND (recorded_by_id = {ACTOR} OR planned_by_id = {ACTOR}) AND {BY_NOW});
ALTER POLICY {CONTACT}_update ON {CONTACT} WITH CHECK ({OURS} AND {SEEN} AND {activities.NOT_ANOTHER_DRAFT}
    AND {BY_NOW});
"""
IN_THE_FUTURE = f"""
ALTER POLICY {CONTACT}_insert ON {CONTACT} WITH CHECK ({OURS} AND {SEEN}
    AND (recorded_by_id = {ACTOR} OR planned_by_id = {ACTOR}));
ALTER POLICY {CONTACT}_update ON {CONTACT} WITH CHECK ({OURS} AND {SEEN} AND {activities.NOT_ANOTHER_DRAFT});
"""
END = f"""
-- From when the expert is off the roster of this unit, null while on it or when never on it; without a unit: the
-- day of death. A part of activities_end_for.
CREATE FUNCTION activities_left_on(wanted bigint, off_unit bigint) RETURNS date
LANGUAGE sql STABLE {coverage.PATH} AS $$
    SELECT CASE WHEN off_unit IS NULL THEN (SELECT died_on FROM experts_expert WHERE id = wanted)
        ELSE (SELECT CASE WHEN bool_and(until IS NOT NULL) THEN max(until) END
              FROM experts_rosterentry WHERE expert_id = wanted AND unit_id = off_unit) END
$$;
-- Ends what units had planned with someone who has left: with the dead all of it, else what the unit and those
-- below it had planned from that day on, unless the expert is still on the roster of one between.
CREATE FUNCTION activities_end_for(wanted bigint, off_unit bigint) RETURNS void
LANGUAGE plpgsql VOLATILE {coverage.OWNER} AS $$
DECLARE
    left_on date := activities_left_on(wanted, off_unit);
BEGIN
    IF core_actor() IS NULL OR left_on IS NULL THEN
        RETURN;
    END IF;
    UPDATE {CONTACT} contact SET state = 'cancelled', hindrance = 'other', version = version + 1,
        note = CASE WHEN off_unit IS NULL THEN '专家已去世' ELSE '专家已退出名单' END
    WHERE expert_id = wanted AND state = 'planned' AND (off_unit IS NULL OR "on" >= left_on AND EXISTS (
        SELECT FROM accounts_unit gone WHERE gone.id = off_unit
          AND contact.place BETWEEN gone."order" AND gone.order_end
          AND NOT EXISTS (
            SELECT FROM experts_rosterentry entry JOIN accounts_unit staying ON staying.id = entry.unit_id
            WHERE entry.expert_id = wanted AND entry.until IS NULL
              AND entry.place BETWEEN gone."order" AND gone.order_end
              AND contact.place BETWEEN staying."order" AND staying.order_end)));
END
$$;
REVOKE ALL ON FUNCTION activities_left_on(bigint, bigint), activities_end_for(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_end_for(bigint, bigint) TO liaison_app;
"""
UNEND = "DROP FUNCTION activities_end_for(bigint, bigint); DROP FUNCTION activities_left_on(bigint, bigint);"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("activities", "0003_coverage"),
        ("experts", "0016_linear_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Photo",
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
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="photos",
                        to="activities.contact",
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
                ("size", models.PositiveIntegerField(verbose_name="大小")),
                ("stored_as", models.CharField(max_length=60)),
                ("stored_key", models.CharField(max_length=20)),
                (
                    "added_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="上传时间")),
            ],
            options={
                "verbose_name": "联系照片",
                "verbose_name_plural": "联系照片",
                "indexes": [models.Index(fields=["expert"], name="contact_photo_by_expert")],
            },
        ),
        migrations.AlterField(
            "contact",
            "occasion",
            models.CharField(
                choices=[
                    ("routine", "日常联系"),
                    ("festival", "节日慰问"),
                    ("care", "看望慰问"),
                    ("other", "其他"),
                ],
                default="routine",
                max_length=10,
                verbose_name="事由",
            ),
        ),
        migrations.AlterField("followup", "due_on", models.DateField(verbose_name="办结日期")),
        migrations.AddIndex(
            "contact", models.Index(fields=["on"], condition=Q(state="planned"), name="contact_planned")
        ),
        migrations.AddIndex(
            "contact",
            models.Index(fields=["recorded_by"], condition=Q(state="draft"), name="contact_drafts"),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                fields=["next_on"],
                condition=Q(state="done", next_done_at__isnull=True) & ~Q(next_step=""),
                name="contact_promises",
            ),
        ),
        migrations.AddConstraint(
            "contact",
            models.CheckConstraint(
                condition=Q(next_step="") | Q(next_on__isnull=False), name="contact_promise_dated"
            ),
        ),
        migrations.RunSQL(PHOTO_LOCKS, migrations.RunSQL.noop),
        migrations.RunSQL(NOT_IN_THE_FUTURE, IN_THE_FUTURE),
        migrations.RunSQL(END, UNEND),
    ]
