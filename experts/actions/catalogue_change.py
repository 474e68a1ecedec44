"""Changing the catalogue (三（二）): propose, see whom it would move, confirm or drop, decide anew."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.jobs import JobState
from experts.actions.catalogue import save_honour
from experts.actions.scoping import would_move
from experts.honour_names import taken
from experts.models import Award, CatalogueChange, ChangeStage, Expert, Honour
from experts.models.catalogue_change import CITY

BATCH = 1000
SHOWN = 50
ONE_AT_A_TIME = 20140507  # advisory lock: versions of the catalogue are numbered one after another


class StaleHonour(ValidationError):
    """The entry was changed after the preview began."""


def _check_keeper(by: User) -> None:
    if not by.may("catalogue", order=CITY):
        raise PermissionDenied("称号目录由市委组织部维护。")


def _locked(by: User, change: CatalogueChange) -> CatalogueChange:
    return CatalogueChange.objects.visible_to(by).select_for_update().get(pk=change.pk)


@transaction.atomic
def propose_change(*, by: User, honour: Honour | None, code: str, facts: dict[str, Any]) -> CatalogueChange:
    """Keep what someone wants the entry to be. Nothing changes yet; the preview is a task."""
    _check_keeper(by)
    return CatalogueChange.objects.create(
        honour=honour,
        honour_version=honour.version if honour else 0,
        code=code,
        facts=facts,
        before={name: getattr(honour, name) for name in facts} if honour else {},
        requested_by=by,
    )


def _affected(by: User, change: CatalogueChange, after: int = 0) -> QuerySet[Award, int]:
    """Who, among the records the person may see, holds the honour; nobody holds a new one."""
    rows = Award.objects.visible_to(by).filter(honour=change.honour, expert_id__gt=after)
    return rows.order_by("expert_id").values_list("expert_id", flat=True).distinct()


@transaction.atomic
def start_preview(*, by: User, change: CatalogueChange) -> bool:
    """Begin to count (again, after a worker was lost); False when there is nothing to do any more."""
    change = _locked(by, change)
    if change.stage != ChangeStage.PREVIEW or not change.is_active:
        return False
    change.job_total = _affected(by, change).count()
    change.job_state, change.job_done = JobState.RUNNING, 0
    change.to_key = change.to_general = 0
    change.shown = []
    change.save(update_fields=["job_total", "job_state", "job_done", "to_key", "to_general", "shown"])
    return True


@transaction.atomic
def preview_batch(*, by: User, change: CatalogueChange, after: int) -> int | None:
    """Count the next holders of the honour; returns where to go on, None at the end or when dropped."""
    change = _locked(by, change)
    if change.cancel_requested:
        return None
    keys = list(_affected(by, change, after)[:BATCH])
    if not keys:
        change.job_state = JobState.DONE
        change.save(update_fields=["job_state"])
        return None
    experts = Expert.objects.visible_to(by).filter(pk__in=keys)
    moved, to_key, to_general = would_move(experts, {change.honour_id or 0: change.proposed()})
    change.to_key += to_key
    change.to_general += to_general
    change.shown = [*change.shown, *([each.pk, each.scope] for each in moved)][:SHOWN]
    change.job_done += len(keys)
    change.save(update_fields=["to_key", "to_general", "shown", "job_done"])
    return keys[-1]


@transaction.atomic
def fail_preview(*, by: User, change: CatalogueChange) -> None:
    """Say that counting broke off; the person may begin again."""
    change = _locked(by, change)
    change.job_state, change.job_error = JobState.FAILED, "计算中断，请放弃后重新修改。"
    change.save(update_fields=["job_state", "job_error"])


@transaction.atomic
def drop_change(*, by: User, change: CatalogueChange) -> None:
    """Give the change up; a preview that still counts stops. ValidationError when it was applied."""
    change = _locked(by, change)
    if change.stage == ChangeStage.APPLIED:
        raise ValidationError("修改已经生效，不能再放弃；如需恢复，请再次修改。")
    if change.is_active:
        change.job_state = JobState.CANCELLED
    change.stage, change.cancel_requested = ChangeStage.DROPPED, True
    change.save(update_fields=["job_state", "stage", "cancel_requested"])


@transaction.atomic
def apply_change(*, by: User, change: CatalogueChange) -> CatalogueChange:
    """Write the entry and number the new rule. The recomputation is a task of the system.

    Raises StaleHonour when a colleague changed the entry meanwhile, ValidationError when it is too early,
    too late, or a name was taken meanwhile.
    """
    _check_keeper(by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    change = _locked(by, change)
    if change.stage != ChangeStage.PREVIEW:
        raise ValidationError("这次修改已经处理过了。")
    if change.job_state != JobState.DONE:
        raise ValidationError("还没有算完会影响到谁，请稍候再确认。")
    honour = _honour_to_write(change)
    version = save_honour(by=by, honour=honour, facts=change.values())
    if version is None:
        raise ValidationError("目录里已经是这样，没有需要修改的内容。")
    change.honour, change.stage = honour, ChangeStage.APPLIED
    change.rule, change.applied_at = version.number, timezone.now()
    change.job_state, change.job_done, change.job_total = JobState.WAITING, 0, 100
    change.save()
    return change


def _honour_to_write(change: CatalogueChange) -> Honour:
    """The entry as the preview saw it, or a new one; its names must still be free."""
    values = change.values()
    for text, other in taken([values["name"], *values["aliases"]], except_for=change.honour_id):
        raise ValidationError(f"“{text}”已是“{other.name}”的名称或别名，请放弃后重新修改。")
    if change.honour_id is None:
        if Honour.objects.filter(code=change.code).exists():
            raise ValidationError(f"代码 {change.code} 刚被别的称号使用，请放弃后重新新增。")
        return Honour(code=change.code)
    honour = Honour.objects.select_for_update().get(pk=change.honour_id)
    if honour.version != change.honour_version:
        raise StaleHonour(
            "这一称号在您预览之后被别人改过，影响名单已不准确。请放弃这次修改，按现在的内容重新修改。"
        )
    return honour


def start_recompute(*, change_id: int) -> CatalogueChange | None:
    """As the system: the applied change whose holders are to be decided anew; None when that is done."""
    waiting = CatalogueChange.objects.filter(pk=change_id, stage=ChangeStage.APPLIED)
    change = waiting.exclude(job_state=JobState.DONE).only("honour", "code").order_by("pk").first()
    if change is not None:
        waiting.update(job_state=JobState.RUNNING, job_done=0, job_error="")
    return change


def note_recompute(*, change: CatalogueChange, percent: int) -> None:
    CatalogueChange.objects.filter(pk=change.pk).update(job_done=min(percent, 100))


def fail_recompute(*, change: CatalogueChange) -> None:
    """Left for the next run of experts.tasks.resume_recomputations."""
    CatalogueChange.objects.filter(pk=change.pk).update(
        job_state=JobState.FAILED, job_error="重新认定中断，系统稍后自动再试。"
    )


@transaction.atomic
def finish_recompute(*, change: CatalogueChange, seen: int, moved: int) -> None:
    """Close the job, with the counts in the audit only: they include records few may know of."""
    CatalogueChange.objects.filter(pk=change.pk).update(job_state=JobState.DONE, job_done=100)
    note_scopes_decided(code=change.code, seen=seen, moved=moved)


def note_scopes_decided(*, code: str, seen: int, moved: int) -> None:
    """One event for all the records that were decided anew."""
    record(
        Verb.CHANGE,
        by=None,
        kind="honour",
        reference=code,
        fields=["scope"],
        counts={"seen": seen, "moved": moved},
    )
