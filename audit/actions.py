"""Writing the trail. An event is written inside the transaction of the act it tells of."""

from collections.abc import Iterable
from typing import Any, Protocol

from audit.models import Event
from audit.verbs import Verb
from core.context import acting


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
) -> None:
    """Append one event. `by` None takes the actor of the request or job."""
    origin = acting()
    Event.objects.bulk_create(
        [
            Event(
                actor=by.pk if by else origin.user_id,
                username=by.get_username() if by else origin.username,
                address=origin.address,
                channel=origin.channel,
                verb=verb,
                kind=kind,
                reference=reference,
                fields=list(fields),
                reason=reason,
                result=result,
                counts=counts or {},
            )
        ]
    )
