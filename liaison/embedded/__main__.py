"""Run a command as the tests run: on embedded servers of its own, as the owner of the database.

Usage: python -m liaison.embedded COMMAND [ARGUMENT…], for instance `… pytest tests/core`
The data lies in var/test, or in LIAISON_TEST_DATA; a running `make run` is not touched.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from liaison import embedded, service_urls
from liaison.embedded import processes
from liaison.problems import Problem

DEFAULTS = {"LIAISON_DB_ROLE": "owner", "LIAISON_DEMO": "0", "HTTPS": "0", "WHITENOISE_USE_FINDERS": "1"}


def prepare_environment() -> None:
    """Forget the addresses and secrets of another installation, and bring up servers for tests."""
    for name in (*service_urls.REQUIRED, *embedded.GENERATED):
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    data = os.environ.get("LIAISON_TEST_DATA") or embedded.PROJECT / "var" / "test"
    os.environ["LIAISON_DATA"] = str(data)
    os.environ.update(DEFAULTS | {"STATIC_ROOT": str(embedded.data_folder().static)})
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    embedded.ensure(fast=True)


def run(command: list[str]) -> int:
    """Run the command in the foreground; a SIGTERM for us is one for it."""
    process = subprocess.Popen(  # noqa: S603  what the person typed
        command, preexec_fn=processes.end_with_parent(signal.SIGTERM)
    )

    def forward(sign: int, _frame: FrameType | None) -> None:
        process.send_signal(sign)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the command too
    return process.wait()


def main() -> int:
    if len(sys.argv) < 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        prepare_environment()
        code = run(sys.argv[1:])
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]}: {error.strerror}.\n")
        return 1
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
