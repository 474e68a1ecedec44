"""docker-compose.yml and the Dockerfile held against what the code reads.

No container is started here: a Docker engine is not needed, and nothing of one is imitated. What is
checked is what the files say; `check --deploy` runs under the variables that they set.
"""

import importlib
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.db import connection

from liaison import commands, service_urls, supervisor
from liaison.embedded import GENERATED
from tests import product

PROJECT = product.PROJECT
OURS = ("migrate", "web", "worker-user", "worker-system", "beat", "sealer", "reminders")
LASTING = ("postgres", "valkey", *OURS[1:])
MOUNTED = "/run/secrets/"
INTERPOLATED = re.compile(r"\$\{(\w+):?[?-]([^}]*)\}")
ROLE_VARIABLE = settings.DB_URLS


@cache
def compose() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))


def service(name: str) -> dict[str, Any]:
    return compose()["services"][name]


def arguments(name: str) -> list[list[str]]:
    """The commands that a service runs, one list for each."""
    command = service(name)["command"]
    if command[:2] != ["sh", "-c"]:
        return [command]
    (script,) = command[2:]
    return [shlex.split(part) for part in script.split("&&")]


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def variables_that_code_reads() -> set[str]:
    text = (PROJECT / "liaison" / "settings.py").read_text(encoding="utf-8")
    direct = re.findall(r"(?:env(?:\.\w+)?|required)\(\s*\"(\w+)\"", text)
    return {*direct, *settings.DB_URLS.values(), service_urls.ADMIN.name}


def test_services_are_those_of_the_architecture() -> None:
    assert set(compose()["services"]) == {*OURS, *LASTING}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_read_by_the_code(name: str) -> None:
    read = variables_that_code_reads()
    given = {variable.removesuffix("_FILE") for variable in service(name)["environment"]}

    assert given - read == set()


@pytest.mark.parametrize("name", OURS)
def test_every_required_variable_is_given(name: str) -> None:
    environment = service(name)["environment"]
    given = {variable.removesuffix("_FILE") for variable in environment}
    needed = {ROLE_VARIABLE[environment["LIAISON_DB_ROLE"]], "REDIS_URL", "ALLOWED_HOSTS", *GENERATED}

    assert needed - given == set()


def test_migrate_is_given_every_way_into_the_database() -> None:
    given = {variable.removesuffix("_FILE") for variable in service("migrate")["environment"]}

    assert {way.name for way in (*service_urls.WAYS, service_urls.ADMIN)} - given == set()


@pytest.mark.parametrize("name", OURS[1:])
def test_lasting_services_cannot_reach_the_owner(name: str) -> None:
    given = {variable.removesuffix("_FILE") for variable in service(name)["environment"]}
    own = ROLE_VARIABLE[service(name)["environment"]["LIAISON_DB_ROLE"]]

    assert {variable for variable in given if variable.startswith("DATABASE_")} == {own}


@pytest.mark.parametrize("name", OURS)
def test_secrets_come_from_files_that_the_service_mounts(name: str) -> None:
    environment = service(name)["environment"]
    ways = (way.name for way in (*service_urls.WAYS, service_urls.ADMIN))
    secret = {*ways, "REDIS_URL", "EMAIL_URL", *GENERATED}

    assert secret & set(environment) == set()
    mounted = {MOUNTED + granted for granted in service(name)["secrets"]}
    assert {value for variable, value in environment.items() if variable.endswith("_FILE")} == mounted


def test_make_secrets_makes_every_secret_once(tmp_path: Path) -> None:
    make = [sys.executable, str(PROJECT / "docker" / "make_secrets.py"), str(tmp_path / "secrets")]
    declared = {name: Path(entry["file"]).name for name, entry in compose()["secrets"].items()}

    first = subprocess.run(make, capture_output=True, text=True)
    files = {
        path.name: path.read_text() for path in (tmp_path / "secrets").iterdir() if path.name != ".gitignore"
    }
    second = subprocess.run(make, capture_output=True, text=True)

    assert first.returncode == 0
    assert declared == {name: name for name in files}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert second.returncode == 1
    assert "secrets are made once and together" in second.stderr
    assert files == {name: (tmp_path / "secrets" / name).read_text() for name in files}
    granted = {granted for name in compose()["services"] for granted in service(name)["secrets"]}
    assert granted == set(files)
    assert files["postgres_password"] in files["database_admin_url"]


