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
INSERT = (
    f"INSERT INTO audit_event ({', '.join(str(field.column) for field in WRITTEN)}) "  # noqa: S608  names of columns
    f"VALUES ({', '.join(['%s'] * len(WRITTEN))})"
)


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
        "fields": list(fields),
        "reason": reason,
        "result": result,
        "counts": counts or {},
    }
    told = {"at": moment(facts["at"]), "nonce": str(facts["nonce"]), "counts": plain_json(facts["counts"])}
    _insert(Event(**facts, mark=mark_of(facts | told)), using)


def _insert(event: Event, using: str) -> None:
    connection = connections[using]
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in WRITTEN]
    try:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, values)
    except DatabaseError as problem:
        raise Unavailable("The audit event could not be written.") from problem
