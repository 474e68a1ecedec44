"""Files that a proposal rests on (二（二）, 二（三）): seen by who sees everybody in it, added until it is decided,
taken back by who added them while it is written.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

roster = import_module("experts.migrations.0008_roster")
locks = roster.locks

TABLE = "experts_proposalfile"
# Runs as owner: lines that its caller does not see count too. It only says whether there are as many.
LINES_ARE = """
CREATE FUNCTION experts_lines_are(wanted bigint, seen bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT count(*) = seen FROM experts_proposalline WHERE proposal_id = wanted
$$;
REVOKE ALL ON FUNCTION experts_lines_are(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION experts_lines_are(bigint, bigint) TO liaison_app;
"""
SEEN = f"""{roster.KNOWN} AND experts_lines_are(proposal_id,
    (SELECT count(*) FROM experts_proposalline line WHERE line.proposal_id = {TABLE}.proposal_id))"""
MINE = "added_by_id = (SELECT core_actor())"
WAITS = f"""EXISTS (SELECT FROM experts_proposal proposal WHERE proposal.id = proposal_id
    AND state IN ('draft', 'submitted', 'reviewed', 'returned')
    AND ({roster.place_in("change")} OR {roster.place_in("approve")}))"""
LOCKS = (
    LINES_ARE
    + locks.enable(TABLE)
    + locks.policy(TABLE, "SELECT", SEEN)
    + locks.policy(TABLE, "INSERT", f"{MINE} AND {SEEN} AND {WAITS}")
    + locks.policy(TABLE, "DELETE", f"{MINE} AND {SEEN} AND proposal_id IN (SELECT experts_written_now())")
)


class Migration(migrations.Migration):
    dependencies = [
        ("experts", "0026_exit_papers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ProposalFile",
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
                ("added_at", models.DateTimeField(auto_now_add=True, verbose_name="上传时间")),
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
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="experts.proposal",
                    ),
                ),
            ],
            options={
                "verbose_name": "提案的佐证材料",
                "verbose_name_plural": "提案的佐证材料",
                "ordering": ["id"],
            },
        ),
        migrations.RunSQL(LOCKS, "DROP FUNCTION experts_lines_are(bigint, bigint) CASCADE;"),
    ]
