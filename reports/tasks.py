"""Exports in the background. Tasks take ids, and are safe to run twice."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from celery import shared_task
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.jobs import Cancelled, JobState, Reporter, RightsLost
from core.rls import working_as
from reminders.actions import notify
from reports import actions
from reports.models import KEEP, VAULT, Export, Format
from reports.printing import Unprintable, print_document
from reports.sources import MOST, MOST_PRINTED, SOURCES, Source, source_of
from reports.workbook import write_workbook

logger = logging.getLogger(__name__)
BATCH = 2000
LONGEST = timedelta(hours=1)  # no worker writes longer (CELERY_TASK_TIME_LIMIT)
NO_RIGHT = "您的账号或权限已经变更，没有生成文件。"
NOTHING = "没有符合条件的记录，没有生成文件。"
TOO_MANY = "符合条件的记录超过 {:,} 条，请缩小筛选范围后再导出{}。"
MEANWHILE = "导出期间有记录不再对您可见，没有生成文件。请重新导出。"
UNEXPECTED = "导出时出现意外错误，没有生成文件。请重试；仍不行请联系系统管理员。"


class Refused(Exception):
    """The export cannot go on, for a reason in plain words."""


@shared_task
def run_export(export_id: int, user_id: int) -> None:
    """Make the file under the rights that the user has while it is made."""
    user = User.objects.get(pk=user_id)
    try:
        with working_as(user, channel="job"):
            _run(export_id, user)
    except Cancelled:
        actions.settle(export_id, user_id, JobState.CANCELLED, actions.STOPPED)
    except RightsLost:
        actions.settle(export_id, user_id, JobState.FAILED, NO_RIGHT)
    except (Refused, Unprintable) as refusal:
        actions.settle(export_id, user_id, JobState.FAILED, str(refusal))
    except Exception:
        logger.exception("export %s failed", export_id)
        actions.settle(export_id, user_id, JobState.FAILED, UNEXPECTED)


def _run(export_id: int, user: User) -> None:
    """Nothing when the work is done already, or someone is at it."""
    if not actions.take(export_id):
        return
    export = Export.objects.unfinished().filter(pk=export_id, user=user).first()
    if export is None:
        return
    report = Reporter(export, user_id=user.pk)
    report(0)
    data = _made(export, report)
    _check(export)
    actions.finish(export=export, data=data)
    notify(recipient=user, text="导出已完成", url=reverse("reports:detail", args=[export.uuid]))


def _made(export: Export, report: Reporter) -> bytes:
    """The file of the rows that the user sees now."""
    is_list = export.format == Format.EXCEL
    most = MOST if is_list else MOST_PRINTED
    keys = _current_source(export).keys(most)
    if len(keys) > most:
        raise Refused(TOO_MANY.format(most, "" if is_list else "，或改用 Excel"))
    rows = _rows(export, keys, report)
    if is_list:
        with scratch(export) as folder:
            return write_workbook(export, _current_source(export), rows, folder)
    found = list(rows)
    if not found:
        raise Refused(NOTHING)
    still = partial(report, len(found), len(found))
    return print_document(export, _current_source(export), found, still)


def _current_source(export: Export) -> Source:
    """With the rights that the user has at this moment; RightsLost when they do not suffice any more."""
    user = User.objects.filter(pk=export.user_id, is_active=True).first()
    if user is None or not SOURCES[export.kind].is_open_to(user):
        raise RightsLost
    return source_of(export, user)


def _rows(export: Export, keys: list[int], report: Reporter) -> Iterator[Any]:
    """Batch by batch; what was passed on is noted in the export."""
    export.records = []
    for start in range(0, len(keys), BATCH):
        for row in _current_source(export).rows(keys[start : start + BATCH]):
            export.records.append(row.pk)
            yield row
        report(min(start + BATCH, len(keys)), len(keys))
    export.rows = len(export.records)


def _check(export: Export) -> None:
    """Once more before anything is kept: there are rows, and all are still the user's to see."""
    if not export.rows:
        raise Refused(NOTHING)
    export.save(update_fields=["records", "rows"])
    if not _current_source(export).is_whole(export):
        raise Refused(MEANWHILE)


@contextmanager
def scratch(export: Export) -> Iterator[Path]:
    """A folder for what is written in clear, gone afterwards; what a worker left that died goes first."""
    folder = VAULT.folder() / f"{export.uuid.hex}.making"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@shared_task
def purge_exports() -> None:
    """Delete files after seven days, and what workers that died have left; who exported what stays."""
    now = timezone.now()
    for stored_as in actions.purge(before=now):
        VAULT.forget(stored_as)
    for path in VAULT.folder().iterdir():
        if path.is_dir() and path.stat().st_mtime < (now - LONGEST).timestamp():
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_file() and path.stat().st_mtime < (now - KEEP).timestamp():
            path.unlink(missing_ok=True)
