"""When a class itself was last changed: calendars outside ask for it."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0015_coverage_by_halves")]

    operations = [
        migrations.AddField(
            model_name="trainingclass",
            name="changed_at",
            field=models.DateTimeField(
                auto_now_add=True, default=django.utils.timezone.now, verbose_name="改动时间"
            ),
            preserve_default=False,
        ),
    ]
