"""The Celery application. Queue `user` works under a person's rights, queue `system` as liaison_worker."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liaison.settings")
app = Celery("liaison")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse(**kwargs: Any) -> None:
    """A worker that could look past row-level security does not start."""
    from core.checks import refuse_unsafe_role

    refuse_unsafe_role()
