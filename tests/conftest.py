"""The suite works as owner, so factories write freely; every client request runs as liaison_app."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.personas import *  # noqa: F403  personas are fixtures


@pytest.fixture(scope="session", autouse=True)
def _settings_for_tests():
    from django.conf import settings

    settings.MIDDLEWARE = ["tests.roles.AppRoleMiddleware", *settings.MIDDLEWARE]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECURE_SSL_REDIRECT = False
    settings.DEMO = False
    settings.CELERY_BROKER_URL = "memory://"
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A migrated database with the reference data of the product."""
    from liaison.reference import load_reference

    with django_db_blocker.unblock():
        load_reference()
    yield
    with django_db_blocker.unblock():
        wait_until_alone()


def wait_until_alone(seconds=30):
    """Processes that a test has killed may still hold a session; with one the database cannot be dropped."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for _ in range(seconds):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {others}")
            if not cursor.fetchone()[0]:
                return
        time.sleep(1)


@pytest.fixture(autouse=True)
def _day_that_lasts(request):
    """Test and product ask again and again what day it is: no test begins when the day is about to turn."""
    lasts = timedelta(seconds=120 if request.node.get_closest_marker("e2e") else 10)
    while timezone.localdate(timezone.now() + lasts) != timezone.localdate(timezone.now()):
        time.sleep(1)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def as_app(db):
    """Run statements as liaison_app with the context of a user, as a web request does."""
    from tests.roles import as_role

    def enter(user=None):
        return as_role("liaison_app", user)

    return enter


@pytest.fixture
def sql(db):
    """Rows of a raw statement under whatever role is set."""

    def run(statement, *params):
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []

    return run
