"""Papers of mandatory exits (二（三）): the conclusion, the expert's statement, what a review brings. Seen by who sees
what was said in the case; added and taken back while it is open; gone with what was said.
"""

from importlib import import_module

from django.db import migrations, models

changes = import_module("experts.migrations.0009_changes")
exits = import_module("experts.migrations.0013_exits")
locks = changes.locks

EVIDENCE, CASE = changes.EVIDENCE, exits.CASE
ITS_CASE = f"SELECT FROM {CASE} kept WHERE kept.uuid = about AND kept.expert_id = {EVIDENCE}.expert_id"
APPROVES = f"{locks.cleared('approve')} OR {locks.on_list('expert_id', 'approve')}"
SEEN = f"""{changes.EVIDENCE_SEEN} AND (purpose <> 'exit' OR {APPROVES}
    OR EXISTS ({ITS_CASE} AND kept.state <> 'reversed'))"""
OPEN = f"""{changes.STILL_OPEN} AND (purpose <> 'exit' OR is_sensitive AND EXISTS (
    {ITS_CASE} AND (kept.state = 'pending' OR kept.review = 'asked')))"""
OUTLIVED = (
    f"""purpose = 'exit' AND EXISTS (SELECT FROM {CASE} kept WHERE kept.uuid = about AND {exits.CLOSED})"""
)


def policies(seen: str, still_open: str) -> str:
    return f"""
ALTER POLICY {EVIDENCE}_select ON {EVIDENCE} USING ({seen});
ALTER POLICY {EVIDENCE}_insert ON {EVIDENCE} WITH CHECK ({changes.WRITABLE} AND {seen} AND {still_open});
ALTER POLICY {EVIDENCE}_delete ON {EVIDENCE} USING ({changes.WRITABLE} AND {seen} AND {still_open});
"""


RETENTION = "".join(
    f"CREATE POLICY {EVIDENCE}_worker_{act.lower()} ON {EVIDENCE} FOR {act} TO liaison_worker USING ({OUTLIVED});\n"
    for act in ("SELECT", "DELETE")
)
BACKWARD = "".join(f"DROP POLICY {EVIDENCE}_worker_{act} ON {EVIDENCE};\n" for act in ("select", "delete"))


class Migration(migrations.Migration):
    dependencies = [("experts", "0025_exit_checked")]
    operations = [
        migrations.AlterField(
            model_name="evidence",
            name="purpose",
            field=models.CharField(
                choices=[("change", "信息变动"), ("exit", "应退办理")], max_length=10, verbose_name="用途"
            ),
        ),
        migrations.RunSQL(
            policies(SEEN, OPEN) + RETENTION,
            policies(changes.EVIDENCE_SEEN, changes.STILL_OPEN) + BACKWARD,
        ),
    ]
