from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("experts", "0011_review")]
    operations: list[object] = []
