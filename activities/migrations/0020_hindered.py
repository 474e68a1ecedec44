"""Contacts that did not come about are few, and name the cause of gaps."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("activities", "0019_keys_that_wait")]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("state", "cancelled"), ("state", "missed"), _connector="OR"),
                fields=["hindrance", "on"],
                name="contact_hindered",
            ),
        ),
    ]
