"""One tick: plan, deliver, write. Whoever ticks, and however many do at once, the outcome is the same."""

import logging
from datetime import datetime

from django.utils import timezone

from reminders.delivery import Outcome, deliver
from reminders.letters import queue_digests, send_letters
from reminders.planning import plan

logger = logging.getLogger(__name__)


def tick(now: datetime | None = None) -> Outcome:
    """Everything that is due by now."""
    moment = now or timezone.now()
    plan(moment)
    return hand_over(moment)


def hand_over(now: datetime) -> Outcome:
    """Deliver what is planned, then see to the letters."""
    done = deliver(now)
    queue_digests(now)
    send_letters(now)
    return done
