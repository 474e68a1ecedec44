"""Reports of changes and the files that prove them (二（二）): tables and locks.

A report's facts never change once it is made. One person reports, another decides; nobody reads of an illness
without the right to sensitive fields.
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import core.fields

locks = import_module("experts.migrations.0002_locks")
held = import_module("experts.migrations.0007_held")
roster = import_module("experts.migrations.0008_roster")

REPORT, EVIDENCE = "experts_changereport", "experts_evidence"
ACTOR = "(SELECT core_actor())"
SEEN, SENSITIVE = (f"({held.readable('expert_id', right)})" for right in ("view", "sensitive"))
WRITABLE = f"({locks.writable('expert_id')})"
REPORT_SEEN = f"{SEEN} AND (kind <> 'serious_illness' OR {SENSITIVE})"
EVIDENCE_SEEN = f"{SEEN} AND (NOT is_sensitive OR {SENSITIVE})"
# The files of a report are its reporter's to add and to take back, as long as nobody has decided.
STILL_OPEN = f"""added_by_id = {ACTOR} AND (purpose <> 'change' OR EXISTS (
    SELECT FROM {REPORT} report WHERE report.uuid = about AND report.state = 'reported'
    AND report.reported_by_id = {ACTOR} AND report.expert_id = {EVIDENCE}.expert_id
    AND (report.kind = 'serious_illness') = is_sensitive))"""


def copied(table: str) -> str:
    """Always, whatever the row says: what it copies decides who sees it."""
    return f"""
CREATE TRIGGER {table}_copy BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION experts_copy_lock();
"""


REPORT_LOCKS = (
    roster.child(REPORT)
    + copied(REPORT)
    + locks.policy(REPORT, "SELECT", REPORT_SEEN)
    + locks.policy(
        REPORT,
        "INSERT",
        f"{WRITABLE} AND {REPORT_SEEN} AND reported_by_id = {ACTOR} AND state = 'reported' AND note = ''",
    )
    + f"""
CREATE POLICY {REPORT}_update ON {REPORT} FOR UPDATE TO liaison_app
    USING ({WRITABLE} AND {REPORT_SEEN} AND state = 'reported')
    WITH CHECK ({WRITABLE} AND {REPORT_SEEN} AND state <> 'reported' AND decided_by_id = {ACTOR});
-- What was reported stays as it was reported; a decision only adds to it.
CREATE FUNCTION experts_guard_report() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    decision text[] := '{{state,decided_by_id,decided_at,note}}';
BEGIN
    IF current_user IN ('liaison_app', 'liaison_worker') AND to_jsonb(NEW) - decision <> to_jsonb(OLD) - decision
    THEN
        RAISE EXCEPTION 'the facts of a report do not change' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER {REPORT}_facts BEFORE UPDATE ON {REPORT} FOR EACH ROW EXECUTE FUNCTION experts_guard_report();
