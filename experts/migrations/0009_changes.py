from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0008_roster")]
    operations: list[object] = []
