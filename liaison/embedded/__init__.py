"""PostgreSQL and Valkey for one machine, shared by every process that works on the same data folder.

`ensure()` starts or joins them and fills the environment that settings read. Plain Python, without Django.
"""

import atexit
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from liaison import service_urls
from liaison.embedded import processes
from liaison.embedded.folder import DataFolder, Lock, load_secrets, make_secrets, read_json
from liaison.problems import Problem

__all__ = ("configure", "data_folder", "ensure", "fill_secrets", "kept", "leave", "serving")

PROJECT = Path(__file__).resolve().parent.parent.parent
GENERATED = ("SECRET_KEY", "CONTEXT_KEY", "FIELD_KEYS", "AUDIT_KEY")
NO_PORT = 1
PATIENCE_SECONDS = 120

_in_use: dict[Path, tuple[int, Lock]] = {}
_keepers: list[subprocess.Popen[str]] = []


def data_folder(data: Path | None = None) -> DataFolder:
    """The folder given, or LIAISON_DATA, or var/ in the checkout."""
    chosen = data or Path(os.environ.get("LIAISON_DATA") or PROJECT / "var")
    return DataFolder(chosen.expanduser().absolute())


def ensure(data: Path | None = None, *, fast: bool = False, quiet: bool = False) -> None:
    """Have servers answering and their addresses and secrets in the environment.

    With a database named in the environment nothing is started. Every process that called this holds
    the servers up until it ends or calls `leave`. `fast` trades safety against crashes for speed (tests).
    """
    folder = data_folder(data)
    if service_urls.external():
        service_urls.check_syntax()
        _fill(load_secrets(folder) if folder.secrets.exists() else {}, {})
        return
    folder.create()
    starting = Lock(folder.start_lock)
    starting.take_alone()
    try:
        _join(folder)
        _start_servers(folder, fast=fast, quiet=quiet)
    finally:
        starting.release()
    _configure_embedded(folder)


def configure(data: Path | None = None) -> None:
    """Fill the environment for a command that needs settings but no server."""
    folder = data_folder(data)
    if service_urls.external():
        ensure(data)
        return
    folder.create()
    starting = Lock(folder.start_lock)
    starting.take_alone()
    try:
        _configure_embedded(folder)
    finally:
        starting.release()


def fill_secrets(data: Path | None = None) -> None:
    """Fill the environment with the secrets of the folder, made on first use."""
    folder = data_folder(data)
    folder.create()
    _fill(make_secrets(folder), {})


def serving(data: Path | None = None) -> bool:
    """Whether the embedded servers of the folder answer."""
    folder = data_folder(data)
    known = read_json(folder.servers)
    ports = [int(known.get(name, NO_PORT)) for name in ("postgres_port", "valkey_port")]
    return kept(folder) and all(processes.answers(port) for port in ports)


def leave(root: Path) -> None:
    """Stop using the servers; the last one out stops them and waits for it."""
    owner, lock = _in_use.get(root, (0, None))
    if lock is None or owner != os.getpid():
        return
    del _in_use[root]
    folder = DataFolder(root)
    if lock.try_alone():  # nobody can join before this lock is released
        _ask_keeper_to_stop(folder)
        _wait_whilekept(folder)
    elif not lock.try_shared():  # taking it alone gives up the shared one first: the keeper was faster
        _wait_whilekept(folder)
    lock.release()


def _join(folder: DataFolder) -> None:
    """Hold the servers up until this process ends."""
    if folder.root in _in_use:
        return
    use = Lock(folder.use_lock)
    use.take_shared()
    _in_use[folder.root] = (os.getpid(), use)
    atexit.register(leave, folder.root)


def _start_servers(folder: DataFolder, *, fast: bool, quiet: bool) -> None:
    """Start a keeper unless one serves; one that is starting or stopping is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not serving(folder.root):
        if not kept(folder):
            _start_keeper(folder, fast=fast, quiet=quiet)
            return
        if time.monotonic() > deadline:
            raise Problem(f"The embedded servers neither answer nor stop (logs in {folder.logs}).")
        time.sleep(0.05)


def kept(folder: DataFolder) -> bool:
    """Whether a keeper lives."""
    keeper = Lock(folder.keeper_lock)
    try:
        return not keeper.try_shared()
    finally:
        keeper.release()


def _ask_keeper_to_stop(folder: DataFolder) -> None:
    with suppress(OSError, ValueError):
        if kept(folder):
            os.kill(int(folder.keeper_lock.read_text(encoding="ascii")), signal.SIGTERM)


def _wait_whilekept(folder: DataFolder) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while kept(folder) and time.monotonic() < deadline:
        time.sleep(0.05)


def _start_keeper(folder: DataFolder, *, fast: bool, quiet: bool) -> None:
    options = ["--fast"] if fast else []
    command = [sys.executable, "-m", "liaison.embedded.keeper", str(folder.root), *options]
    with processes.open_log(folder.logs / "keeper.log") as log:
        keeper = subprocess.Popen(  # noqa: S603  our own program
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    _keepers.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout as output:
        for line in output:
            kind, _, text = line.strip().partition(" ")
            if kind == "ready":
                return
            if kind == "problem":
                rest = output.read().strip()
                raise Problem(f"{text}\n{rest}".strip())
            if not quiet:
                sys.stderr.write(f"{text}\n")
    raise Problem(f"The embedded servers did not start (log: {folder.logs / 'keeper.log'}).")


def _configure_embedded(folder: DataFolder) -> None:
    secrets = make_secrets(folder)
    known = read_json(folder.servers)
    database = f"127.0.0.1:{known.get('postgres_port', NO_PORT)}/liaison"
    broker = f"127.0.0.1:{known.get('valkey_port', NO_PORT)}/0"
    names = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL"}
    names |= {"worker": "DATABASE_WORKER_URL", "audit": "DATABASE_AUDIT_URL"}
    addresses = {
        name: f"postgres://liaison_{role}:{secrets[role]}@{database}" for role, name in names.items()
    }
    addresses["REDIS_URL"] = f"redis://:{secrets['valkey']}@{broker}"
    _fill(secrets, addresses)


def _fill(secrets: dict[str, str], addresses: dict[str, str]) -> None:
    """Set what the environment does not set itself."""
    for name, value in (addresses | {name: secrets[name] for name in GENERATED if name in secrets}).items():
        if not service_urls.is_set(name):
            os.environ[name] = value
