"""Long and timed work on activities. Each task may run twice."""

import logging

from celery import shared_task

from activities.actions.series import hold_in_store

logger = logging.getLogger(__name__)


@shared_task
def plan_meetings() -> None:
    """What running series lack of the coming thirteen months is planned (例会制度, 二（一）)."""
    if made := hold_in_store():
        logger.info("%s meetings of series planned", made)
