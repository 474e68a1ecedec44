"""Long and timed work on activities. Each task may run twice."""

import logging

from celery import shared_task

from activities.actions.coverage import settle, work_off
from activities.actions.series import hold_in_store

logger = logging.getLogger(__name__)


@shared_task
def plan_meetings() -> None:
    """What running series lack of the coming thirteen months is planned (例会制度, 二（一）)."""
    if made := hold_in_store():
        logger.info("%s meetings of series planned", made)


@shared_task(time_limit=300, soft_time_limit=240)
def work_off_coverage() -> None:
    """After a change of a unit's settings: the coverage of its experts anew, a part of them each minute."""
    if done := work_off():
        logger.info("coverage of %s experts worked out anew", done)


@shared_task(time_limit=300, soft_time_limit=240)
def settle_tallies() -> None:
    """What writers have left beside the tallies is added to them, so that a number stays a short sum."""
    settle()
