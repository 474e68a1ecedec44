from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0009_changes")]
    operations: list[object] = []
