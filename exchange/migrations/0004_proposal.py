"""An import knows the proposal that was drafted of it, and may be at drafting one."""

import django.db.models.deletion
from django.db import migrations, models

STAGES = [
    ("reading", "读取文件"),
    ("mapping", "核对列"),
    ("checking", "检查"),
    ("preview", "预览"),
    ("committing", "写入"),
    ("committed", "已导入"),
    ("proposing", "起草提案"),
]


def settle(*stages: str) -> str:
    """The function of 0003: each of the stages falls back to the one before it."""
    back = " ".join(f"WHEN '{stage}' THEN '{before}'" for stage, before in (each.split() for each in stages))
    return f"""
CREATE OR REPLACE FUNCTION exchange_settle_lost(roster bigint, reason text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
    UPDATE exchange_rosterimport SET job_state = 'failed', job_error = reason, cancel_requested = false,
        stage = CASE stage {back} ELSE stage END
    WHERE id = roster AND job_state IN ('waiting', 'running')
$$;
"""


BEFORE = ("checking mapping", "committing preview")


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_lost_rights"), ("experts", "0017_priorities")]
    operations = [
        migrations.AddField(
            "rosterimport",
            "proposal",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="experts.proposal",
                verbose_name="名单提案",
            ),
        ),
        migrations.AlterField(
            "rosterimport",
            "stage",
            models.CharField("步骤", choices=STAGES, default="reading", max_length=12),
        ),
        migrations.RunSQL(settle(*BEFORE, "proposing committed"), settle(*BEFORE)),
    ]
