"""How long a day's reminders take to plan and to deliver, and what the pages of readers take meanwhile.

Every expert of the bench has a liaison officer of the unit, and a day on which the next contact is due.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.moments import local
from liaison.bench.load import READERS
from liaison.bench.pages import BACKEND, asked
from reminders.delivery import deliver
from reminders.models import PlanMark
from reminders.planning import plan
from reminders.registry import REGISTRY

CLEAR = "DELETE FROM reminders_message; DELETE FROM reminders_plannedreminder; DELETE FROM reminders_tally"
PAGES = (
    ("list, page 1", "experts:list", ""),
    ("search, name", "experts:list", "?q=王砚"),
    ("inbox", "reminders:inbox", ""),
)
WORKERS, DELIVERED = 2, 20_000
ROUNDS = 60


def clear() -> None:
    """As owner: no reminder of an earlier round, and all rules planned until yesterday."""
    yesterday = morning() - timedelta(days=1)
    marks = {"planned_until": yesterday, "ticked_at": yesterday}
    with connection.cursor() as cursor:
        cursor.execute(CLEAR)
    for key in REGISTRY.rules:
        PlanMark.objects.update_or_create(rule=key, defaults=marks)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def morning() -> datetime:
    """Nine o'clock today, when the reminders of the day are due."""
    return local(timezone.now()).replace(hour=9, minute=0, second=0, microsecond=0)


def planned() -> dict[str, Any]:
    """As the worker: one day's planning of every rule."""
    started = time.perf_counter()
    found = plan(morning(), all_rules=True)
    return {"seconds": round(time.perf_counter() - started, 2), "reminders": sum(found.values())}


def delivered(most: int) -> dict[str, Any]:
    """As one of the workers."""
    started = time.perf_counter()
    done = deliver(morning(), most=most)
    return {"seconds": round(time.perf_counter() - started, 2), "reminders": done.total}


def meanwhile() -> dict[str, Any]:
    """As the web: the pages of a reader in quiet, and while two workers deliver."""
    client = Client()
    client.force_login(User.objects.get(username=list(READERS)[1]), backend=BACKEND)
    addresses = {name: reverse(route) + query for name, route, query in PAGES}
    quiet = {name: _median(client, address) for name, address in addresses.items()}
    started = time.perf_counter()
    busy: dict[str, list[float]] = {name: [] for name in addresses}
    with _workers() as workers:
        while any(worker.poll() is None for worker in workers):
            for name, address in addresses.items():
                busy[name].append(asked(client, address))
        outcomes = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers]
    return {
        "seconds": round(max((each["seconds"] for each in outcomes), default=0), 2),
        "reminders": sum(each["reminders"] for each in outcomes),
        "with_start": round(time.perf_counter() - started, 2),
        "pages": {name: {"quiet": quiet[name], "busy": _middle(busy[name])} for name in addresses},
    }


def _median(client: Client, address: str) -> float:
    return _middle([asked(client, address) for _ in range(ROUNDS)])


def _middle(times: list[float]) -> float:
    return round(median(times), 1) if times else 0.0


@contextmanager
def _workers() -> Iterator[list["subprocess.Popen[str]"]]:
    """Two processes as liaison_worker, each with half of the deliveries."""
    command = [sys.executable, "manage.py", "bench_reminders", "deliver", "--most", str(DELIVERED // WORKERS)]
    environment = os.environ | {"LIAISON_DB_ROLE": "worker"}
    workers = [
        subprocess.Popen(  # noqa: S603  our own command
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(WORKERS)
    ]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.wait(600)
