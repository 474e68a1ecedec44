"""Since when somebody is invited. Who was invited before this is not told of it again."""

import django.utils.timezone
from django.db import migrations, models

BEFORE = """
UPDATE activities_invitation invited SET invited_at = gathering.created_at
FROM activities_gathering gathering WHERE gathering.id = invited.gathering_id
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0020_hindered")]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="invited_at",
            field=models.DateTimeField(
                auto_now_add=True, default=django.utils.timezone.now, verbose_name="邀请时间"
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
