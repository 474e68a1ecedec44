"""The marks that tell our events from others, and the digests that chain them (ADR 0008).

All are HMAC-SM3 under keys that come from AUDIT_KEY, one for each purpose; none is in the database.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

from django.conf import settings

from core.crypto import hmac_sm3

Purpose = Literal["entry", "seal", "head"]
Facts = dict[str, Any]
START = "0" * 64  # what the first seal follows
LOWEST = -(2**63)  # below any number; somebody may have inserted one below zero
# An event as the database tells it, each column in a form that any row has, even one that was tampered with.
COLUMNS = {
    "at": "to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
    "nonce": "event.nonce::text",
    "actor": "event.actor",
    "username": "event.username",
    "address": "event.address",
    "channel": "event.channel",
    "verb": "event.verb",
    "kind": "event.kind",
    "reference": "event.reference",
    "fields": "event.fields",
    "reason": "event.reason",
    "result": "event.result",
    "counts": "event.counts::text",
    "mark": "event.mark",
}


@cache
def _key(secret: str, purpose: Purpose) -> bytes:
    return hmac_sm3(secret.encode(), f"audit|{purpose}".encode())


def _mac(purpose: Purpose, message: bytes) -> str:
    return hmac_sm3(_key(settings.AUDIT_KEY, purpose), message).hex()


def moment(at: datetime) -> str:
    """A moment as COLUMNS tells it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def plain_json(value: Any) -> str:
    """One text for equal values, however PostgreSQL stores them."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def facts_of(row: tuple[Any, ...]) -> Facts:
    """A row of COLUMNS as `record` told it; numbers that cannot be read stay as they are."""
    facts = dict(zip(COLUMNS, row, strict=True))
    with suppress(ValueError, TypeError, RecursionError):
        facts["counts"] = plain_json(json.loads(facts["counts"]))
    return facts


def _canonical(facts: Facts) -> bytes:
    return plain_json(facts).encode()


def mark_of(facts: Facts) -> str:
    """What only our own code can write into an event with these facts."""
    return _mac("entry", _canonical({name: value for name, value in facts.items() if name != "mark"}))


def digest_of(previous: str, number: int, event_id: int, facts: Facts) -> str:
    """The seal on an event: it binds the event, its place and everything before it."""
    return _mac("seal", f"{previous}|{number}|{event_id}|".encode() + _canonical(facts))


def head_mac(number: int, digest: str) -> str:
    """What only our own code can write beside the end of the chain."""
    return _mac("head", f"{number}|{digest}".encode())
