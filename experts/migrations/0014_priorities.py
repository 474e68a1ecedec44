from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0013_exits")]
    operations: list[object] = []
