"""Measure pages and exports on the bench that seed_load has filled (as liaison_app, as the web does)."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liaison.bench.exports import measure_exports
from liaison.bench.pages import ROUNDS, measure
from liaison.bench.report import write_table
from liaison.management.commands.seed_load import is_marked


class Command(BaseCommand):
    help = "Measure pages and exports for readers of all and of a tenth of the experts; prints JSON."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--experts", type=int, required=True, help="how many the bench was filled with")
        parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is asked for")
        parser.add_argument("--write", action="store_true", help="also write the table in docs/benchmarks.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_marked():
            raise CommandError("This database is not a bench; see seed_load.")
        settings.ROOT_URLCONF = "liaison.bench.pages"
        settings.ALLOWED_HOSTS = ["testserver"]
        settings.SECURE_SSL_REDIRECT = False
        found = {name: measure(name, options["rounds"]) for name in ("bench_tenth", "bench_all")}
        makings = measure_exports("bench_all")
        count = options["experts"]
        result = {
            "experts": count,
            "exports": [asdict(making) for making in makings],
            "readers": {name: [asdict(timing) for timing in timings] for name, timings in found.items()},
        }
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=1))
        if options["write"]:
            write_table(count, found, makings)
