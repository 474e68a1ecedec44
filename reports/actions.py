"""Asking for an export, ending one, and handing over what was made; replacing templates of documents."""

from datetime import datetime

from cryptography.exceptions import InvalidTag
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.http import QueryDict
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.crypto import sm3
from core.jobs import JobState
from core.rls import transaction_as
from reports.models import KEEP, VAULT, DocumentTemplate, Export, Format, Kind
from reports.sources import SOURCES, source_of
from reports.templates import Checked

LOCK = 0x455850  # advisory lock class of exports
NO_QUEUE = "任务队列暂时连不上，请过几分钟再试；仍不行请联系系统管理员。"
STOPPED = "已按您的要求停止，没有生成文件。"
NO_FILE = "没有可以下载的文件，请重新导出。"


class NoLongerVisible(Exception):
    """The file holds records that its owner may not see now."""


@transaction.atomic
def start_export(
    *, by: User, kind: Kind, query: str, reason: str, format: Format | str = Format.EXCEL
) -> Export:
    """Put the wish on the record and queue the work."""
    words = SOURCES[kind](by, QueryDict(query)).words()[:500]
    export = Export.objects.create(user=by, kind=kind, format=format, query=query, words=words, reason=reason)
    record(Verb.EXPORT, by=by, kind="export", reference=export.number, reason=reason, result="requested")
    _queue(by, export)
    return export


def _queue(by: User, export: Export) -> None:
    """Hand the export to a worker once this transaction is committed; without a queue it says so at once."""
    from reports.tasks import run_export  # tasks call actions

    def send() -> None:
        try:
            run_export.delay(export.pk, by.pk)
        except OperationalError:
            settle(export.pk, by.pk, JobState.FAILED, NO_QUEUE)

    transaction.on_commit(send)


