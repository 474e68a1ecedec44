"""Officers are told of exits by experts/telling.py; of the end of a pairing only leaders are, who are not among
them. So nobody hears of one exit twice."""

from importlib import import_module

from django.db import migrations

pairings = import_module("activities.migrations.0011_pairings")
CREATE, REPLACE = "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
EVERYBODY = "RETURNING pairing.person_id, pairing.place)", "FILTER (WHERE person_id <> actor)"
LEADERS = (
    "RETURNING pairing.person_id, pairing.place, pairing.kind)",
    "FILTER (WHERE person_id <> actor AND kind = 'leader')",
)
BACKWARD = pairings.CLOSING.replace(CREATE, REPLACE)
FORWARD = BACKWARD.replace(EVERYBODY[0], LEADERS[0]).replace(EVERYBODY[1], LEADERS[1])


class Migration(migrations.Migration):
    dependencies = [("activities", "0011_pairings"), ("experts", "0020_telling")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
