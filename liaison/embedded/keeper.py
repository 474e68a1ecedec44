"""The process that runs the embedded servers as long as anybody uses them.

Started by `liaison.embedded.ensure`, which holds a shared lock on the data folder, as every user of the
servers does. The keeper takes that lock alone as soon as nobody holds it, stops the servers and ends; the
kernel releases the lock of a process that dies, so no crash leaves servers behind.

Usage: python -m liaison.embedded.keeper FOLDER [--fast]; prints `note …` lines, then `ready` or `problem …`.
"""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from liaison import database_roles
from liaison.embedded.binaries import SYSTEM_FOLDER, Account, Binaries, account_for
from liaison.embedded.folder import DataFolder, Lock, make_passable, make_secrets, read_json, write_json
from liaison.embedded.postgres import Postgres
from liaison.embedded.valkey import Valkey
from liaison.problems import Problem

DATABASE = "liaison"
POLL_SECONDS = 0.2
LOCK_SECONDS = 10


class Keeper:
    """Starts the servers of one data folder and stops them when the last user has left."""

    def __init__(self, folder: DataFolder, *, fast: bool) -> None:
        self.folder = folder
        self.secrets = make_secrets(folder)
        cluster = self._existing_cluster()
        self.account = account_for(cluster or folder.root / "postgres")
        self.new = cluster is None
        self.cluster = cluster or self._place_for_cluster(self.account)
        binaries = Binaries(self.account)
        self.postgres = Postgres(
            self.cluster,
            self.account,
            binaries,
            folder.logs / "postgres.log",
            self.secrets["admin"],
            fast,
        )
        self.valkey = Valkey(self.account, binaries, folder.logs / "valkey.log", self.secrets["valkey"])
        self.stopping = False

    def _system_cluster(self) -> Path:
        return SYSTEM_FOLDER / self.secrets["id"] / "postgres"

    def _existing_cluster(self) -> Path | None:
        for cluster in (self.folder.root / "postgres", self._system_cluster()):
            if cluster.exists():
                return cluster
        return None

    def _place_for_cluster(self, account: Account) -> Path:
        """Inside the data folder, or in the system folder when the account cannot enter the data folder."""
        if account.can_enter(self.folder.root):
            return self.folder.root / "postgres"
        place = self._system_cluster()
        try:
            make_passable(place.parent)
            (place.parent / "belongs-to").write_text(f"{self.folder.root}\n", encoding="utf-8")
        except OSError as error:
            raise Problem(f"Cannot make {place.parent}: {error.strerror}.") from error
        say(f"note Other users cannot enter {self.folder.root}; the database files are in {place}.")
        return place

    def start(self) -> None:
        known = read_json(self.folder.servers)
        if self.new:
            self.folder.check_space()
            self.postgres.create()
        self.postgres.start(int(known.get("postgres_port", 0)))
        self.valkey.start(int(known.get("valkey_port", 0)))
        self._prepare_roles()
        write_json(
            self.folder.servers,
            {
                "postgres_port": self.postgres.port,
                "valkey_port": self.valkey.port,
                "cluster": str(self.cluster),
            },
        )

    def _prepare_roles(self) -> None:
        names = ("owner", "app", "worker", "audit", "backup")
        target = database_roles.Target(
            database=DATABASE,
            owner="liaison_owner",
            passwords={f"liaison_{name}": self.secrets[name] for name in names},
            owner_creates_databases=True,
        )
        database_roles.prepare(self.postgres.connection_arguments(), target)

    def wait_for_the_last_user(self) -> None:
        lock = Lock(self.folder.use_lock)
        while not self.stopping and self.postgres.alive() and self.valkey.alive():
            if lock.try_alone():
                return
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the protocol with the process that started us


def close_output() -> None:
    """Whoever started us reads until the end of our output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def take_charge(folder: DataFolder, lifetime: Lock) -> None:
    """Be the only keeper; others look at the lock for a moment, so one refusal means nothing."""
    deadline = time.monotonic() + LOCK_SECONDS
    while not lifetime.try_alone():
        if time.monotonic() > deadline:
            raise Problem(f"Another process keeps the embedded servers of {folder.root}.")
        time.sleep(0.02)
    folder.keeper_lock.write_text(f"{os.getpid()}\n", encoding="ascii")


def main() -> int:
    folder = DataFolder(Path(sys.argv[1]))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keeper = None
    try:
        lifetime = Lock(folder.keeper_lock)
        take_charge(folder, lifetime)
        keeper = Keeper(folder, fast="--fast" in sys.argv)
        signal.signal(signal.SIGTERM, keeper.ask_to_stop)
        keeper.start()
        say("ready")
        close_output()
        keeper.wait_for_the_last_user()
    except Problem as problem:
        say(f"problem {problem}")
        return 1
    except OSError as error:
        say(f"problem {error.filename or folder.root}: {error.strerror}.")
        return 1
    finally:
        if keeper is not None:
            keeper.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
