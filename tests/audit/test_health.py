"""The sealer's container is well while nothing waits for long."""

import os

import pytest
from django.db import connection
from django.utils import timezone

from audit.actions import record
from audit.sealing import seal_all
from audit.verbs import Verb
from audit.verifying import LATE
from liaison import health

pytestmark = pytest.mark.django_db


def waits_long():
    with connection.cursor() as cursor:
        cursor.execute(health.WAITING_LONG)
        return cursor.fetchone()[0]


def test_a_sealed_trail_is_well(empty_trail):
    assert waits_long() is False
    record(Verb.VIEW, by=None, kind="expert")
    assert waits_long() is False


def test_an_event_that_waits_is_not(empty_trail, monkeypatch):
    moment = timezone.now() - LATE * 2
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    record(Verb.VIEW, by=None, kind="expert")
    assert waits_long() is True
    seal_all()
    assert waits_long() is False


def test_the_check_signs_in_as_the_sealer(monkeypatch):
    """On the database of the suite, where the events of loading reference data have waited since it began."""
    database = connection.settings_dict["NAME"]
    address = os.environ["DATABASE_AUDIT_URL"].rsplit("/", 1)[0]
    monkeypatch.setenv("DATABASE_AUDIT_URL", f"{address}/{database}")
    monkeypatch.setattr(health, "WAITING_LONG", health.WAITING_LONG.replace("5 minutes", "1 day"))
    assert health.sealer() is True
    monkeypatch.setenv("DATABASE_AUDIT_URL", f"{address}/nowhere")
    assert health.sealer() is False
