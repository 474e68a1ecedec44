"""The embedded PostgreSQL: made by initdb, reached over TCP on the loopback interface with SCRAM."""

import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from liaison.embedded import processes
from liaison.embedded.binaries import POSTGRES_VERSION, Account, Binaries
from liaison.problems import Problem

SUPERUSER = "postgres"
START_SECONDS = 120
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # The log outlives the data and has no row-level security: no statements, no values.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    # Nor has pg_stat_activity: each session of a role would read the statements of its others.
    "track_activities": "off",
}
# For tests only: a crash may lose the cluster.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """One cluster and the server that runs it."""

    cluster: Path
    account: Account
    binaries: Binaries
    log: Path
    password: str
    fast: bool = False
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster beside its final place and move it there when it is whole."""
        staging = self.cluster.with_name(f"{self.cluster.name}.new")
        try:
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(mode=0o700)
            self.account.own(staging)
            self._initdb(staging)
            staging.rename(self.cluster)
        except OSError as error:
            raise Problem(f"Cannot make the database in {self.cluster}: {error.strerror}.") from error

    def _initdb(self, staging: Path) -> None:
        offset = processes.size(self.log)
        with tempfile.NamedTemporaryFile("w", dir=staging.parent, prefix=".password-") as password:
            password.write(self.password)
            password.flush()
            self.account.own(Path(password.name))
            options = [
                f"--pgdata={staging}",
                f"--username={SUPERUSER}",
                f"--pwfile={password.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(["--no-sync"] if self.fast else []),
            ]
            child = processes.start(
                [*self.binaries.postgres("initdb"), *options],
                log=self.log,
                cwd="/",
                env=self.binaries.environment(),
                **self.account.popen_arguments(),
            )
            if child.wait() != 0:
                cause = processes.reason(processes.log_since(self.log, offset))
                raise Problem(f"Cannot make the database in {self.cluster}: {cause} (log: {self.log})")

    def check(self) -> None:
        """Refuse a folder that this PostgreSQL cannot run."""
        try:
            version = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise Problem(
                f"The data folder is broken: {self.cluster} holds no PostgreSQL cluster (no PG_VERSION)."
            ) from error
        if version != str(POSTGRES_VERSION):
            raise Problem(f"{self.cluster} was made by PostgreSQL {version}; {POSTGRES_VERSION} is needed.")

    def start(self, preferred_port: int) -> None:
        """Start the server and wait until it takes a connection."""
        self.check()
        self.port = processes.free_port(preferred_port)
        offset = processes.size(self.log)
        settings = SETTINGS | {"port": str(self.port)} | (FAST_SETTINGS if self.fast else {})
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = processes.start(
            [*self.binaries.postgres("postgres"), "-D", str(self.cluster), *arguments],
            log=self.log,
            sign=signal.SIGINT,
            cwd="/",
            env=self.binaries.environment(),
            **self.account.popen_arguments(),
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                cause = processes.reason(processes.log_since(self.log, offset))
                self.stop()
                raise Problem(f"PostgreSQL did not start: {cause} (log: {self.log})")
            time.sleep(0.05)

    def _accepts(self) -> bool:
        try:
            psycopg2.connect(**self.connection_arguments(), connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Problem(
                    f"The data folder is broken: {self.cluster} does not take the password in secrets.json."
                ) from error
            return False
        return True

    def connection_arguments(self) -> dict[str, str | int]:
        """How the superuser of the cluster signs in."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": SUPERUSER,
            "password": self.password,
            "dbname": "postgres",
        }

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """A fast shutdown: sessions are ended, everything is written."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGINT, 60)
