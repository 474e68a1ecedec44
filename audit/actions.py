"""Writing the trail. An event is written inside the transaction of the act it tells of."""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import uuid4

from django.db import DatabaseError, connections
from django.utils import timezone

from audit.chain import mark_of, moment, plain_json
from audit.models import Event
from audit.verbs import Verb
from core.context import acting
from core.errors import Unavailable

WRITTEN = [field for field in Event._meta.concrete_fields if not field.primary_key]
# Not through the ORM, whose INSERT asks for the new row's number: who may add to the trail may not read it.
INSERT = f"INSERT INTO audit_event ({', '.join(str(field.column) for field in WRITTEN)}) VALUES "  # noqa: S608  names of columns
ROW = f"({', '.join(['%s'] * len(WRITTEN))})"
BATCH = 500  # events in one statement


class Actor(Protocol):
    pk: Any

    def get_username(self) -> str: ...


def record(
    verb: Verb,
    *,
    by: Actor | None,
    kind: str,
    reference: str = "",
    fields: Iterable[str] = (),
    reason: str = "",
    result: str = "ok",
    counts: dict[str, Any] | None = None,
    using: str = "default",
) -> None:
    """Append one event. `by` None takes the actor of the request or job.

    Unavailable, in a broken transaction, when it cannot be written: nothing may be shown or saved then.
    """
    told = {"reason": reason, "result": result, "counts": counts or {}}
    _insert([_event(verb, by, kind, reference, list(fields), told)], using)


def record_each(
    verb: Verb, *, by: Actor | None, kind: str, references: Iterable[str], fields: Iterable[str]
) -> None:
    """Append one event for each record of a bulk act, in few statements."""
    told: dict[str, Any] = {"reason": "", "result": "ok", "counts": {}}
    names = list(fields)
    events = [_event(verb, by, kind, reference, names, told) for reference in references]
    for start in range(0, len(events), BATCH):
        _insert(events[start : start + BATCH], "default")


def _event(
    verb: Verb, by: Actor | None, kind: str, reference: str, fields: list[str], told: dict[str, Any]
) -> Event:
    origin = acting()
    facts: dict[str, Any] = {
        "at": timezone.now(),
        "nonce": uuid4(),
        "actor": by.pk if by else origin.user_id,
        "username": by.get_username() if by else origin.username,
        "address": origin.address,
        "channel": origin.channel,
        "verb": verb.value,
        "kind": kind,
        "reference": reference,
        "fields": fields,
        **told,
    }
    plain = {"at": moment(facts["at"]), "nonce": str(facts["nonce"]), "counts": plain_json(facts["counts"])}
    return Event(**facts, mark=mark_of(facts | plain))


def _insert(events: list[Event], using: str) -> None:
    connection = connections[using]
    values = [
        field.get_db_prep_save(getattr(event, field.attname), connection)
        for event in events
        for field in WRITTEN
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(INSERT + ", ".join([ROW] * len(events)), values)
    except DatabaseError as problem:
        raise Unavailable("The audit event could not be written.") from problem
