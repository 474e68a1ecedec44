"""The actor that row-level security trusts.

The context is a transaction-local setting `uid|issued_at|backend_pid|hmac`. PostgreSQL checks the
signature in `core_actor()`. It stops forgery by injected SQL, not by someone who controls the process
(docs/adr/0002-two-locks.md).
"""

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from core.context import Acting, acting_as

BLOCK = 64  # bytes of a SHA-256 block


def _sign(message: str) -> str:
    return hmac.new(settings.CONTEXT_KEY.encode(), message.encode(), hashlib.sha256).hexdigest()


def install_context_key() -> None:
    """Give PostgreSQL the key that checks the context (as owner; again after CONTEXT_KEY changes)."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_context_key (inner_pad, outer_pad) VALUES (%s, %s) ON CONFLICT (id) "
            "DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad",
            signing_pads(),
        )


def signing_pads() -> tuple[bytes, bytes]:
    """The HMAC key as its two padded blocks, the form that `core_actor()` computes with sha256()."""
    key = settings.CONTEXT_KEY.encode()
    if len(key) > BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key)


def _backend_pid(cursor: Any, using: str) -> int:
    """The server process of this transaction; behind a transaction pooler only the server knows it."""
    if settings.DATABASE_POOLED:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
    return int(connections[using].connection.info.backend_pid)


def set_actor(user_id: int | None, *, using: str = "default") -> None:
    """Set the actor of the current transaction; None clears it. Call again to renew in long jobs."""
    with connections[using].cursor() as cursor:
        value = ""
        if user_id is not None:
            message = f"{user_id}|{int(time.time())}|{_backend_pid(cursor, using)}"
            value = f"{message}|{_sign(message)}"
        cursor.execute("SELECT set_config('app.actor', %s, true)", [value])


@contextmanager
def transaction_as(user_id: int | None, *, using: str = "default") -> Iterator[None]:
    """One transaction in which PostgreSQL knows the actor. Commit forgets it; inside an outer
    transaction it is cleared by hand."""
    connection = connections[using]
    nested = connection.in_atomic_block
    with transaction.atomic(using=using):
        set_actor(user_id, using=using)
        try:
            yield
        finally:
            if nested and not connection.needs_rollback:
                set_actor(None, using=using)


@contextmanager
def working_as(user: Any, *, channel: str, address: str = "") -> Iterator[None]:
    """A job or command that acts for a user: database context and audit origin together."""
    origin = Acting(user_id=user.pk, username=user.get_username(), address=address, channel=channel)
    with acting_as(origin), transaction_as(user.pk):
        yield
