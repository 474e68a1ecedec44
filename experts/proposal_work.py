"""What a worker does to a large proposal; experts/actions/proposal_jobs.py asks for it."""

from collections.abc import Callable

from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from accounts.roles import Right
from core.jobs import Cancelled, JobState, Reporter, RightsLost
from experts.actions import proposals as acts
from experts.actions.proposal_jobs import take
from experts.models import JobAct, Proposal, ProposalJob
from experts.proposal_page import LineFilter
from experts.roster_effects import Report
from reminders.actions import notify

DONE = "一份名单提案已在后台办完"
RIGHTS: dict[JobAct, Right] = {JobAct.FILL: "change", JobAct.SUBMIT: "change", JobAct.APPROVE: "approve"}


def work(job_id: int, user: User) -> None:
    """Do it in the current transaction, with the rights that the user has while it is done.

    Nothing when it is done already or another worker is at it; Cancelled when somebody has ended it,
    RightsLost when they do not suffice any more.
    """
    job = _claimed(job_id, user)
    if job is None:
        return
    proposal = job.proposal
    reporter = Reporter(job, user_id=user.pk)

    def report(done: int, total: int) -> None:
        reporter(done, total)
        if not User.objects.get(pk=user.pk).may(RIGHTS[JobAct(job.act)], proposal.place):
            raise RightsLost

    report(0, LineFilter.read(QueryDict(str(job.asked.get("query", "")))).lines(user, proposal).count())
    ACTS[JobAct(job.act)](user, job, report)
    job.job_state, job.job_error, job.asked = JobState.DONE, "", {}
    job.save(update_fields=["job_state", "job_error", "asked"])
    notify(recipient=user, text=DONE, url=reverse("proposals:detail", args=[proposal.uuid]))


def _claimed(job_id: int, user: User) -> ProposalJob | None:
    mine = ProposalJob.objects.visible_to(user).filter(pk=job_id).select_related("proposal__unit")
    found = mine.first()
    if found is None or not Proposal.objects.visible_to(user).filter(pk=found.proposal_id).exists():
        raise RightsLost
    if not take(found.proposal_id):
        return None
    job = mine.active().first()  # as it is now that nobody else is at it
    if job and job.proposal.busy_by_id != user.pk:
        raise Cancelled
    return job


def _fill(user: User, job: ProposalJob, report: Report) -> None:
    lines = LineFilter.read(QueryDict(job.asked["query"])).lines(user, job.proposal)
    acts.change_lines(by=user, proposal=job.proposal, lines=lines, report=report, **job.asked["facts"])


def _submit(user: User, job: ProposalJob, report: Report) -> None:
    acts.submit(by=user, proposal=job.proposal, note=job.asked["note"], report=report)


def _approve(user: User, job: ProposalJob, report: Report) -> None:
    acts.approve(by=user, proposal=job.proposal, note=job.asked["note"], report=report)


ACTS: dict[JobAct, Callable[[User, ProposalJob, Report], None]] = {
    JobAct.FILL: _fill,
    JobAct.SUBMIT: _submit,
    JobAct.APPROVE: _approve,
}
