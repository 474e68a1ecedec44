"""The embedded Valkey: a broker that only wakes workers, so nothing of it is kept."""

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from liaison.embedded import processes
from liaison.embedded.binaries import Account, Binaries
from liaison.problems import Problem

START_SECONDS = 30
CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
daemonize no
maxmemory-policy noeviction
"""


@dataclass
class Valkey:
    """One server; its configuration goes in through stdin, so that `ps` shows no password."""

    account: Account
    binaries: Binaries
    log: Path
    password: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self, preferred_port: int) -> None:
        """Start the server and wait until it answers."""
        self.port = processes.free_port(preferred_port)
        offset = processes.size(self.log)
        self.process = processes.start(
            [str(self.binaries.valkey), "-"],
            log=self.log,
            cwd="/",
            env=self.binaries.environment(),
            stdin=subprocess.PIPE,
            **self.account.popen_arguments(),
        )
        configuration = CONFIGURATION.format(port=self.port, password=self.password)
        assert self.process.stdin is not None
        self.process.stdin.write(configuration.encode())
        self.process.stdin.close()
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                cause = processes.reason(processes.log_since(self.log, offset))
                self.stop()
                raise Problem(f"Valkey did not start: {cause} (log: {self.log})")
            time.sleep(0.02)

    def _accepts(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, signal.SIGTERM, 10)
