"""The whole product as a person starts it: through the supervisor, in a data folder of its own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from liaison import embedded, service_urls
from liaison.embedded import processes

PROJECT = Path(__file__).resolve().parent.parent
READY = re.compile(r"^Ready: (http://127\.0\.0\.1:\d+/)$", re.MULTILINE)
OURS = (
    "LIAISON_",
    "DATABASE_",
    "REDIS_URL",
    "HTTPS",
    "WHITENOISE_",
    "STATIC_ROOT",
    "DJANGO_",
    "PYTEST_",
    *embedded.GENERATED,
)


def environment(data: Path, **extra: str) -> dict[str, str]:
    """The present environment without what the test run set, and with a data folder of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return clean | {"LIAISON_DATA": str(data), **extra}


def data_folder() -> Path:
    """A folder that an unprivileged user can enter, as PostgreSQL needs when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="liaison-test-"))
    folder.chmod(0o711)
    return folder / "data"


def remove(data: Path) -> None:
    shutil.rmtree(data.parent)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(data: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` on a data folder, in a process of its own."""
    return run(data, "manage.py", *arguments, **extra)


def run(data: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Python in the checkout, on a data folder, as somebody at a terminal would start it."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment(data, **extra),
        capture_output=True,
        text=True,
        timeout=120,
    )


def processes_of(data: Path) -> list[str]:
    """Command lines of living processes that belong to this data folder, by argument or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(process.name) != os.getpid() and (
            str(data) in arguments or f"LIAISON_DATA={data}".encode() in variables
        ):
            found.append(f"{process.name} {arguments}")
    return found


def wait_until_gone(data: Path, seconds: float) -> list[str]:
    """What is still alive after at most this time."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(data)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@dataclass
class Product:
    """One run of the supervisor."""

    data: Path
    port: int = field(default_factory=free_port)
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> Path:
        return self.data.parent / "output.txt"

    def start(self, seconds: float = 180) -> str:
        """Start and wait for the Ready line; returns its address."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "liaison.supervisor"],
                cwd=PROJECT,
                env=environment(self.data, LIAISON_PORT=str(self.port), **self.variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=processes.end_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            ready = READY.search(self.output.read_text())
            if ready:
                return ready.group(1)
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"The product did not become ready:\n{self.output.read_text()}")

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; returns the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(60)


def secrets_of(data: Path) -> dict[str, str]:
    return embedded.folder.load_secrets(embedded.data_folder(data))


def unset_addresses() -> dict[str, str]:
    """Every address variable, pointing nowhere; tests replace the one that they are about."""
    nowhere = "127.0.0.1:1"
    urls = {
        way.name: f"postgres://{way.role or 'liaison_owner'}:x@{nowhere}/liaison" for way in service_urls.WAYS
    }
    return urls | {service_urls.BROKER: f"redis://{nowhere}/0"}
