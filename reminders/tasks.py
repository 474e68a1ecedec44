"""The reminders in Celery: beat wakes, workers work. Each task may run twice, at once, or not at all: the
loop `manage.py reminders run` does the same without a broker (docs/adr/0015-reminders.md)."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from reminders import engine
from reminders.delivery import BATCH
from reminders.planning import plan

logger = logging.getLogger(__name__)
MOST_HELPERS = 4
KEEP_DAYS = 62  # twice as long as planning ever looks back (reminders/planning.py)
PURGES = (
    "DELETE FROM reminders_plannedreminder WHERE settled_at < %s",
    "DELETE FROM reminders_letter WHERE settled_at < %s",
)


@shared_task
def tick() -> None:
    """Plan and deliver what is due; where it is much, other workers are woken to help."""
    now = timezone.now()
    added = sum(plan(now).values())
    for _ in range(min(added // BATCH, MOST_HELPERS)):
        wake()
    engine.hand_over(now)


def wake() -> None:
    """One more worker, if the broker can be reached: the caller does all the work otherwise."""
    try:
        deliver.apply_async(retry=False)
    except OperationalError:
        logger.info("the broker cannot be reached; working alone")


@shared_task
def deliver() -> None:
    """Help with what is planned already: several workers share the rows."""
    engine.hand_over(timezone.now())


@shared_task
def purge() -> None:
    """Forget what was settled long ago; inboxes and numbers stay."""
    limit = timezone.now() - timedelta(days=KEEP_DAYS)
    with connection.cursor() as cursor:
        for statement in PURGES:
            cursor.execute(statement, [limit])
