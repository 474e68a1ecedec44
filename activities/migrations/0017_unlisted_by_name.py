"""Whoever is key by rule but on no roster is found among a million who are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0016_class_changed")]

    operations = [
        migrations.AddIndex(
            "coverage",
            models.Index(
                fields=["sort_key", "id"], condition=models.Q(is_listed=False), name="coverage_unlisted"
            ),
        ),
    ]
