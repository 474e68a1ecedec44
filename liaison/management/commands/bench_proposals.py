"""Deciding on everybody at once, on the bench."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from liaison.bench.deciding import decided
from liaison.management.commands.seed_load import is_marked


class Command(BaseCommand):
    help = (
        "Measure a proposal with a line for everybody of the city, as owner; prints JSON and keeps nothing."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_marked():
            raise CommandError("This database is not a bench; see seed_load.")
        self.stdout.write(json.dumps({"proposal": decided()}))
