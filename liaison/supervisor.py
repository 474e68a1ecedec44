"""Behind `make run`: servers, migration, data, then web, workers, beat, sealer and the reminders' loop, until
Ctrl-C or SIGTERM.

A child that ends after the product was ready is started again, later each time; one that ends before
that stops everything with the line that its log gives as the cause.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from liaison import database_roles, embedded, service_urls
from liaison.embedded import processes
from liaison.embedded.folder import DataFolder, Lock
from liaison.problems import Problem

PROJECT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
STOP_SECONDS = 12
LONGEST_PAUSE = 60
# What loopback without TLS needs; anything set in the environment wins.
DEFAULTS = {"LIAISON_DEMO": "1", "HTTPS": "0", "WHITENOISE_USE_FINDERS": "1"}


class Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


@dataclass
class Program:
    """One long-running child; `death` is the signal that the kernel sends it should we be killed."""

    name: str
    command: list[str]
    role: str
    log: Path
    death: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    offset: int = 0
    pause: float = field(default=1)
    resume_at: float = 0

    def start(self) -> None:
        self.offset = processes.size(self.log)
        self.started = time.monotonic()
        options = {"cwd": PROJECT, "env": os.environ | {"LIAISON_DB_ROLE": self.role}}
        self.process = processes.start(self.command, log=self.log, sign=self.death, **options)

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def cause(self) -> str:
        code = self.process.returncode if self.process else 0
        said = processes.reason(processes.log_since(self.log, self.offset))
        return f"{self.name} ended with code {code}: {said} (log: {self.log})"


def programs(folder: DataFolder, port: int) -> list[Program]:
    """The web, the two workers, beat, the sealer and the loop of the reminders, each under the database role
    that it needs."""
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "liaison.celery:app"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    web = [*python, "gunicorn", "liaison.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload"]
    log = folder.logs
    return [
        Program(
            "web",
            [*web, "--graceful-timeout", "8", "--no-control-socket"],
            "app",
            log / "web.log",
        ),
        Program(
            "worker-user",
            [*worker, "--queues", "user", "--hostname", "user@%h", "--concurrency", "2"],
            "app",
            log / "worker-user.log",
            signal.SIGKILL,
        ),
        Program(
            "worker-system",
            [*worker, "--queues", "system", "--hostname", "system@%h", "--concurrency", "1"],
            "worker",
            log / "worker-system.log",
            signal.SIGKILL,
        ),
        Program(
            "beat",
            [*celery, "beat", "--loglevel", "INFO", "--pidfile", "", "--schedule", str(folder.root / "beat")],
            "worker",
            log / "beat.log",
        ),
        Program(
            "sealer",
            [sys.executable, "manage.py", "audit_seal", "--every", "3"],
            "audit",
            log / "sealer.log",
        ),
        Program(
            "reminders",
            [sys.executable, "manage.py", "reminders", "run"],
            "worker",
            log / "reminders.log",
        ),
    ]


class Supervisor:
    """Runs the product on one data folder and one port."""

    def __init__(self) -> None:
        self.port = chosen_port()
        self.folder = embedded.data_folder()
        self.programs = programs(self.folder, self.port)
        self.embedded = not service_urls.external()

    def run(self) -> None:
        """Everything from an empty folder to Ready, then watch. Returns by an exception only."""
        self.folder.create()
        lock = Lock(self.folder.run_lock)
        if not lock.try_alone():
            raise Problem(f"The product already runs on {self.folder.root}; LIAISON_DATA chooses another.")
        check_port(self.port)
        for name, value in (DEFAULTS | {"STATIC_ROOT": str(self.folder.static)}).items():
            os.environ.setdefault(name, value)
        say(f"Data: {self.folder.root} (logs in {self.folder.logs})")
        self.bring_up_servers()
        self.prepare()
        for program in self.programs:
            program.start()
        self.wait_until_ready()
        say(f"Ready: http://127.0.0.1:{self.port}/")
        while True:
            self.watch()
            time.sleep(0.5)

    def bring_up_servers(self) -> None:
        """The embedded servers, or the ones that the environment names."""
        if self.embedded:
            embedded.ensure()
            return
        missing = [name for name in service_urls.REQUIRED if not service_urls.is_set(name)]
        if missing:
            raise Problem(f"The environment names a database, so {', '.join(missing)} must be set too.")
        service_urls.check_syntax()
        service_urls.check_broker()
        embedded.fill_secrets()
        database_roles.prepare_from_environment()
        for way in service_urls.WAYS:
            service_urls.check_database(way)

    def prepare(self) -> None:
        """Migrations, reference and demo data, in one process as the owner."""
        log = self.folder.logs / "prepare.log"
        program = Program("prepare", [sys.executable, "manage.py", "prepare"], "owner", log)
        program.start()
        while not program.ended():
            time.sleep(0.05)
        if program.process and program.process.returncode:
            raise Problem(f"Cannot prepare the database: {program.cause()}")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.healthy():
            for program in self.programs:
                if program.ended():
                    raise Problem(f"The product did not start: {program.cause()}")
            if time.monotonic() > deadline:
                raise Problem(f"Nothing answers on port {self.port} (logs in {self.folder.logs}).")
            time.sleep(0.1)

    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def watch(self) -> None:
        """Start again what has ended; without its embedded servers the product ends."""
        if self.embedded and not embedded.kept(self.folder):
            raise Problem(f"The embedded servers have stopped (logs in {self.folder.logs}); start again.")
        now = time.monotonic()
        for program in self.programs:
            if program.resume_at and now >= program.resume_at:
                program.resume_at = 0
                program.start()
            elif not program.resume_at and program.ended():
                steady = now - program.started > LONGEST_PAUSE
                program.pause = 1 if steady else min(program.pause * 2, LONGEST_PAUSE)
                program.resume_at = now + program.pause
                say(f"{program.cause()}; starting it again in {program.pause:.0f} s.")

    def stop(self) -> None:
        """Ask all children to end, then end those that do not, then leave the servers."""
        running = [program.process for program in self.programs if program.process]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            processes.stop(process, signal.SIGTERM, max(deadline - time.monotonic(), 0.1))
        embedded.leave(self.folder.root)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  this is what `make run` shows


def chosen_port() -> int:
    value = os.environ.get("LIAISON_PORT") or "8000"
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise Problem(f"LIAISON_PORT must be a port number; it is {value!r}.")
    return int(value)


def check_port(port: int) -> None:
    """Refuse a port that another program listens on, or that this user may not use."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Problem(f"Cannot use port {port}: {error.strerror}; LIAISON_PORT chooses one.") from error


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped


def main() -> int:
    stopping = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for sign in stopping:
        signal.signal(sign, interrupt)
    supervisor = None
    try:
        supervisor = Supervisor()
        supervisor.run()
    except Stopped:
        say("Stopping ...")
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'Cannot run'}: {error.strerror}.\n")
        return 1
    finally:
        for sign in stopping:
            signal.signal(sign, signal.SIG_IGN)
        if supervisor is not None:
            supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
