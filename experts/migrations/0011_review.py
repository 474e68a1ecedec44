from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0010_identity")]
    operations: list[object] = []
