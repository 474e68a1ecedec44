from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0007_held")]
    operations: list[object] = []