def test_celery_queues_match_the_routes() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    served = {option(arguments(name)[0], "--queues") for name in ("worker-user", "worker-system")}
    local = {
        option(program.command, "--queues")
        for program in supervisor.programs(supervisor.embedded.data_folder(), 1)
        if "--queues" in program.command
    }

    assert served == {*routed, settings.CELERY_TASK_DEFAULT_QUEUE}
    assert local == served


def test_queues_have_the_same_database_role_here_and_in_make_run() -> None:
    local = {
        program.name: program.role for program in supervisor.programs(supervisor.embedded.data_folder(), 1)
    }

    assert local == {name: service(name)["environment"]["LIAISON_DB_ROLE"] for name in local}


@pytest.mark.parametrize("name", OURS)
def test_commands_exist(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.checks.refuse_unsafe_role", lambda: None)  # the suite itself works as owner
    for command in arguments(name):
        match command:
            case ["python", "manage.py", subcommand, *_]:
                assert subcommand in get_commands()
                assert commands.role_for([subcommand]) == service(name)["environment"]["LIAISON_DB_ROLE"]
            case ["gunicorn", module, *_]:
                assert callable(importlib.import_module(module).application)
            case ["celery", "-A", target, "worker" | "beat", *_]:
                module, _, attribute = target.partition(":")
                assert getattr(importlib.import_module(module), attribute).main == "liaison"
            case _:
                raise AssertionError(f"unknown program: {command}")


@pytest.mark.parametrize("name", LASTING)
def test_lasting_services_have_health_checks_and_restart(name: str) -> None:
    test = service(name)["healthcheck"]["test"]

    assert test[0] in {"CMD", "CMD-SHELL"}
    assert service(name)["restart"] == "unless-stopped"
    if name in OURS:
        program, flag, module, kind, *_ = test[1:]
        assert (program, flag, module) == ("python", "-m", "liaison.health")
        assert callable(getattr(importlib.import_module(module), kind))


def test_worker_health_checks_ask_the_name_that_the_worker_has() -> None:
    for name in ("worker-user", "worker-system"):
        asked = service(name)["healthcheck"]["test"][-1]
        assert option(arguments(name)[0], "--hostname") == f"{asked}@%h"


@pytest.mark.parametrize("name", [*OURS, "postgres", "valkey"])
def test_no_container_runs_as_root_or_gains_rights(name: str) -> None:
    assert service(name)["user"] in {"10001:10001", "postgres", "valkey"}
    assert service(name)["cap_drop"] == ["ALL"]
    assert service(name)["security_opt"] == ["no-new-privileges:true"]


def test_image_ends_as_a_user_with_the_id_that_compose_names() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]

    assert users == ["liaison"]
    assert any("useradd --uid 10001" in line for line in lines)


def test_only_the_page_is_published_and_only_to_this_machine() -> None:
    published = {name: entry["ports"] for name, entry in compose()["services"].items() if "ports" in entry}

    assert published == {"web": ["127.0.0.1:${LIAISON_PORT:-8000}:8000"]}
    assert compose()["networks"]["servers"] == {"internal": True}


@pytest.mark.django_db
def test_check_deploy_is_clean_under_the_variables_of_web(tmp_path: Path) -> None:
    """Only the address of the database is another one: that of the migrated test database."""
    folder = tmp_path / "secrets"
    subprocess.run(
        [sys.executable, str(PROJECT / "docker" / "make_secrets.py"), str(folder)],
        check=True,
        capture_output=True,
    )
    given = {
        name: INTERPOLATED.sub("liaison.example.org", str(value)).replace(MOUNTED, f"{folder}/")
        for name, value in service("web")["environment"].items()
    }

    database = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    (folder / "database_url").unlink()
    (folder / "database_url").write_text(address)

    checked = product.manage(tmp_path, "check", "--deploy", "--fail-level", "DEBUG", **given)

    assert checked.stderr == ""
    assert checked.stdout.startswith("System check identified no issues")
    assert checked.returncode == 0
