"""Briefings: seen in reach of the unit that sends them, and by who was told."""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import core.fields

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
activities = import_module("activities.migrations.0002_locks")

BRIEFING, FILE = "activities_briefing", "activities_briefingfile"
CONCERNED, RECEIPT = "activities_briefingexpert", "activities_receipt"
ACTOR, SEEN = activities.ACTOR, activities.SEEN
ME = "(SELECT accounts_actor_with('view'))"
IN_VIEW, OURS = roster.place_in("view"), roster.place_in("change")
# Runs as owner: asked by the policy of briefings, which the policy of receipts asks in turn.
BRIEFED = """
CREATE FUNCTION activities_briefed() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT briefing_id FROM activities_receipt WHERE user_id = (SELECT accounts_actor_with('view')) $$;
REVOKE ALL ON FUNCTION activities_briefed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activities_briefed() TO liaison_app;
"""
SHOWN = f"({IN_VIEW} AND state = 'sent' OR {OURS} OR id IN (SELECT activities_briefed()))"
KNOWN = f"EXISTS (SELECT FROM {BRIEFING} briefing WHERE briefing.id = briefing_id)"
KEPT = f"EXISTS (SELECT FROM {BRIEFING} briefing WHERE briefing.id = briefing_id AND briefing.{OURS})"
WRITTEN = KEPT[:-1] + " AND briefing.state = 'draft')"
LOCKS = (
    BRIEFED
    + locks.enable(BRIEFING)
    + activities.placed(BRIEFING)
    + locks.policy(BRIEFING, "SELECT", SHOWN)
    + locks.policy(BRIEFING, "INSERT", f"{OURS} AND created_by_id = {ACTOR} AND state = 'draft'")
    + locks.policy(BRIEFING, "UPDATE", OURS)
    + locks.policy(BRIEFING, "DELETE", f"{OURS} AND state = 'draft'")
    + f"""
-- What was sent stays as it was sent.
CREATE FUNCTION activities_guard_briefing() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_user = 'liaison_app' AND OLD.state = 'sent'
       AND to_jsonb(NEW) - 'reminded_at' <> to_jsonb(OLD) - 'reminded_at' THEN
        RAISE EXCEPTION 'a briefing that was sent does not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER activities_guard_briefing BEFORE UPDATE ON {BRIEFING} FOR EACH ROW
    EXECUTE FUNCTION activities_guard_briefing();
"""
    + locks.enable(FILE)
    + locks.policy(FILE, "SELECT", KNOWN)
    + locks.policy(FILE, "INSERT", f"{WRITTEN} AND added_by_id = {ACTOR}")
    + locks.policy(FILE, "DELETE", WRITTEN)
    + locks.enable(RECEIPT)
    + locks.policy(RECEIPT, "SELECT", f"user_id = {ME} OR {KEPT}")
    + locks.policy(RECEIPT, "INSERT", KEPT)
    + locks.policy(RECEIPT, "UPDATE", f"user_id = {ME}")
    + roster.child(CONCERNED)
    + f"""
CREATE TRIGGER {CONCERNED}_copy BEFORE INSERT ON {CONCERNED} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
"""
    + locks.policy(CONCERNED, "SELECT", f"{SEEN} AND {KNOWN}")
    + locks.policy(CONCERNED, "INSERT", f"{SEEN} AND {WRITTEN}")
    + locks.policy(CONCERNED, "DELETE", f"{SEEN} AND {WRITTEN}")
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_faster_rights"),
        ("activities", "0009_coverage_at_once"),
        ("experts", "0018_movements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Briefing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("place", models.BigIntegerField(default=None, editable=False)),
                ("title", models.CharField(max_length=120, verbose_name="标题")),
                ("text", models.TextField(max_length=20000, verbose_name="内容")),
                (
                    "units",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "起草"), ("sent", "已发送")],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="起草时间")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="发送时间")),
                ("reminded_at", models.DateTimeField(null=True, verbose_name="提醒时间")),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="起草人",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发送人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="通报单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "情况通报",
                "verbose_name_plural": "情况通报",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("sent_at__isnull", True), ("sent_by__isnull", True), ("state", "draft")
                            ),
                            models.Q(
                                ("sent_at__isnull", False), ("sent_by__isnull", False), ("state", "sent")
                            ),
                            _connector="OR",
                        ),
                        name="briefing_sent_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BriefingExpert",
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
                (
                    "briefing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="experts",
                        to="activities.briefing",
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
            ],
            options={
                "verbose_name": "通报涉及的专家",
                "verbose_name_plural": "通报涉及的专家",
                "indexes": [
                    models.Index(fields=["expert"], name="briefing_expert_by_expert"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BriefingFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=120, verbose_name="文件名")),
                ("size", models.PositiveIntegerField(verbose_name="大小")),
                ("stored_as", models.CharField(max_length=60)),
                ("stored_key", models.CharField(max_length=20)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "briefing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="activities.briefing",
                    ),
                ),
            ],
            options={
                "verbose_name": "通报附件",
                "verbose_name_plural": "通报附件",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("read_at", models.DateTimeField(null=True, verbose_name="阅知时间")),
                (
                    "briefing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="activities.briefing",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "阅知回执",
                "verbose_name_plural": "阅知回执",
                "constraints": [
                    models.UniqueConstraint(fields=("briefing", "user"), name="receipt_once"),
                ],
            },
        ),
        migrations.RunSQL(LOCKS, migrations.RunSQL.noop),
    ]
