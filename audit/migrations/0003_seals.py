"""Events carry a mark of our code, and seals chain them."""

from django.db import migrations, models

TRIGGER = "ALTER TABLE audit_event {} TRIGGER audit_event_append_only"


def mark_events(apps, schema_editor):
    """Mark what was recorded before there were marks, by the code that will check them."""
    from audit.chain import COLUMNS, facts_of, mark_of

    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TRIGGER.format("DISABLE"))
        cursor.execute("UPDATE audit_event SET nonce = gen_random_uuid()")
        last = 0
        while True:
            cursor.execute(
                f"SELECT id, {', '.join(COLUMNS.values())} FROM audit_event event"
                " WHERE id > %s ORDER BY id LIMIT 1000",
                [last],
            )
            rows = cursor.fetchall()
            if not rows:
                break
            marks = [(mark_of(facts_of(row[1:])), row[0]) for row in rows]
            cursor.executemany("UPDATE audit_event SET mark = %s WHERE id = %s", marks)
            last = rows[-1][0]
        cursor.execute(TRIGGER.format("ENABLE ALWAYS"))


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.AlterField("event", "at", models.DateTimeField(verbose_name="时间")),
        migrations.AddField("event", "nonce", models.UUIDField(editable=False, null=True)),
        migrations.AddField("event", "mark", models.CharField(max_length=64, editable=False, null=True)),
        migrations.RunPython(mark_events, migrations.RunPython.noop),
        migrations.AlterField("event", "nonce", models.UUIDField(editable=False)),
        migrations.AlterField("event", "mark", models.CharField(max_length=64, unique=True, editable=False)),
        migrations.AlterModelOptions(
            "event",
            {"ordering": ["-at", "-id"], "verbose_name": "审计记录", "verbose_name_plural": "审计记录"},
        ),
        migrations.RemoveIndex("event", "audit_event_reference"),
        migrations.AddIndex("event", models.Index(fields=["at", "id"], name="audit_event_by_time")),
        migrations.AddIndex(
            "event", models.Index(fields=["username", "at", "id"], name="audit_event_by_user")
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["reference", "at", "id"], name="audit_event_by_reference")
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "number",
                    models.BigIntegerField(primary_key=True, serialize=False, verbose_name="封存序号"),
                ),
                ("event_id", models.BigIntegerField(unique=True)),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
                ("sealed_at", models.DateTimeField(verbose_name="封存时间")),
            ],
            options={
                "verbose_name": "审计封存",
                "verbose_name_plural": "审计封存",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("mac", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "审计封存末端",
                "verbose_name_plural": "审计封存末端",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="audit_head_single")
                ],
            },
        ),
    ]
