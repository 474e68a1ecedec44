"""A message is addressed by a random number; the database makes one for every row that is there already."""

import uuid

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0002_locks")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="uuid",
            field=models.UUIDField(
                default=uuid.uuid4,
                db_default=django.contrib.postgres.functions.RandomUUID(),
                unique=True,
                editable=False,
            ),
        ),
    ]
