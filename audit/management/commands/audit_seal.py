"""`manage.py audit_seal`: chains new events every few seconds, until SIGTERM."""

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection

from audit.chain import LOWEST
from audit.sealing import seal_all
from core.checks import refuse_unsafe_role

SWEEP = 60  # seconds between two looks at everything, for what was committed late
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Seal new events of the audit trail. Runs as liaison_audit until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=3, metavar="SECONDS")
        parser.add_argument("--once", action="store_true", help="seal what is there and end")

    def handle(self, *args: Any, every: float, once: bool, **options: Any) -> None:
        if every <= 0:
            raise CommandError("--every takes a number of seconds above 0.")
        refuse_unsafe_role()
        if once:
            sealed, _ = seal_all()
            self.stdout.write(f"{sealed} events sealed.")
            return
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        run(every, stop)


def run(every: float, stop: threading.Event) -> None:
    """Seal until `stop` is set. A database that goes away is asked again; anything else ends the process."""
    after, swept, away = LOWEST, float("-inf"), False
    while not stop.is_set():
        if time.monotonic() - swept > SWEEP:
            after, swept = LOWEST, time.monotonic()
        try:
            _, after = seal_all(after=after)
        except (OperationalError, InterfaceError) as problem:
            connection.close()
            if not away:
                log.warning("The database does not answer; trying again every %s s: %s", every, problem)
            away, swept = True, float("-inf")
        else:
            if away:
                log.warning("The database answers again.")
            away = False
        stop.wait(every)
