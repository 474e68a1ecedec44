"""Large proposals are worked on by a worker. The work is its asker's alone to see; that somebody is at it stands on
the proposal, for everybody who reads it."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

locks = import_module("experts.migrations.0002_locks")
roster = import_module("experts.migrations.0008_roster")
TABLE = "experts_proposaljob"
OWN = "by_id = (SELECT core_actor())"
FORWARD = (
    locks.enable(TABLE)
    + locks.policy(TABLE, "SELECT", OWN)
    + locks.policy(TABLE, "INSERT", f"{OWN} AND {roster.KNOWN}")
    + locks.policy(TABLE, "UPDATE", OWN)
    + f"""
-- For the worker: work whose asker does not reach it any more is ended by the system.
CREATE FUNCTION experts_end_lost_work(wanted bigint, reason text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH lost AS (
        UPDATE {TABLE} SET job_state = 'failed', job_error = left(reason, 500), cancel_requested = false, asked = '{{}}'
        WHERE id = wanted AND job_state IN ('waiting', 'running') RETURNING proposal_id, by_id)
    UPDATE experts_proposal proposal SET busy_by_id = NULL, busy_since = NULL FROM lost
    WHERE proposal.id = lost.proposal_id AND proposal.busy_by_id = lost.by_id
$$;
REVOKE ALL ON FUNCTION experts_end_lost_work(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_end_lost_work(bigint, text) TO liaison_worker;
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0022_many_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="busy_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="busy_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="ProposalJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job_state",
                    models.CharField(
                        choices=[
                            ("waiting", "等待处理"),
                            ("running", "处理中"),
                            ("done", "已完成"),
                            ("failed", "未完成"),
                            ("cancelled", "已取消"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="进度",
                    ),
                ),
                ("job_done", models.PositiveIntegerField(default=0, verbose_name="已处理")),
                ("job_total", models.PositiveIntegerField(default=0, verbose_name="总数")),
                ("job_error", models.CharField(blank=True, max_length=500, verbose_name="原因")),
                ("cancel_requested", models.BooleanField(default=False, verbose_name="要求取消")),
                (
                    "act",
                    models.CharField(
                        choices=[("fill", "统一填写"), ("submit", "提交"), ("approve", "批准")],
                        max_length=10,
                        verbose_name="办理",
                    ),
                ),
                ("asked", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField()),
                ("asked_at", models.DateTimeField(auto_now_add=True, verbose_name="开始")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="experts.proposal"
                    ),
                ),
            ],
            options={
                "verbose_name": "提案的后台办理",
                "verbose_name_plural": "提案的后台办理",
            },
        ),
        migrations.RunSQL(FORWARD, "DROP FUNCTION experts_end_lost_work(bigint, text);"),
    ]
