"""The reminders on the bench, step by step: each step in the database role that it has in the product."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liaison.bench import reminding
from liaison.bench.report import write_reminders
from liaison.management.commands.seed_load import is_marked

STEPS = ("clear", "plan", "deliver", "pages", "write")


class Command(BaseCommand):
    help = "Measure planning and delivery of reminders; prints JSON."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=STEPS)
        parser.add_argument("--most", type=int, default=reminding.DELIVERED, help="how many to deliver")
        parser.add_argument("--experts", type=int, default=0)
        parser.add_argument("--found", default="{}", help="JSON of the steps before, for `write`")

    def handle(self, *args: Any, step: str, most: int, experts: int, found: str, **options: Any) -> None:
        if not is_marked():
            raise CommandError("This database is not a bench; see seed_load.")
        settings.ROOT_URLCONF = "liaison.bench.pages"
        settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["testserver"], False
        match step:
            case "clear":
                reminding.clear()
            case "plan":
                self.stdout.write(json.dumps(reminding.planned()))
            case "deliver":
                self.stdout.write(json.dumps(reminding.delivered(most)))
            case "pages":
                self.stdout.write(json.dumps(reminding.meanwhile(), ensure_ascii=False))
            case "write":
                write_reminders(experts, json.loads(found))
