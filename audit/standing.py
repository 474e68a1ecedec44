"""How far the trail is sealed, for the auditor's page."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from audit.models import Event, Reader, Seal
from audit.verifying import LATE

COUNT_LIMIT = 1000


@dataclass(frozen=True)
class Standing:
    """The last seal and what came after it; `waiting` counts to COUNT_LIMIT and no further."""

    number: int
    digest: str
    sealed_at: datetime | None
    waiting: int
    is_late: bool

    @property
    def head(self) -> str:
        """What is noted down outside the database, for `audit_verify --expect`."""
        return f"{self.number}:{self.digest}" if self.number else ""

    @property
    def waits_for_more(self) -> bool:
        return self.waiting >= COUNT_LIMIT


def standing(user: Reader) -> Standing:
    """Events above the highest sealed one wait; one that was committed late is not counted."""
    seals = Seal.objects.visible_to(user)
    last = seals.first()
    highest = seals.aggregate(highest=Max("event_id"))["highest"] or 0
    waiting = Event.objects.visible_to(user).filter(pk__gt=highest).order_by("pk")
    oldest = waiting.values_list("at", flat=True).first()
    return Standing(
        number=last.number if last else 0,
        digest=last.digest if last else "",
        sealed_at=last.sealed_at if last else None,
        waiting=waiting[:COUNT_LIMIT].count(),
        is_late=oldest is not None and oldest < timezone.now() - LATE,
    )
