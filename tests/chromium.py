"""The Chromium that the browser journeys drive: found, else installed where that is possible.

`python -m tests.chromium` prints where it is, or says how to get it and fails.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHT_CACHE = ".cache/ms-playwright"
HOW = (
    "No Chromium found. Install one (Debian: `apt-get install chromium`; elsewhere:"
    " `.venv/bin/python -m playwright install chromium`) or set CHROMIUM to its path."
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def candidates() -> list[str]:
    """Where a Chromium may be, the chosen one first."""
    named = [os.environ.get("CHROMIUM", "")]
    on_path = [shutil.which(name) or "" for name in NAMES]
    downloaded = sorted(Path.home().glob(f"{PLAYWRIGHT_CACHE}/chromium-*/chrome-linux*/chrome"), reverse=True)
    return [path for path in [*named, *on_path, *map(str, downloaded)] if path]


def works(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


def install() -> None:
    """Through apt-get, as root; its output goes to stderr."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
    ):
        subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


@cache
def chromium() -> str:
    """The path of a Chromium that starts. Fails with what to do, never skips."""
    found = next(filter(works, candidates()), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install()
        found = next(filter(works, candidates()), None)
    if found is None:
        raise SystemExit(HOW)
    return found


if __name__ == "__main__":
    sys.stdout.write(f"Chromium: {chromium()}\n")
