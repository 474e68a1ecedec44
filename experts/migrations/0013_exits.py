from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0012_history")]
    operations: list[object] = []
