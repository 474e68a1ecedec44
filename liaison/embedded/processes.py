"""Child processes that never outlive us, and what their logs say."""

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LOG_LIMIT = 10 * 2**20
PR_SET_PDEATHSIG = 1
FATAL = re.compile(r"FATAL:|PANIC:|\berror: |No space left")
EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Configured|Problem): ")


def end_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """A hook for the child: the kernel sends it `sign` when the thread that started it ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def hook() -> None:
        prctl(PR_SET_PDEATHSIG, int(sign))
        if os.getppid() != parent:
            os._exit(1)

    return hook


def start(
    command: Sequence[str], *, log: Path, sign: signal.Signals = signal.SIGTERM, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, its output appended to `log`; it ends when we end."""
    with open_log(log) as output:
        return subprocess.Popen(  # noqa: S603  our own programs
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(sign),
            **{"stdin": subprocess.DEVNULL, **options},
        )


def stop(process: subprocess.Popen[bytes], sign: signal.Signals, seconds: float) -> None:
    """Ask a child to end, and end it when it does not."""
    if process.poll() is None:
        process.send_signal(sign)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def open_log(path: Path) -> Any:
    """Open a log for appending; a long one is kept once as `<name>.1`."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab")


def log_since(path: Path, offset: int) -> list[str]:
    """The lines that a log gained since it had `offset` bytes."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def reason(lines: list[str]) -> str:
    """The line of a log that names the cause: the first fatal one, the last exception, or the last line."""
    said = [line.strip() for line in lines if line.strip()]
    fatal = [line for line in said if FATAL.search(line)]
    exceptions = [line for line in said if EXCEPTION.match(line)]
    return (fatal[:1] or exceptions[-1:] or said[-1:] or ["it said nothing"])[0]


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def free_port(preferred: int = 0) -> int:
    """`preferred` when nothing listens on it, else a port that the system picks."""
    for port in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def answers(port: int) -> bool:
    """Whether something listens on this port of the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
