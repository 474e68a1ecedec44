"""Behind `make bench`: `python -m liaison.bench 10000 100000 …` measures one size after the other.

Each size has servers and a data folder of its own under var/bench, filled on the first run and kept for the
next. From 100,000 on the table in docs/benchmarks.md is written; smaller sizes show that the bench works.
"""

import json
import os
import subprocess
import sys
from typing import Any

from liaison import embedded
from liaison.embedded.__main__ import prepare_environment, run
from liaison.problems import Problem

FOLDER = embedded.PROJECT / "var" / "bench"
TABLE_FROM = 100_000


def manage(role: str, *arguments: str) -> None:
    os.environ |= {"LIAISON_DB_ROLE": role, "LOG_LEVEL": "WARNING"}
    if run([sys.executable, "manage.py", *arguments]):
        raise Problem(f"manage.py {arguments[0]} failed.")


def measure(size: int) -> None:
    folder = FOLDER / str(size)
    os.environ["LIAISON_TEST_DATA"] = str(folder)
    prepare_environment()
    manage("owner", "migrate", "--verbosity", "0")
    manage("owner", "load_reference")
    parts = ("--entries", "--contacts", "--mark", "--once")
    manage("owner", "seed_load", "--experts", str(size), *parts)
    how = ["--write"] if size >= TABLE_FROM else ["--rounds", "10"]
    manage("app", "bench", "--experts", str(size), *how)
    measure_reminders(size)
    if size == TABLE_FROM:  # no roster is decided on a million at a time
        manage("owner", "bench_proposals")
    embedded.leave(folder)


def measure_reminders(size: int) -> None:
    """Each step as the role that it has in the product."""
    manage("owner", "bench_reminders", "clear")
    found = {"plan": asked("worker", "plan"), "pages": asked("app", "pages")}
    sys.stdout.write(json.dumps({"reminders": found}, ensure_ascii=False) + "\n")
    if size >= TABLE_FROM:
        manage("app", "bench_reminders", "write", "--experts", str(size), "--found", json.dumps(found))


def asked(role: str, step: str) -> dict[str, Any]:
    """What a step of the reminders' bench prints."""
    os.environ |= {"LIAISON_DB_ROLE": role, "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "manage.py", "bench_reminders", step]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603  our own command
    if done.returncode:
        raise Problem(f"manage.py bench_reminders {step} failed.")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    try:
        for size in sys.argv[1:]:
            measure(int(size))
    except (Problem, ValueError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
