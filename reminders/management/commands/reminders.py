"""`manage.py reminders plan | deliver | run`: what a tick does, by hand or in a loop of its own (as
liaison_worker).

`plan` and `deliver` print what they did; a second run with the same moment does nothing more. `run` ticks by
itself until SIGTERM: reminders come although the broker, beat or the workers are away.
"""

import argparse
import json
import logging
import signal
import threading
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core.checks import refuse_unsafe_role
from reminders.delivery import deliver
from reminders.engine import tick
from reminders.letters import queue_digests, send_letters
from reminders.planning import plan

log = logging.getLogger(__name__)
YEARS = range(2000, 2100)


def moment(text: str) -> datetime:
    """An ISO moment; without an offset it is Asia/Shanghai's."""
    with suppress(ValueError):  # of the right form, but no day or hour such as there is
        found = parse_datetime(text)
        if found is not None and found.year in YEARS:
            return found if timezone.is_aware(found) else timezone.make_aware(found)
    raise argparse.ArgumentTypeError(f"{text} is no moment such as 2026-11-23T08:30:00+08:00")


class Command(BaseCommand):
    help = "Plan and deliver reminders."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name, text in (("plan", "plan what is due"), ("deliver", "deliver what is planned and due")):
            act = acts.add_parser(name, help=text)
            act.add_argument(
                "--now", type=moment, help="as if it were this moment (ISO); the clock's otherwise"
            )
            act.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
        loop = acts.add_parser("run", help="tick until SIGTERM")
        loop.add_argument("--every", type=float, default=60, metavar="SECONDS")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        refuse_unsafe_role()
        if act == "run":
            self._run(options["every"])
            return
        now = options["now"] or timezone.now()
        done = _plan(now) if act == "plan" else _deliver(now)
        if options["as_json"]:
            self.stdout.write(json.dumps({"now": now.isoformat(), **done}, ensure_ascii=False))
            return
        for name, value in done.items():
            self.stdout.write(f"{name}: {value}")

    def _run(self, every: float) -> None:
        if every <= 0:
            raise CommandError("--every takes a number of seconds above 0.")
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        run(every, stop)


def _plan(now: datetime) -> dict[str, Any]:
    planned = plan(now, all_rules=True)
    return {"planned": sum(planned.values()), "rules": planned}


def _deliver(now: datetime) -> dict[str, Any]:
    done = deliver(now)
    digests = queue_digests(now)
    letters = send_letters(now)
    return {
        "delivered": done.sent,
        "dropped": done.dropped,
        "put_off": done.failed,
        "rules": dict(sorted(done.by_rule.items())),
        "digests": digests,
        "letters": dict(sorted(letters.items())),
    }


def run(every: float, stop: threading.Event) -> None:
    """Tick until `stop` is set. A database that goes away is asked again; anything else ends the process."""
    away = False
    while not stop.is_set():
        started = time.monotonic()
        try:
            tick()
        except (OperationalError, InterfaceError) as problem:
            connection.close()
            if not away:
                log.warning("The database does not answer; trying again every %s s: %s", every, problem)
            away = True
        else:
            if away:
                log.warning("The database answers again.")
            away = False
        stop.wait(max(every - (time.monotonic() - started), 0.1))
