"""Long work of the register. Each task takes ids and may run twice."""

import logging
from datetime import timedelta

from celery import Task, shared_task
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.jobs import Cancelled, JobState, RightsLost
from core.rls import working_as
from experts.actions import catalogue_change as actions
from experts.actions import proposal_jobs
from experts.actions.exit_retention import purge_exits
from experts.actions.merging import forget_expired
from experts.actions.need_to_know import end_expired
from experts.actions.recompute import holders, recompute_batch
from experts.actions.review import open_due_rounds
from experts.errors import AlreadyDecided
from experts.identity import note_recent_pairs
from experts.models import CatalogueChange, ChangeStage, Honour
from experts.proposal_work import work
from experts.roster_worklists import note_turned, note_waiting

logger = logging.getLogger(__name__)
USER, SYSTEM = "user", "system"  # queues: under a person's rights, and as liaison_worker
LOOK_BACK = timedelta(days=7)  # a worker that was down catches up
PATIENCE = timedelta(minutes=2)
LOST = "办理人的账号已停用，或已没有办理的权限，没有写入任何内容。可由其他有权限的人办理。"
DECIDED = "这份提案已经由别人办理，没有写入任何内容。"
UNEXPECTED = "办理时出现意外错误，没有写入任何内容。请重新办理；仍不行请联系系统管理员。"


def queue_preview(change: CatalogueChange) -> None:
    """Count whom the change would move, once the request has committed."""
    _queue(preview_change, [change.pk, change.requested_by_id], USER)


def queue_recompute(change: CatalogueChange) -> None:
    """Decide all affected scopes anew, once the request has committed."""
    _queue(recompute_scopes, [change.pk], SYSTEM)


def queue_priorities() -> None:
    """Note the priorities that wait, once the request has committed."""
    _queue(note_priorities, [], SYSTEM)


def _queue(task: Task, arguments: list[int], queue: str) -> None:
    """Hand over after the commit; a broker that does not answer is logged and undoes nothing."""

    def send() -> None:
        task.apply_async(arguments, queue=queue)

    transaction.on_commit(send, robust=True)


@shared_task
def preview_change(change_id: int, user_id: int) -> None:
    """As the person who asked, so that the preview counts what they may see; one context per batch."""
    user = User.objects.get(pk=user_id)
    with working_as(user, channel="job"):
        change = CatalogueChange.objects.visible_to(user).filter(pk=change_id).first()
        if change is None or not actions.start_preview(by=user, change=change):
            return
    after: int | None = 0
    try:
        while after is not None:
            with working_as(user, channel="job"):
                after = actions.preview_batch(by=user, change=change, after=after)
    except Exception:
        with working_as(user, channel="job"):
            actions.fail_preview(by=user, change=change)
        raise


@shared_task
def run_proposal(job_id: int, user_id: int) -> None:
    """One act on a large proposal, under the rights that the user has now: whole, or nothing of it."""
    user = User.objects.get(pk=user_id)
    try:
        with working_as(user, channel="job"):
            work(job_id, user)
        return
    except Cancelled:
        state, reason = JobState.CANCELLED, proposal_jobs.STOPPED
    except (RightsLost, PermissionDenied):
        state, reason = JobState.FAILED, LOST
    except AlreadyDecided:
        state, reason = JobState.FAILED, DECIDED
    except ValidationError as problem:
        state, reason = JobState.FAILED, "\n".join(problem.messages)
    except Exception:
        logger.exception("work %s on a proposal failed", job_id)
        state, reason = JobState.FAILED, UNEXPECTED
    if not proposal_jobs.settle(job_id, user_id, state, reason):
        end_lost_work.apply_async([job_id], queue=SYSTEM)


@shared_task
def end_lost_work(job_id: int) -> None:
    """As the system: end the work of somebody who does not reach it any more, so that others can go on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT experts_end_lost_work(%s, %s)", [job_id, LOST])


@shared_task
def recompute_scopes(change_id: int) -> None:
    """As the system: every record that holds the changed honour, whoever may see it."""
    change = actions.start_recompute(change_id=change_id)
    if change is None:
        return
    try:
        seen, moved = _recompute_holders(change.honour_id or 0, change)
    except Exception:
        actions.fail_recompute(change=change)
        raise
    actions.finish_recompute(change=change, seen=seen, moved=moved)


def _recompute_holders(honour_id: int, change: CatalogueChange | None = None) -> tuple[int, int]:
    """All holders of one honour; returns (looked at, moved)."""
    total, after, seen, moved = holders(honour_id), 0, 0, 0
    while batch := recompute_batch(honour_id=honour_id, after=after):
        after, seen, moved = batch.last, seen + batch.seen, moved + batch.moved
        if change is not None:
            actions.note_recompute(change=change, percent=seen * 100 // max(total, 1))
    return seen, moved


@shared_task
def resume_recomputations() -> None:
    """Recomputations that were never begun or broke off: the queue forgets, the table does not."""
    overdue = CatalogueChange.objects.filter(
        stage=ChangeStage.APPLIED,
        job_state__in=[JobState.WAITING, JobState.FAILED],
        applied_at__lt=timezone.now() - PATIENCE,
    )
    for change_id in overdue.values_list("pk", flat=True).order_by("pk"):
        recompute_scopes.apply_async([change_id], queue=SYSTEM)


@shared_task
def end_expired_grants() -> None:
    """Need-to-know grants whose last day has passed go to the history; they opened nothing since midnight."""
    if moved := end_expired():
        logger.info("%s need-to-know grants ran out", moved)


@shared_task
def purge_exit_texts() -> None:
    """What was said in decided cases of mandatory exit goes after the years that each unit has set."""
    if cases := purge_exits():
        logger.info("texts of %s cases of mandatory exit deleted", cases)


@shared_task
def open_review_rounds() -> None:
    """The yearly review begins in the month that each unit has set (二（二）)."""
    if opened := open_due_rounds():
        logger.info("%s yearly reviews opened", opened)


@shared_task
def recompute_turned_honours() -> None:
    """Honours whose validity began or ended lately change scopes without anybody's doing (三（二）)."""
    today = timezone.localdate()
    began = Q(valid_from__range=(today - LOOK_BACK, today))
    ended = Q(valid_until__range=(today - LOOK_BACK, today - timedelta(days=1)))
    for honour in Honour.objects.filter(began | ended):
        seen, moved = _recompute_holders(honour.pk)
        if moved:
            actions.note_scopes_decided(code=honour.code, seen=seen, moved=moved)
            logger.info("%s: %s of %s records moved", honour.code, moved, seen)


@shared_task
def find_duplicates() -> None:
    """Pairs of records that may be one person, among what was entered, imported or changed lately. Entry and
    edit look at once; this catches imports and whatever was missed."""
    note_recent_pairs(since=timezone.now() - LOOK_BACK)


@shared_task
def forget_merges() -> None:
    """What undoing a merge needed goes after its 30 days; that there was a merge stays."""
    if forgotten := forget_expired():
        logger.info("%s merges can no longer be undone", forgotten)


@shared_task
def note_priorities() -> None:
    """Bring the worklists of rosters up to priorities that concern many people (二（二）)."""
    if noted := note_waiting():
        logger.info("%s priorities of units noted", noted)


@shared_task
def note_turned_priorities() -> None:
    """Priorities that began or ended lately open and close gaps of rosters without anybody's doing."""
    if note_turned(since=timezone.localdate() - LOOK_BACK):
        note_priorities()
