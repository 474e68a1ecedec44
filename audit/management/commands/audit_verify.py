"""`manage.py audit_verify`: whether the trail is what was written."""

import argparse
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.verifying import Broken, verify


def head(text: str) -> tuple[int, str]:
    """NUMBER:DIGEST as the command prints it."""
    if not re.fullmatch(r"[0-9]{1,18}:[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError("a head is NUMBER:DIGEST, as audit_verify prints it")
    number, digest = text.split(":")
    return int(number), digest


class Command(BaseCommand):
    help = "Walk the sealed audit trail. Exit code 1 and the first bad row when it was tampered with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect", type=head, metavar="NUMBER:DIGEST", help="a head that was noted down earlier"
        )

    def handle(self, *args: Any, expect: tuple[int, str] | None, **options: Any) -> None:
        try:
            events, number, digest = verify(expected=expect)
        except Broken as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{events} events, head {number}:{digest}")
