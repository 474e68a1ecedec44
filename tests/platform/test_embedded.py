"""The embedded servers: shared by whoever uses them, stopped by the last, told apart when broken."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from liaison.embedded import binaries, processes
from liaison.embedded import folder as folders
from liaison.embedded.folder import DataFolder, make_secrets
from liaison.problems import Problem
from tests import product

HOLD = """
import os, sys, time
from liaison import embedded
embedded.ensure(fast=True)
print(os.environ["DATABASE_URL"], flush=True)
sys.stdin.readline()
"""


def hold(data: Path) -> subprocess.Popen[str]:
    """A process that uses the servers until it reads a line."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=product.PROJECT,
        env=product.environment(data),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> str:
    """End it in order; returns what it said on stderr."""
    _, error = process.communicate("\n", timeout=60)
    return error


def keepers(data: Path) -> list[str]:
    return [line for line in product.processes_of(data) if "liaison.embedded.keeper" in line]


def test_concurrent_first_starts_share_one_pair_of_servers(data: Path) -> None:
    users = [hold(data) for _ in range(3)]

    addresses = {address_of(user) for user in users}

    assert len(addresses) == 1
    assert "liaison_app:" in addresses.pop()
    assert len(keepers(data)) == 1
    assert [let_go(user) for user in users] == ["", "", ""]
    assert product.processes_of(data) == []


def test_servers_stay_until_the_last_user_leaves(data: Path) -> None:
    first, second = hold(data), hold(data)
    address = address_of(first)
    address_of(second)

    let_go(first)
    assert len(keepers(data)) == 1

    let_go(second)
    assert keepers(data) == []

    third = hold(data)
    assert address_of(third) == address
    let_go(third)


def test_servers_stop_when_their_only_user_is_killed(data: Path) -> None:
    user = hold(data)
    address_of(user)

    user.send_signal(signal.SIGKILL)
    user.communicate(timeout=60)

    assert product.wait_until_gone(data, 60) == []


def test_servers_do_not_outlive_their_keeper(data: Path) -> None:
    user = hold(data)
    address_of(user)

    os.kill(int(keepers(data)[0].split()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any("postgres" in line for line in product.processes_of(data)) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert [line for line in product.processes_of(data) if "postgres" in line] == []
    let_go(user)


def test_manage_py_brings_the_servers_up_and_stops_them(data: Path) -> None:
    alone = product.manage(data, "migrate", "core", "0001", "--verbosity", "0")

    assert (alone.returncode, alone.stderr) == (0, "")
    assert product.processes_of(data) == []


def test_data_folder_that_others_cannot_enter_is_used_all_the_same(data: Path) -> None:
    """As root the cluster lies where its unprivileged user can reach it, and that is said once."""
    data.parent.chmod(0o700)

    first = product.manage(data, "migrate", "core", "0001", "--verbosity", "0")
    second = product.manage(data, "showmigrations", "core")

    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    known = folders.read_json(data / "servers.json")
    cluster = Path(known["cluster"])
    owner = cluster.stat().st_uid
    if os.geteuid() == 0:
        shutil.rmtree(cluster.parent)
        assert cluster.parent == binaries.SYSTEM_FOLDER / product.secrets_of(data)["id"]
        assert first.stderr == f"Other users cannot enter {data}; the database files are in {cluster}.\n"
        assert owner != 0
    else:
        assert (cluster, first.stderr, owner) == (data / "postgres", "", os.geteuid())
    assert data.parent.stat().st_mode & 0o777 == 0o700
    assert "[X] 0001_context" in second.stdout


def test_command_without_a_database_starts_no_server(data: Path) -> None:
    answered = product.manage(data, "diffsettings")

    assert answered.returncode == 0
    assert "liaison_app" in answered.stdout
    assert not (data / "postgres").exists()


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)

    made = make_secrets(folder)

    assert make_secrets(folder) == made
    assert folder.secrets.stat().st_mode & 0o777 == 0o600
    name, cipher_key, index_key = made["FIELD_KEYS"].split(":")
    assert (name, len(bytes.fromhex(cipher_key)), len(bytes.fromhex(index_key))) == ("k1", 16, 32)
    assert len(set(made.values())) == len(made)


def broken_file(data: Path) -> None:
    data.write_text("not a folder")


def broken_secrets(data: Path) -> None:
    data.mkdir()
    (data / "secrets.json").write_text("{")


def broken_cluster(data: Path) -> None:
    (data / "postgres").mkdir(parents=True)


def older_cluster(data: Path) -> None:
    broken_cluster(data)
    (data / "postgres" / "PG_VERSION").write_text("16\n")


@pytest.mark.parametrize(
    ("breaking", "expected"),
    [
        (broken_file, "Cannot use the data folder {data}: "),
        (broken_secrets, "The data folder is broken: {data}/secrets.json cannot be read as JSON."),
        (
            broken_cluster,
            "The data folder is broken: {data}/postgres holds no PostgreSQL cluster (no PG_VERSION).",
        ),
        (older_cluster, "{data}/postgres was made by PostgreSQL 16; 18 is needed."),
    ],
)
def test_broken_data_folder_gives_one_line(data: Path, breaking, expected: str) -> None:
    breaking(data)

    refused = product.manage(data, "migrate")

    (line,) = refused.stderr.splitlines()
    assert refused.returncode == 1
    assert line.startswith(expected.format(data=data))


def test_full_disk_is_told_before_a_database_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DataFolder(tmp_path)
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize // 2**20
    folder.check_space()

    monkeypatch.setattr(folders, "NEEDED_MEGABYTES", free + 10_000)

    with pytest.raises(
        Problem, match=rf"^The disk of {tmp_path} is full: \d+ MB free, a new database needs \d+ MB\.$"
    ):
        folder.check_space()


def test_reason_prefers_the_cause_over_the_last_line() -> None:
    log = ["LOG: starting", "FATAL:  could not write: No space left on device", "LOG: shut down"]
    trace = [
        "Traceback (most recent call last):",
        '  File "x.py"',
        "django.db.utils.DataError: too long",
        "bye",
    ]

    assert processes.reason(log) == "FATAL:  could not write: No space left on device"
    assert processes.reason(trace) == "django.db.utils.DataError: too long"
    assert processes.reason(["one", "two", ""]) == "two"
    assert processes.reason([]) == "it said nothing"