def take(export_id: int) -> bool:
    """Keep everybody else from the export until this transaction ends; False when someone is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, export_id % 2**31])
        return bool(cursor.fetchone()[0])


def finish(*, export: Export, data: bytes) -> None:
    """Keep the file of an export whose `records` and `rows` are set."""
    export.stored_as = export.uuid.hex
    export.stored_key = VAULT.keep(export.stored_as, data, bound_to=export.bound_to)
    export.file_digest, export.expires_at = sm3(data), timezone.now() + KEEP
    export.job_state, export.job_error = JobState.DONE, ""
    export.job_done = export.job_total = export.rows
    export.save(
        update_fields=[
            "stored_as", "stored_key", "file_digest", "expires_at",
            "job_state", "job_error", "job_done", "job_total",
        ]
    )  # fmt: skip


def settle(export_id: int, user_id: int, state: JobState, reason: str) -> None:
    """End the work without a file, and say why."""
    with transaction_as(user_id):
        mine = Export.objects.unfinished().filter(pk=export_id, user_id=user_id)
        for export in mine.for_list():
            VAULT.forget(export.uuid.hex)
            mine.update(job_state=state, job_error=reason[:500], cancel_requested=False)


@transaction.atomic
def cancel(*, by: User, export: Export) -> None:
    """Ask the work to stop, or end it at once where nobody is at it."""
    mine = Export.objects.visible_to(by).unfinished().filter(pk=export.pk)
    ended = {"job_state": JobState.CANCELLED, "job_error": STOPPED, "cancel_requested": False}
    if not mine.update(**(ended if take(export.pk) else {"cancel_requested": True})):
        raise ValidationError("这次导出已经结束。")


@transaction.atomic
def restart(*, by: User, export: Export) -> None:
    """Queue an export again that failed, was stopped, or that no worker is at."""
    mine = Export.objects.visible_to(by).filter(pk=export.pk).exclude(job_state=JobState.DONE)
    if not take(export.pk):
        raise ValidationError("正在导出，请稍等。")
    if not mine.update(
        job_state=JobState.WAITING, job_done=0, job_total=0, job_error="", cancel_requested=False
    ):
        raise ValidationError("这次导出已经完成。")
    _queue(by, export)


@transaction.atomic
def delete_export(*, by: User, export: Export) -> None:
    """Remove the export and its file; that it was made and fetched stays in the trail."""
    if not take(export.pk):
        raise ValidationError("正在导出，请先停止再删除。")
    record(Verb.DELETE, by=by, kind="export", reference=export.number)
    Export.objects.visible_to(by).filter(pk=export.pk).delete()
    transaction.on_commit(lambda: VAULT.forget(export.stored_as))


@transaction.atomic
def hand_over(*, by: User, export: Export) -> bytes:
    """The file, on the record before it leaves, each restricted record in it by its own number (二（二）).

    NoLongerVisible when anything in it is hidden from the user now; ValidationError when it is gone.
    """
    if not export.is_ready:
        raise ValidationError(NO_FILE)
    source = source_of(export, by)
    if not source.is_whole(export):
        raise NoLongerVisible
    try:
        data = VAULT.read(export.stored_as, key_id=export.stored_key, bound_to=export.bound_to)
    except (OSError, InvalidTag):
        raise ValidationError(NO_FILE) from None
    restricted = source.restricted_numbers(export)
    counts = {"rows": export.rows, "restricted": len(restricted), "sm3": export.file_digest}
    record(Verb.EXPORT, by=by, kind="export", reference=export.number, reason=export.reason, counts=counts)
    for number in restricted:
        record(Verb.EXPORT, by=by, kind="expert", reference=number, reason=export.reason)
    Export.objects.visible_to(by).filter(pk=export.pk).update(fetched_at=timezone.now())
    return data


@transaction.atomic
def withdraw(*, by: User, export: Export) -> None:
    """Destroy a file that its owner may not have any more."""
    record(Verb.REFUSED, by=by, kind="export", reference=export.number, result="withdrawn")
    Export.objects.visible_to(by).filter(pk=export.pk).update(stored_as="", stored_key="", records=[])
    transaction.on_commit(lambda: VAULT.forget(export.stored_as))


@transaction.atomic
def purge(*, before: datetime) -> list[str]:
    """Forget keys and records of files that expired before this moment; returns the names of the files."""
    expired = Export.objects.filter(expires_at__lt=before).exclude(stored_as="")
    files = list(expired.values_list("pk", "stored_as"))
    Export.objects.filter(pk__in=[pk for pk, _ in files]).update(stored_as="", stored_key="", records=[])
    return [stored_as for _, stored_as in files]


@transaction.atomic
def add_template(*, by: User, template: Checked, note: str = "") -> DocumentTemplate:
    """Keep the template as the next version and use it from now on."""
    _take_templates()
    versions = DocumentTemplate.objects.filter(document=template.document)
    last = versions.aggregate(last=Max("version"))["last"] or 0
    versions.filter(is_used=True).update(is_used=False)
    added = DocumentTemplate.objects.create(
        document=template.document,
        version=last + 1,
        name=template.name,
        content=template.data,
        digest=sm3(template.data),
        note=note,
        uploaded_by=by,
        is_used=True,
    )
    _note_template(Verb.CREATE, by, added)
    return added


@transaction.atomic
def use_template(*, by: User, template: DocumentTemplate) -> None:
    """Make documents from this version from now on."""
    _take_templates()
    DocumentTemplate.objects.in_use(template.document).update(is_used=False)
    DocumentTemplate.objects.filter(pk=template.pk).update(is_used=True)
    _note_template(Verb.CHANGE, by, template, "启用这一版")


@transaction.atomic
def use_shipped(*, by: User, template: DocumentTemplate) -> None:
    """Go back to the template that ships with the product; every version is kept."""
    if DocumentTemplate.objects.in_use(template.document).filter(pk=template.pk).update(is_used=False):
        _note_template(Verb.CHANGE, by, template, "恢复自带模板")


def _take_templates() -> None:
    """One person at a time changes which templates are in use."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])


def _note_template(verb: Verb, by: User, template: DocumentTemplate, reason: str = "") -> None:
    reference, counts = f"{template.document}-{template.version}", {"sm3": template.digest}
    record(verb, by=by, kind="document_template", reference=reference, reason=reason, counts=counts)
