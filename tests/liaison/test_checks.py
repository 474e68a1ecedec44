"""`check --deploy`: what must not be so where real people sign in."""

from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import DatabaseError

from accounts.models import User
from tests.factories import make_user


def deploy_ids():
    return {
        message.id
        for message in run_checks(include_deployment_checks=True)
        if message.id.startswith("liaison.")
    }


@pytest.fixture
def production(settings):
    settings.SECRET_KEY, settings.CONTEXT_KEY, settings.AUDIT_KEY = "a1" * 20, "b2" * 20, "c3" * 20
    settings.DEMO, settings.HTTPS, settings.DB_ROLE = False, True, "app"
    settings.ALLOWED_HOSTS = ["liaison.example"]
    return settings


def test_deploy_check_passes_without_demo_accounts(db, production):
    assert deploy_ids() == set()


def test_deploy_check_fails_while_a_demo_account_exists(db, production):
    make_user(is_demo=True)

    assert deploy_ids() == {"liaison.E001"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEMO", True, "liaison.E002"),
        ("CONTEXT_KEY", "short", "liaison.E003"),
        ("AUDIT_KEY", "a1" * 20, "liaison.E004"),
        ("DB_ROLE", "owner", "liaison.E005"),
        ("ALLOWED_HOSTS", ["*"], "liaison.E006"),
        ("ALLOWED_HOSTS", ["127.0.0.1"], "liaison.W002"),
        ("HTTPS", False, "liaison.W003"),
    ],
)
def test_deploy_check_names_what_is_wrong(db, production, name, value, expected):
    setattr(production, name, value)

    assert deploy_ids() == {expected}


def test_deploy_check_warns_when_it_cannot_look(db, production, monkeypatch):
    def refuse(**kwargs):
        raise DatabaseError("could not connect\nat all")

    monkeypatch.setattr(User.objects, "filter", refuse)

    assert deploy_ids() == {"liaison.W001"}


@pytest.mark.parametrize("hour", [8, 21])
def test_no_check_minds_the_clock_when_quiet_hours_begin_or_end(db, monkeypatch, hour):
    """Django takes a default within seconds of now for a mistake (fields.W161): so it would here."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 11, 26, hour, 0, 5, tzinfo=UTC))
    assert "fields.W161" in {message.id for message in run_checks()}

    call_command("check", fail_level="WARNING")  # raises if anything is left to say
