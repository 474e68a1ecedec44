"""A database of its own, a broker that can go away, beats and workers that can be killed: for the test that
nothing of the reminders is imitated in."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from django.db import connections

from liaison import service_urls
from liaison.embedded import processes
from liaison.embedded.binaries import Binaries, account_for
from liaison.embedded.valkey import Valkey
from tests import product

CELERY = [sys.executable, "-m", "celery", "-A", "liaison.celery:app"]
WORKER = [
    *CELERY,
    "worker",
    "--queues",
    "system",
    "--concurrency",
    "1",
    "--without-gossip",
    "--without-mingle",
]


def owner(database="postgres"):
    """A connection of its own, past everything that the suite has open."""
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])
    return psycopg2.connect(
        host=address.hostname, port=address.port, user=address.username, password=address.password,
        dbname=database,
    )  # fmt: skip


@contextmanager
def own_database(name):
    """A copy of the migrated test database, so that real processes see what is committed."""
    template = connections["default"].settings_dict["NAME"]
    connections.close_all()
    for statement in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {template}"):
        execute("postgres", statement)
    try:
        yield name
    finally:
        execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def execute(database, statement, params=None):
    """One statement as owner, committed at once; its rows if it has any."""
    with closing(owner(database)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []


class Broker:
    """A Valkey of its own, on one port, that comes and goes; it keeps nothing."""

    def __init__(self, folder):
        account = account_for(folder / "postgres")
        self.server = Valkey(account, Binaries(account), folder / "valkey.log", "secret")
        self.port = product.free_port()

    @property
    def url(self):
        return f"redis://:secret@127.0.0.1:{self.port}/0"

    def start(self):
        self.server.start(self.port)
        assert self.server.port == self.port

    def stop(self):
        self.server.stop()


class Crew:
    """Beats, workers and the loop, each in a session of its own."""

    def __init__(self, folder: Path, database, variables):
        self.folder, self.living = folder, {}
        names = [way.name for way in service_urls.WAYS]
        addresses = {
            name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl() for name in names
        }
        self.environment = os.environ | addresses | {"LIAISON_DB_ROLE": "worker"} | variables

    def start(self, name, command):
        self.living[name] = command, processes.start(
            command, log=self.folder / f"{name}.log", cwd=product.PROJECT, env=self.environment,
            sign=signal.SIGKILL,
        )  # fmt: skip

    def run(self, *arguments):
        """`manage.py` started and not waited for."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(
            command, cwd=product.PROJECT, env=self.environment, stdout=subprocess.PIPE, text=True
        )

    def start_all(self):
        for number in (1, 2):
            schedule = str(self.folder / f"schedule{number}")
            self.start(f"beat{number}", [*CELERY, "beat", "--pidfile", "", "--schedule", schedule])
        for number in (1, 2, 3):
            self.start(f"worker{number}", [*WORKER, "--hostname", f"worker{number}@%h"])

    def kill_a_worker(self, rng: random.Random, *, whole: bool):
        """SIGKILL to the process that does the work, or to a whole worker, which is then started anew."""
        name = rng.choice([name for name in self.living if name.startswith("worker")])
        command, process = self.living[name]
        if not whole and (children := children_of(process.pid)):
            os.kill(rng.choice(children), signal.SIGKILL)
            return
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        self.start(name, command)

    def stop(self, *names):
        for name in names or list(self.living):
            _, process = self.living.pop(name)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def logs(self):
        return {path.name: path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log")}


def children_of(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def wait_until(question, expected, seconds=240):
    """Ask again and again; what was answered last if it never is what is expected."""
    deadline = time.monotonic() + seconds
    while (found := question()) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
