"""Keys that cascade can wait for the commit, as in experts 0024."""

from importlib import import_module

from django.db import migrations

wait = import_module("experts.migrations.0024_keys_that_wait").wait


class Migration(migrations.Migration):
    dependencies = [("activities", "0018_due_by_name"), ("experts", "0024_keys_that_wait")]
    operations = [migrations.RunSQL(wait("activities"), migrations.RunSQL.noop)]
