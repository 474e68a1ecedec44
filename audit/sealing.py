"""The sealer: chains what has become visible since it last looked. It works as liaison_audit."""

import logging

from django.db import connection, transaction
from django.utils import timezone

from audit.chain import COLUMNS, LOWEST, START, digest_of, facts_of, head_mac
from audit.models import Head, Seal

log = logging.getLogger(__name__)
BATCH = 1000
LOCK = 2014_05_06_08  # one sealer at a time; the other waits for the batch to end
# The same bound on both sides, so that neither index is walked from its beginning.
UNSEALED = f"""
SELECT event.id, {", ".join(COLUMNS.values())} FROM audit_event event
WHERE event.id > %(after)s
  AND NOT EXISTS (SELECT FROM audit_seal seal WHERE seal.event_id = event.id AND seal.event_id > %(after)s)
ORDER BY event.id LIMIT %(limit)s
"""  # noqa: S608  expressions of our own


def seal_all(*, after: int = LOWEST) -> tuple[int, int]:
    """Seal every visible event above this id; returns how many, and the highest id met.

    An event with a lower id may be committed later, so from time to time someone must ask from LOWEST.
    """
    sealed = 0
    while ids := seal_batch(after=after):
        sealed, after = sealed + len(ids), ids[-1]
    return sealed, after


@transaction.atomic
def seal_batch(*, after: int) -> list[int]:
    """Seal up to BATCH events above this id in one transaction; returns their ids, ascending."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(UNSEALED, {"after": after, "limit": BATCH})
        rows = cursor.fetchall()
    if not rows:
        return []
    number, digest, whole = end_of_chain()
    now, seals = timezone.now(), []
    for event_id, *columns in rows:
        number += 1
        digest = digest_of(digest, number, event_id, facts_of(tuple(columns)))
        seals.append(Seal(number=number, event_id=event_id, digest=digest, sealed_at=now))
    Seal.objects.bulk_create(seals)
    if whole:
        end = {"number": number, "digest": digest, "mac": head_mac(number, digest)}
        Head.objects.update_or_create(id=1, defaults=end)
    else:
        log.error("The head of the audit trail does not fit its last seal; run audit_verify.")
    return [seal.event_id for seal in seals]


def end_of_chain() -> tuple[int, str, bool]:
    """What the next seal follows, and whether the head may move on with it.

    Sealing never wipes out a trace: after a cut it goes on behind the head, which leaves the gap, and a head
    that is forged, set back or gone stays so.
    """
    last, head = Seal.objects.order_by("-number").first(), Head.objects.first()
    end = (last.number, last.digest) if last else (0, START)
    if head is None:
        return *end, last is None
    genuine = head.mac == head_mac(head.number, head.digest)
    if genuine and head.number > end[0]:
        return head.number, head.digest, True
    return *end, genuine and (head.number, head.digest) == end
