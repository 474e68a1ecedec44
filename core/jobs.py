"""What every piece of long work shows: how far it is, and whether someone asked it to stop."""

from django.db import models


class JobState(models.TextChoices):
    WAITING = "waiting", "等待处理"
    RUNNING = "running", "处理中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"
    CANCELLED = "cancelled", "已取消"


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
