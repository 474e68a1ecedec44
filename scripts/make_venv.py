"""Make .venv and install the pinned requirements, when they have changed since the last time.

Usage: python3 scripts/make_venv.py requirements.txt [requirements-dev.txt]
Runs under older versions of Python 3 too, to say which one is needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NEEDED = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11")
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def suitable_python() -> str:
    """This Python, or a newer one on the PATH."""
    if sys.version_info >= NEEDED:
        return sys.executable
    for name in CANDIDATES:
        found = shutil.which(name)
        if found:
            return found
    here = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(f"Python 3.11 or newer is needed, this is {here}; `make PYTHON=/path/to/python3` chooses one.")


def run(command: Sequence[str], failure: str) -> None:
    """Run a command that shows its output only when it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    if result.returncode:
        sys.stderr.write(result.stdout)
        sys.exit(failure)


def works(*arguments: str) -> bool:
    """Whether the Python of .venv runs this."""
    command = [str(PYTHON), *arguments]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0  # noqa: S603
    except OSError:
        return False


def make_venv() -> None:
    run(
        [suitable_python(), "-m", "venv", "--clear", str(VENV)],
        "Cannot make .venv; on Debian and Ubuntu install the package python3-venv.",
    )


def digest(requirements: str) -> str:
    """Changes with the file and with the one that it includes."""
    content = (ROOT / "requirements.txt").read_bytes() + (ROOT / requirements).read_bytes()
    return hashlib.sha256(content).hexdigest()


def install(requirements: str) -> None:
    stamp = VENV / (".stamp-" + requirements)
    wanted = digest(requirements)
    if stamp.exists() and stamp.read_text() == wanted and works("-c", ""):
        return
    if not works("-m", "pip", "--version"):
        make_venv()
    sys.stdout.write(f"Installing {requirements} into .venv ...\n")
    sys.stdout.flush()
    run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(ROOT / requirements)],
        f"Cannot install {requirements}; the lines above say why.",
    )
    stamp.write_text(wanted)


def main() -> None:
    """One process at a time works on .venv; this file is the lock, since .venv may be emptied."""
    try:
        with open(__file__, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for requirements in sys.argv[1:]:
                install(requirements)
    except OSError as error:
        sys.exit(f"Cannot make .venv: {error}")


if __name__ == "__main__":
    main()
