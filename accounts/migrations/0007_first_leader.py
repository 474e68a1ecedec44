"""The first leader of a unit 主要领导, who may keep in touch with more experts than the others (五（一）)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_faster_rights")]
    operations = [
        migrations.AddField(
            "unit",
            "first_leader",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="units_led",
                to=settings.AUTH_USER_MODEL,
                verbose_name="主要领导",
            ),
        ),
    ]
