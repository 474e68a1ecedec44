"""`make run` from the outside: started, asked over HTTP, stopped by signals, given wrong things."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from tests import product
from tests.product import Product

# One worker runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("run")
NO_DEMO = {"LIAISON_DEMO": "0"}
PATIENCE = 60  # seconds at most; other tests run at the same time


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data folder for the module, since a first start takes its time."""
    folder = product.data_folder()
    yield folder
    left = product.wait_until_gone(folder, 30)
    product.remove(folder)
    assert left == []


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[Product]:
    running = Product(data, variables=NO_DEMO)
    running.start()
    yield running
    running.stop()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def connect_as_owner(data: Path) -> Connection:
    secrets = product.secrets_of(data)
    port = product.embedded.folder.read_json(data / "servers.json")["postgres_port"]
    return psycopg2.connect(
        host="127.0.0.1", port=port, user="liaison_owner", password=secrets["owner"], dbname="liaison"
    )


def beats(data: Path) -> list[str]:
    return [line for line in product.processes_of(data) if "app beat" in line]


def comes_true(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it holds within the time."""
    deadline = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds


def lines(process: subprocess.CompletedProcess[str]) -> list[str]:
    return process.stderr.splitlines()


def test_ready_when_the_page_answers_and_manage_py_joins(running: Product, data: Path) -> None:
    assert get(running.port, "/healthz") == (200, "ok")

    keeper = (data / ".keeper.lock").read_text()
    joined = product.manage(data, "showmigrations", "core", "--plan")

    assert (joined.returncode, joined.stderr) == (0, "")
    assert "[X]  core.0001_context" in joined.stdout
    assert (data / ".keeper.lock").read_text() == keeper
    assert get(running.port, "/healthz") == (200, "ok")


def test_a_child_that_dies_is_named_and_started_again(running: Product, data: Path) -> None:
    (beat,) = beats(data)

    os.kill(int(beat.split()[0]), signal.SIGKILL)

    # A killed process is listed for another moment: only a beat with another number is the next one.
    assert comes_true(lambda: beats(data) not in ([], [beat]))
    assert "beat ended with code -9" in running.output.read_text()


def test_the_sealer_chains_the_trail_which_then_verifies(running: Product, data: Path) -> None:
    waiting, deadline = 1, time.monotonic() + PATIENCE
    with connect_as_owner(data) as connection, connection.cursor() as cursor:
        while waiting and time.monotonic() < deadline:
            time.sleep(0.2)
            cursor.execute("SELECT (SELECT count(*) FROM audit_event) - (SELECT count(*) FROM audit_seal)")
            (waiting,) = cursor.fetchone() or (1,)
        cursor.execute("SELECT number || ':' || digest FROM audit_head")
        (head,) = cursor.fetchone() or ("",)
    connection.close()

    verified = product.manage(data, "audit_verify", "--expect", head)

    assert (waiting, verified.returncode, verified.stderr) == (0, 0, "")
    assert verified.stdout.endswith(f" events, head {head}\n")


def test_second_run_on_the_same_data_is_refused(running: Product, data: Path) -> None:
    refused = product.run(data, "-m", "liaison.supervisor", LIAISON_PORT=str(product.free_port()))

    assert refused.returncode == 1
    assert lines(refused) == [f"The product already runs on {data}; LIAISON_DATA chooses another."]


def test_taken_port_gives_one_line_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        refused = product.run(tmp_path, "-m", "liaison.supervisor", LIAISON_PORT=str(port))

    assert refused.returncode == 1
    assert lines(refused) == [f"Cannot use port {port}: Address already in use; LIAISON_PORT chooses one."]
    assert product.processes_of(tmp_path) == []


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_impossible_port_gives_one_line(tmp_path: Path, port: str) -> None:
    refused = product.run(tmp_path, "-m", "liaison.supervisor", LIAISON_PORT=port)

    assert refused.returncode == 1
    assert lines(refused) == [f"LIAISON_PORT must be a port number; it is {port!r}."]


def test_stop_leaves_no_process_and_the_next_start_continues(running: Product, data: Path) -> None:
    parts = ("keeper", "postgres", "gunicorn", "user@%h", "system@%h", "app beat", "audit_seal", "reminders")
    assert comes_true(lambda: all(part in " ".join(product.processes_of(data)) for part in parts))
    with connect_as_owner(data) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    connection.close()
    secrets = (data / "secrets.json").read_bytes()

    assert running.stop(signal.SIGTERM) == 0
    assert product.processes_of(data) == []

    running.start()
    with connect_as_owner(data) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept")
        assert cursor.fetchone() == (42,)
    connection.close()
    assert (data / "secrets.json").read_bytes() == secrets

    running.stop(signal.SIGKILL)
    assert product.wait_until_gone(data, PATIENCE) == []
