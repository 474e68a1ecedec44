"""Every route with the status that each persona gets."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from liaison.access import described


class Command(BaseCommand):
    help = "列出全部路由、方法和每类人员应得的状态码（与 tests/access 同一张表）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = described()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
            return
        for route in found:
            self.stdout.write(
                f"{route['name'] or '-':40} {','.join(route['methods']):10} /{route['pattern']}"
            )
