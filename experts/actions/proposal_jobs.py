"""Large proposals are worked on by a worker, for the person who asked, with that person's rights (二（二）).

Who may is asked at once and again when the work begins. As long as a proposal is `busy_by` somebody no other
act on it is taken; the work is one transaction, so that it is done whole or leaves nothing.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.jobs import JobState
from core.rls import transaction_as
from experts.actions.proposals import being_written, open_to_approval
from experts.models import JobAct, Proposal, ProposalJob
from experts.models.proposal import ProposalLineQuerySet
from reminders.actions import notify

PATIENCE = timedelta(minutes=2)  # after which it is said that no worker has begun
LOCK = 0x50524F  # advisory lock class of proposals that are worked on
STOPPED = "已按要求停止，没有写入任何内容。"
NOT_DONE = "一份名单提案没有办成，请查看原因"
NO_QUEUE = "任务队列暂时连不上，没有写入任何内容。请过几分钟再办；仍不行请联系系统管理员。"
NOT_YOURS = "正在由 {} 办理，请等待办完，或请其停止。"
ENDED = "后台办理已经结束，请刷新页面查看。"
CHECKS: dict[JobAct, Callable[[User, Proposal], Proposal]] = {
    JobAct.FILL: being_written,
    JobAct.SUBMIT: being_written,
    JobAct.APPROVE: open_to_approval,
}


def is_large(lines: ProposalLineQuerySet) -> bool:
    """Whether an act on these lines is a worker's."""
    most = settings.PROPOSAL_LINES_AT_ONCE
    return lines.order_by()[most : most + 1].exists()


@transaction.atomic
def begin(*, by: User, proposal: Proposal, act: JobAct, **asked: object) -> ProposalJob:
    """Have a worker do it. Busy or AlreadyDecided when somebody was faster; PermissionDenied and
    ValidationError as the act itself."""
    current = CHECKS[act](by, proposal)
    mine = ProposalJob.objects.visible_to(by).active().filter(proposal=current)
    mine.update(job_state=JobState.CANCELLED, job_error=STOPPED, asked={})  # another has ended it meanwhile
    job = ProposalJob.objects.create(proposal=current, by=by, act=act, asked=asked, version=current.version)
    Proposal.objects.filter(pk=current.pk).update(busy_by=by, busy_since=timezone.now())
    _note(by, current, "queued", act.value)
    _queue(job)
    return job


def _note(by: User, proposal: Proposal, result: str, *acts: str) -> None:
    record(Verb.REQUEST, by=by, kind="proposal", reference=proposal.number, fields=list(acts), result=result)


def _queue(job: ProposalJob) -> None:
    """Hand it to a worker once this transaction is committed; without a queue it says so at once."""
    from experts.tasks import run_proposal  # tasks call actions

    def send() -> None:
        try:
            run_proposal.delay(job.pk, job.by_id)
        except OperationalError:
            settle(job.pk, job.by_id, JobState.FAILED, NO_QUEUE)

    transaction.on_commit(send)


def take(proposal_id: int) -> bool:
    """Keep every other worker from the proposal until this transaction ends; False when one is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, proposal_id % 2**31])
        return bool(cursor.fetchone()[0])


def is_taken(proposal_id: int) -> bool:
    """Whether a worker is at it, without keeping one from it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid::bigint = %s AND objid::bigint = %s)",
            [LOCK, proposal_id % 2**31],
        )
        return bool(cursor.fetchone()[0])


def is_idle(proposal: Proposal) -> bool:
    """Whether the work has begun, or should have, and no worker is at it: one has died, or there is none."""
    since = proposal.busy_since
    if since is None or is_taken(proposal.pk):
        return False
    begun = ProposalJob.objects.filter(proposal=proposal, job_state=JobState.RUNNING)
    return begun.exists() or since < timezone.now() - PATIENCE


@transaction.atomic
def stop(*, by: User, proposal: Proposal) -> None:
    """Ask the worker to stop, or end what no worker is at: one's own, or what another has left behind in a
    unit where one has a say."""
    current = Proposal.objects.visible_to(by).select_related("busy_by").filter(pk=proposal.pk).first()
    if current is None or not (by.may("change", current.place) or by.may("approve", current.place)):
        raise PermissionDenied
    if current.busy_by is None:
        raise ValidationError(ENDED)
    mine = ProposalJob.objects.visible_to(by).active().filter(proposal=current)
    idle = take(current.pk)
    if not idle and current.busy_by != by:
        raise ValidationError(NOT_YOURS.format(current.busy_by))
    _note(by, current, "stopped")
    if idle:
        mine.update(job_state=JobState.CANCELLED, job_error=STOPPED, asked={})
        Proposal.objects.filter(pk=current.pk).update(busy_by=None, busy_since=None)
    else:
        mine.update(cancel_requested=True)


@transaction.atomic
def begin_again(*, by: User, proposal: Proposal) -> None:
    """Queue one's own work again that no worker is at."""
    mine = ProposalJob.objects.visible_to(by).active().filter(proposal=proposal, proposal__busy_by=by)
    job = mine.first()
    if job is None:
        raise ValidationError(ENDED)
    if not take(proposal.pk):
        raise ValidationError("正在办理，请稍等。")
    mine.update(job_state=JobState.WAITING, job_done=0, cancel_requested=False)
    _note(by, proposal, "queued", job.act)
    _queue(job)


def settle(job_id: int, user_id: int, state: JobState, reason: str) -> bool:
    """End the work without its outcome, and say why; False when the user does not reach it any more."""
    with transaction_as(user_id):
        user = User.objects.get(pk=user_id)
        mine = ProposalJob.objects.visible_to(user).filter(pk=job_id)
        reached = Proposal.objects.visible_to(user).filter(pk__in=mine.values("proposal"))
        proposal = reached.first()
        if proposal is None:
            return False
        mine.active().update(job_state=state, job_error=reason[:500], cancel_requested=False, asked={})
        reached.filter(busy_by=user).update(busy_by=None, busy_since=None)
        if state == JobState.FAILED:
            page = reverse("proposals:detail", args=[proposal.uuid])
            notify(recipient=user, text=NOT_DONE, url=page)
        return True


def work_of(user: User, proposal: Proposal) -> ProposalJob | None:
    """The user's own last work on the proposal."""
    return ProposalJob.objects.visible_to(user).filter(proposal=proposal).order_by("-pk").first()
