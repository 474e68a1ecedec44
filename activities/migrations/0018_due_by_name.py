"""The list of experts filtered by how urgent the next contact is, in the order of names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0017_unlisted_by_name")]

    operations = [
        migrations.AddIndex(
            model_name="coverage",
            index=models.Index(
                condition=models.Q(("due_on__isnull", False)),
                fields=["sort_key", "due_on"],
                name="coverage_due_by_name",
            ),
        ),
    ]