"""
)
EVIDENCE_LOCKS = (
    roster.child(EVIDENCE)
    + copied(EVIDENCE)
    + locks.policy(EVIDENCE, "SELECT", EVIDENCE_SEEN)
    + locks.policy(EVIDENCE, "INSERT", f"{WRITABLE} AND {EVIDENCE_SEEN} AND {STILL_OPEN}")
    + locks.policy(EVIDENCE, "DELETE", f"{WRITABLE} AND {EVIDENCE_SEEN} AND {STILL_OPEN}")
)
BACKWARD = f"""
DROP TRIGGER experts_expert_{REPORT} ON experts_expert;
DROP TRIGGER experts_expert_{EVIDENCE} ON experts_expert;
DROP TRIGGER {REPORT}_facts ON {REPORT};
DROP FUNCTION experts_guard_report();
DROP POLICY {EVIDENCE}_insert ON {EVIDENCE};
DROP POLICY {EVIDENCE}_delete ON {EVIDENCE};
"""


def person(words, **options):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=words,
        **options,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0008_roster"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Evidence",
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
                    "purpose",
                    models.CharField(choices=[("change", "信息变动")], max_length=10, verbose_name="用途"),
                ),
                ("about", models.UUIDField(db_index=True)),
                ("is_sensitive", models.BooleanField(default=False, verbose_name="敏感")),
                ("name", models.CharField(max_length=120, verbose_name="文件名")),
                ("size", models.PositiveIntegerField(verbose_name="大小")),
                ("stored_as", models.CharField(max_length=60)),
                ("stored_key", models.CharField(max_length=20)),
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="上传时间")),
                ("added_by", person("上传人")),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evidence",
                        to="experts.expert",
                    ),
                ),
            ],
            options={
                "verbose_name": "佐证材料",
                "verbose_name_plural": "佐证材料",
            },
        ),
        migrations.CreateModel(
            name="ChangeReport",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("transfer", "工作调动"),
                            ("post_change", "职务变化"),
                            ("serious_illness", "严重伤病"),
                            ("major_achievement", "取得重大成果"),
                            ("award", "获得重要奖励"),
                        ],
                        max_length=20,
                        verbose_name="变动",
                    ),
                ),
                ("happened_on", models.DateField(verbose_name="发生日期")),
                ("source", models.CharField(max_length=120, verbose_name="信息来源")),
                ("employer", models.CharField(blank=True, max_length=120, verbose_name="新工作单位")),
                ("post", models.CharField(blank=True, max_length=80, verbose_name="新职务")),
                ("title", models.CharField(blank=True, max_length=60, verbose_name="新职称")),
                (
                    "across",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("region", "跨区域"), ("department", "跨部门"), ("field", "跨领域")],
                            max_length=12,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="调动范围",
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=1000, verbose_name="内容")),
                ("year", models.PositiveSmallIntegerField(null=True, verbose_name="年度")),
                ("document", models.CharField(blank=True, max_length=120, verbose_name="证明文件")),
                ("ciphertext", models.BinaryField(null=True)),
                ("key_id", models.CharField(blank=True, max_length=20)),
                ("reported_at", models.DateTimeField(auto_now_add=True, verbose_name="报送时间")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reported", "待核实"),
                            ("effective", "已生效"),
                            ("refused", "未予采纳"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="reported",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="办理时间")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="办理意见")),
                ("decided_by", person("办理人", null=True)),
                (
                    "expert",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="experts.expert",
                    ),
                ),
                (
                    "honour",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="experts.honour",
                        verbose_name="称号",
                    ),
                ),
                (
                    "new_unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                        verbose_name="新联系单位",
                    ),
                ),
                ("reported_by", person("报送人")),
            ],
            options={
                "verbose_name": "信息变动",
                "verbose_name_plural": "信息变动",
                "indexes": [
                    models.Index(condition=Q(("state", "reported")), fields=["id"], name="change_waiting")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state="reported", decided_by__isnull=True, decided_at__isnull=True)
                        | Q(~Q(state="reported"), decided_by__isnull=False, decided_at__isnull=False),
                        name="change_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=Q(decided_by__isnull=True)
                        | Q(state="withdrawn", decided_by=F("reported_by"))
                        | Q(~Q(state="withdrawn"), ~Q(decided_by=F("reported_by"))),
                        name="change_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=~Q(state="refused") | ~Q(note=""), name="change_refusal_says_why"
                    ),
                    models.CheckConstraint(
                        condition=Q(kind="transfer") & ~Q(employer="")
                        | Q(kind="post_change") & (~Q(post="") | ~Q(title=""))
                        | Q(kind="serious_illness", ciphertext__isnull=False)
                        | Q(kind="major_achievement") & ~Q(text="")
                        | Q(kind="award", honour__isnull=False),
                        name="change_says_what",
                    ),
                    models.CheckConstraint(
                        condition=Q(~Q(kind="serious_illness"), ciphertext__isnull=True, key_id="")
                        | Q(kind="serious_illness", text="", document="", ciphertext__isnull=False)
                        & ~Q(key_id=""),
                        name="change_illness_sealed",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REPORT_LOCKS + EVIDENCE_LOCKS, BACKWARD),
    ]
