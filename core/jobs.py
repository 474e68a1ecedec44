"""What every piece of long work shows: how far it is, and whether someone asked it to stop."""

import time

from django.db import models

from core.rls import set_actor, transaction_as

ASIDE = "aside"  # a second connection, for what must be seen while the work's own transaction is open


class JobState(models.TextChoices):
    WAITING = "waiting", "等待处理"
    RUNNING = "running", "处理中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"
    CANCELLED = "cancelled", "已取消"


class Cancelled(Exception):
    """Someone asked the work to stop; what its transaction wrote is rolled back."""


class RightsLost(Exception):
    """The user for whom the work is done does not reach it any more; nothing of it may be kept."""


class Job(models.Model):
    """Progress of work in Celery; the worker looks at `cancel_requested` between batches."""

    job_state = models.CharField("进度", max_length=10, choices=JobState, default=JobState.WAITING)
    job_done = models.PositiveIntegerField("已处理", default=0)
    job_total = models.PositiveIntegerField("总数", default=0)
    job_error = models.CharField("原因", max_length=500, blank=True)
    cancel_requested = models.BooleanField("要求取消", default=False)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.job_state in {JobState.WAITING, JobState.RUNNING}


class Reporter:
    """Writes progress beside the open transaction, renews its context, and notices a request to stop and the
    loss of the rights it works under."""

    EVERY = 0.5  # seconds between two writes

    def __init__(self, job: Job, *, user_id: int) -> None:
        self.job = job
        self.user_id = user_id
        self.last = 0.0

    def __call__(self, done: int, total: int = 0) -> None:
        """Report `done` of `total` (0: not known yet). Raises Cancelled when asked to stop and
        RightsLost when the user no longer sees the job."""
        if time.monotonic() - self.last < self.EVERY:
            return
        self.last = time.monotonic()
        rows = type(self.job)._default_manager.using(ASIDE).filter(pk=self.job.pk)
        with transaction_as(self.user_id, using=ASIDE):
            seen = rows.update(job_state=JobState.RUNNING, job_done=done, job_total=total)
            stop = rows.values_list("cancel_requested", flat=True).first()
        set_actor(self.user_id)
        if not seen:
            raise RightsLost
        if stop:
            raise Cancelled
