"""The trail as a test wants to meet it. Only the owner can do this, and only by naming the triggers."""

from contextlib import contextmanager

import pytest
from django.db import connection

TRIGGERS = [
    ("audit_event", "audit_event_append_only"),
    ("audit_seal", "audit_seal_append_only"),
    ("audit_head", "audit_head_stays"),
]


@contextmanager
def triggers_off():
    """The owner at work on the rows themselves, inside the test's transaction."""
    with connection.cursor() as cursor:
        for table, trigger in TRIGGERS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield cursor
        for table, trigger in TRIGGERS:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


@pytest.fixture
def empty_trail(db):
    """Without the events that loading the reference data left."""
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM audit_event")
