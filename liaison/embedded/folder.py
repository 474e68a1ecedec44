"""The data folder: its files, its secrets made once, and the locks that processes sharing it hold."""

import fcntl
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liaison.problems import Problem

NEEDED_MEGABYTES = 200
PASSWORDS = ("admin", "owner", "app", "worker", "audit", "backup", "valkey")


@dataclass(frozen=True)
class DataFolder:
    """Paths below the data folder. Other users may pass through it (0711) but not list it."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def servers(self) -> Path:
        """Where the running (or last running) servers listen."""
        return self.root / "servers.json"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def static(self) -> Path:
        """Where collected static files would be; empty, since `make run` serves them from their sources."""
        return self.root / "static"

    @property
    def start_lock(self) -> Path:
        """Held alone while servers are being started."""
        return self.root / ".start.lock"

    @property
    def use_lock(self) -> Path:
        """Held shared by every process that uses the servers; the keeper takes it alone to stop them."""
        return self.root / ".use.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held alone by the keeper as long as it lives."""
        return self.root / ".keeper.lock"

    @property
    def run_lock(self) -> Path:
        """Held alone by `make run`."""
        return self.root / ".run.lock"

    def create(self) -> None:
        """Make the folder, or say in one line why it cannot be used."""
        try:
            make_passable(self.root)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self.static.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise Problem(f"Cannot use the data folder {self.root}: {error.strerror}.") from error

    def check_space(self) -> None:
        """A new database needs room; a full disk says so before anything is half made."""
        status = os.statvfs(self.root)
        free = status.f_bavail * status.f_frsize // 2**20
        if free < NEEDED_MEGABYTES:
            raise Problem(
                f"The disk of {self.root} is full: {free} MB free,"
                f" a new database needs {NEEDED_MEGABYTES} MB."
            )


def make_passable(path: Path) -> None:
    """Make a folder and those above it that are missing, open to pass through whatever the umask says."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)


def load_secrets(folder: DataFolder) -> dict[str, str]:
    """The secrets of this folder; empty when it has none yet."""
    return read_json(folder.secrets)


def make_secrets(folder: DataFolder) -> dict[str, str]:
    """The secrets of this folder, made on first use and readable by their owner only."""
    known = load_secrets(folder)
    if known:
        return known
    made = {name: secrets.token_hex(24) for name in PASSWORDS} | {
        "id": secrets.token_hex(6),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "CONTEXT_KEY": secrets.token_hex(32),
        "FIELD_KEYS": f"k1:{secrets.token_hex(16)}:{secrets.token_hex(32)}",
        "AUDIT_KEY": secrets.token_hex(32),
    }
    write_json(folder.secrets, made)
    return made


def read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Problem(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise Problem(f"The data folder is broken: {path} cannot be read as JSON.") from error
    if not isinstance(content, dict):
        raise Problem(f"The data folder is broken: {path} does not hold what it should.")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step, mode 0600."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        raise Problem(f"Cannot write {path}: {error.strerror}.") from error


class Lock:
    """An advisory lock on a file; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Problem(f"Cannot use the data folder: {path}: {error.strerror}.") from error

    def take_alone(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def take_shared(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def try_alone(self) -> bool:
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        os.close(self._descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
