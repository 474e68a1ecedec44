"""Wrong addresses: one clear line on stderr, exit code 1, no traceback and no password in it."""

import socket
from pathlib import Path

import pytest

from liaison import service_urls
from liaison.problems import Problem
from tests import product

SUPERVISOR = ("-m", "liaison.supervisor")
MALFORMED = [
    ("DATABASE_URL", "mysql://liaison_app:secret@host/name"),
    ("DATABASE_URL", "postgres://liaison_app:secret@host:port/name"),
    ("DATABASE_URL", "postgres://liaison_app:secret@host"),
    ("DATABASE_URL", "postgres://liaison_owner:secret@host/name"),
    ("DATABASE_WORKER_URL", "postgres://liaison_app:secret@host/name"),
    ("DATABASE_OWNER_URL", "liaison"),
    ("REDIS_URL", "http://:secret@host:6379"),
]


def one_line(error: str) -> str:
    (line,) = error.splitlines()
    return line


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_address_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    for variable, address in product.unset_addresses().items():
        monkeypatch.setenv(variable, address)
    service_urls.check_syntax()

    monkeypatch.setenv(name, value)

    with pytest.raises(Problem, match=f"^{name} ") as refused:
        service_urls.check_syntax()
    assert "secret" not in str(refused.value)


def test_address_from_a_file_is_read_and_stripped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://broker:6379/0\n")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))

    assert service_urls.variable("REDIS_URL") == "redis://broker:6379/0"


def test_missing_file_of_an_address_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))

    with pytest.raises(Problem, match=r"^REDIS_URL_FILE: cannot read .*: No such file or directory\.$"):
        service_urls.variable("REDIS_URL")


def test_run_with_half_of_the_addresses_names_the_others(data: Path) -> None:
    refused = product.run(data, *SUPERVISOR, DATABASE_URL="postgres://liaison_app:secret@127.0.0.1:1/liaison")

    assert refused.returncode == 1
    assert one_line(refused.stderr) == (
        "The environment names a database, so DATABASE_OWNER_URL, DATABASE_WORKER_URL, DATABASE_AUDIT_URL,"
        " REDIS_URL must be set too."
    )


def test_run_with_an_unreachable_broker_says_which(data: Path) -> None:
    refused = product.run(data, *SUPERVISOR, **product.unset_addresses())

    assert refused.returncode == 1
    assert one_line(refused.stderr).startswith("REDIS_URL: cannot connect to redis://127.0.0.1:1/0: ")


def test_unreachable_database_says_which_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("DATABASE_URL", f"postgres://liaison_app:secret@127.0.0.1:{port}/liaison")

    with pytest.raises(Problem) as refused:
        service_urls.check_database(service_urls.APP)

    message = one_line(str(refused.value))
    assert message.startswith(
        f"DATABASE_URL: cannot connect to postgres://liaison_app@127.0.0.1:{port}/liaison: "
    )
    assert "secret" not in message


def test_manage_py_with_an_unreachable_database_gives_one_line(data: Path) -> None:
    keys = {
        "SECRET_KEY": "x" * 60,
        "CONTEXT_KEY": "y",
        "AUDIT_KEY": "z",
        "FIELD_KEYS": f"k1:{'0' * 32}:{'0' * 64}",
    }

    refused = product.manage(data, "showmigrations", **product.unset_addresses(), **keys)

    assert refused.returncode == 1
    assert one_line(refused.stderr).startswith("The database did not answer as it should: ")
