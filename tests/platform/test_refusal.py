"""Web and workers refuse to run under a database role that row-level security does not hold."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from core.checks import unsafe_role
from tests.roles import as_role

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def start(code, role):
    environment = os.environ | {"LIAISON_DB_ROLE": role, "LIAISON_DEMO": "0", "HTTPS": "0"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )


WEB = "import liaison.wsgi"
WORKER = "from liaison.celery import refuse; import django; django.setup(); refuse()"


@pytest.mark.parametrize("code", [WEB, WORKER], ids=["web", "worker"])
def test_the_owner_does_not_serve(code, db):
    outcome = start(code, "owner")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("Refusing to start: this process connects to PostgreSQL as BYPASSRLS")
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize("code", [WEB, WORKER], ids=["web", "worker"])
def test_the_product_s_own_role_serves(code, db):
    outcome = start(code, "app")
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_unsafe_roles_are_told_apart(db):
    with as_role("liaison_app"), connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user")
        assert cursor.fetchone() == ("liaison_owner", "liaison_app")
    assert "BYPASSRLS" in unsafe_role()  # what counts is who signed in, not SET ROLE
