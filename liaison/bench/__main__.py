"""Behind `make bench`: `python -m liaison.bench 10000 100000 …` measures one size after the other.

Each size has servers and a data folder of its own under var/bench, filled on the first run and kept for the
next. From 100,000 on the table in docs/benchmarks.md is written; smaller sizes show that the bench works.
"""

import os
import sys

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
    manage("owner", "seed_load", "--experts", str(size), "--entries", "--mark", "--once")
    manage("app", "bench", "--experts", str(size), *(["--write"] if size >= TABLE_FROM else []))
    embedded.leave(folder)


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
