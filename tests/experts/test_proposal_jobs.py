"""A large proposal as work in the background: done whole, stopped by a line, cancelled, taken from somebody
without rights, seen by others; and what is refused meanwhile."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.jobs import Cancelled, JobState
from experts import tasks
from experts.actions import proposal_jobs as jobs
from experts.actions import proposals as acts
from experts.enums import Label
from experts.errors import Busy
from experts.models import Expert, JobAct, Proposal, ProposalJob, RosterEntry
from reminders.models import Message
from tests.experts.pages import body, queries
from tests.factories import enter, make_expert, propose, unit
from tests.roles import as_role

pytestmark = pytest.mark.django_db
NAMES = ("甲", "乙", "丙")


class Silent:
    """Stands for the progress that is written beside the work's transaction, which a test's is inside."""

    told: list = []

    def __init__(self, job, *, user_id):
        Silent.told = []

    def __call__(self, done, total=0):
        Silent.told.append((done, total))


@pytest.fixture(autouse=True)
def large(monkeypatch, settings):
    """Every proposal of two is a large one, and a batch is one line."""
    settings.PROPOSAL_LINES_AT_ONCE = 1
    monkeypatch.setattr("experts.models.proposal.BATCH", 1)
    monkeypatch.setattr("experts.proposal_work.Reporter", Silent)


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def director(client_of, director_haidian):
    return client_of(director_haidian)


@pytest.fixture
def reviewed(officer_haidian, director_haidian):
    """Of three people, waiting for approval."""
    proposal = propose(officer_haidian, *map(make_expert, NAMES))
    proposal.lines.update(conditions_met=True, scope="general")
    acts.submit(by=officer_haidian, proposal=proposal)
    acts.review(by=director_haidian, proposal=proposal)
    return Proposal.objects.get(pk=proposal.pk)


def at(proposal, name="detail"):
    return reverse(f"proposals:{name}", args=[proposal.uuid])


def step(client, proposal, name, note=""):
    return client.post(at(proposal, "act"), {"step": name, "note": note})


def work(proposal):
    """What the worker does now, as liaison_app; the proposal as it is then."""
    job = ProposalJob.objects.filter(proposal=proposal).latest("pk")
    with as_role("liaison_app"):
        tasks.run_proposal(job.pk, job.by_id)
    job.refresh_from_db()
    return job, Proposal.objects.get(pk=proposal.pk)


def roster():
    return set(RosterEntry.objects.of(unit("D04")).open().values_list("expert__name", flat=True))


def untouched(proposal):
    return (proposal.state, proposal.busy_by, roster()) == ("reviewed", None, set())


def elsewhere(act):
    """As somebody else would do it at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        act()
        cursor.execute("SET LOCAL ROLE liaison_app")


def test_a_large_approval_is_done_by_the_worker_for_the_person(director, director_haidian, reviewed):
    answer = director.post(at(reviewed, "act"), {"step": "approve", "note": "同意"}, follow=True)
    page = body(answer)
    assert ("已交后台办理" in page, "正在批准" in page, 'name="step"' in page) == (True, True, False)
    assert (roster(), Proposal.objects.get(pk=reviewed.pk).state) == (set(), "reviewed")
    job, proposal = work(reviewed)
    assert (job.job_state, job.asked, Silent.told) == ("done", {}, [(0, 3), (1, 3), (2, 3), (3, 3)])
    assert (proposal.state, proposal.approved_by, proposal.busy_by) == ("approved", director_haidian, None)
    assert roster() == set(NAMES)
    assert proposal.acts.latest("pk").note == "同意"
    assert Message.objects.filter(recipient=director_haidian, text="一份名单提案已在后台办完").exists()
    assert "后台办理" not in body(director.get(at(proposal)))


def test_running_it_twice_does_it_once(director, reviewed):
    step(director, reviewed, "approve")
    work(reviewed)
    job, _ = work(reviewed)
    assert (job.job_state, RosterEntry.objects.count()) == ("done", 3)


def test_a_small_one_is_done_at_once(director, reviewed, settings):
    settings.PROPOSAL_LINES_AT_ONCE = 3
    step(director, reviewed, "approve")
    assert (roster(), ProposalJob.objects.count()) == (set(NAMES), 0)


def test_filling_and_submitting_are_work_too(officer, officer_haidian):
    proposal = propose(officer_haidian, *map(make_expert, NAMES))
    fill = {"conditions_met": "on", "scope": "rule", "query": "show=incomplete"}
    assert "正在统一填写" in body(officer.post(at(proposal, "all_lines"), fill, follow=True))
    assert not proposal.lines.filter(conditions_met=True).exists()
    job, _ = work(proposal)
    assert (job.job_state, Silent.told[-1]) == ("done", (3, 3))
    assert set(proposal.lines.values_list("scope", "conditions_met")) == {("general", True)}
    step(officer, proposal, "submit")
    _, proposal = work(proposal)
    assert (proposal.state, proposal.line_count) == ("submitted", 3)


def test_the_lines_that_stop_it_are_named_and_it_can_be_begun_again(director, reviewed):
    entry = enter(Expert.objects.get(name="乙"), "D04")
    step(director, reviewed, "approve")
    job, proposal = work(reviewed)
    assert (job.job_state, proposal.state, roster()) == ("failed", "reviewed", {"乙"})
    assert proposal.acts.filter(step="approve").count() == 0
    page = body(director.get(at(proposal)))
    assert ("后台办理没有完成" in page, "乙：已经在本单位名单上" in page) == (True, True)
    assert Message.objects.filter(text=jobs.NOT_DONE).count() == 1
    RosterEntry.objects.filter(pk=entry.pk).delete()
    step(director, proposal, "approve")
    assert work(proposal)[1].state == "approved"


def test_who_is_restricted_meanwhile_is_not_named(director, reviewed):
    hidden = Expert.objects.get(name="乙")
    enter(hidden, "D04")
    step(director, reviewed, "approve")
    work(reviewed)
    ProposalJob.objects.update(job_total=len(NAMES))  # as the progress has told
    assert "乙：" in body(director.get(at(reviewed)))
    Expert.objects.filter(pk=hidden.pk).update(label=Label.RESTRICTED)
    page = body(director.get(at(reviewed)))
    assert ("后台办理没有完成" in page, "乙：" in page) == (True, False)


def test_what_stopped_it_is_told_to_nobody_else(officer, director, reviewed):
    enter(Expert.objects.get(name="乙"), "D04")
    step(director, reviewed, "approve")
    work(reviewed)
    assert "后台办理没有完成" not in body(officer.get(at(reviewed)))


@pytest.mark.parametrize("moment", [0, 1, 3])
def test_cancelled_it_leaves_nothing(director, reviewed, monkeypatch, moment):
    class Stopped(Silent):
        def __call__(self, done, total=0):
            if done == moment:
                raise Cancelled

    step(director, reviewed, "approve")
    monkeypatch.setattr("experts.proposal_work.Reporter", Stopped)
    job, proposal = work(reviewed)
    assert (job.job_state, job.job_error) == ("cancelled", jobs.STOPPED)
    assert untouched(proposal)


def test_an_unforeseen_failure_leaves_nothing_and_says_so(director, reviewed, monkeypatch):
    step(director, reviewed, "approve")
    monkeypatch.setattr("experts.actions.proposals.apply", lambda **facts: 1 / 0)
    job, proposal = work(reviewed)
    assert (job.job_state, job.job_error) == ("failed", tasks.UNEXPECTED)
    assert untouched(proposal)
    assert tasks.UNEXPECTED in body(director.get(at(reviewed)))


@pytest.mark.parametrize("moment", ["before", 1])
def test_nothing_is_written_for_who_loses_the_right(
    director, director_haidian, reviewed, monkeypatch, moment
):
    def lose():
        director_haidian.assignments.update(until=timezone.localdate() - timedelta(days=1))

    class Losing(Silent):
        def __call__(self, done, total=0):
            if done == moment:
                elsewhere(lose)

    step(director, reviewed, "approve")
    monkeypatch.setattr("experts.proposal_work.Reporter", Losing)
    if moment == "before":
        lose()
    # What the work takes back takes back the loss too, which stood inside its transaction here.
    settle = jobs.settle
    monkeypatch.setattr(jobs, "settle", lambda *what: (elsewhere(lose), settle(*what))[1])
    asked = []
    monkeypatch.setattr(tasks.end_lost_work, "apply_async", lambda arguments, queue: asked.append(arguments))
    job, proposal = work(reviewed)
    assert (proposal.state, roster()) == ("reviewed", set())
    with as_role("liaison_worker"):
        tasks.end_lost_work(*asked[0])
    job.refresh_from_db()
    proposal.refresh_from_db()
    assert (job.job_state, job.job_error, proposal.busy_by) == ("failed", tasks.LOST, None)


def test_the_rights_are_asked_at_once(officer, reviewed, officer_haidian):
    assert step(officer, reviewed, "approve").status_code == 403
    with pytest.raises(PermissionDenied):
        jobs.begin(by=officer_haidian, proposal=reviewed, act=JobAct.APPROVE, note="")
    assert ProposalJob.objects.count() == 0


def test_nobody_has_a_worker_approve_what_they_submitted(director_haidian):
    proposal = propose(director_haidian, *map(make_expert, NAMES))
    proposal.lines.update(conditions_met=True, scope="general")
    for act in (acts.submit, acts.review):
        act(by=director_haidian, proposal=proposal)
    with pytest.raises(ValidationError, match="另一人"):
        jobs.begin(by=director_haidian, proposal=proposal, act=JobAct.APPROVE, note="")


def test_every_other_act_is_refused_meanwhile(officer, director, reviewed, director_haidian):
    step(director, reviewed, "approve")
    line = reviewed.lines.first()
    for client, name, data in (
        (director, "act", {"step": "approve"}),
        (director, "act", {"step": "return", "note": "退回"}),
        (officer, "act", {"step": "withdraw"}),
        (officer, "act", {"step": "review"}),
        (officer, "lines", {"line": line.uuid}),
        (officer, "all_lines", {"conditions_met": "on"}),
    ):
        answer = client.post(at(reviewed, name), data)
        assert (answer.status_code, "正在后台办理" in body(answer)) == (409, True), (name, data)
    assert officer.get(at(reviewed, "edit")).status_code == 409
    assert ProposalJob.objects.count() == 1
    assert f"由 {director_haidian}" in body(officer.get(at(reviewed)))


def test_of_two_at_once_one_wins_and_the_other_is_told(reviewed, director_haidian):
    jobs.begin(by=director_haidian, proposal=reviewed, act=JobAct.APPROVE, note="")
    with pytest.raises(Busy):
        jobs.begin(by=director_haidian, proposal=reviewed, act=JobAct.APPROVE, note="")
    assert ProposalJob.objects.count() == 1


def test_how_far_it_is_sees_only_who_asked(officer, director, reviewed, monkeypatch):
    step(director, reviewed, "approve")
    ProposalJob.objects.update(job_state=JobState.RUNNING, job_done=1234, job_total=98765)
    monkeypatch.setattr("experts.actions.proposal_jobs.is_taken", lambda key: True)
    shown = {}
    for name, client in (("own", director), ("other", officer)):
        page = body(client.get(at(reviewed, "progress"), headers={"HX-Request": "true"}))
        shown[name] = ("1,234" in page, "98,765" in page)
    assert shown == {"own": (True, True), "other": (False, False)}
    assert director.get(at(reviewed, "progress")).url == at(reviewed)
    work(reviewed)
    answer = director.get(at(reviewed, "progress"), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_what_no_worker_has_begun_is_stopped_at_once(director, reviewed):
    step(director, reviewed, "approve")
    assert "停止" in body(director.get(at(reviewed)))
    director.post(at(reviewed, "stop"))
    job = ProposalJob.objects.get()
    assert (job.job_state, untouched(Proposal.objects.get(pk=reviewed.pk))) == ("cancelled", True)
    assert "已按要求停止" in body(director.get(at(reviewed)))
    job, proposal = work(reviewed)  # the message that comes late
    assert (job.job_state, untouched(proposal)) == ("cancelled", True)


def test_a_running_one_is_asked_to_stop_by_its_asker_only(officer, director, reviewed, monkeypatch):
    step(director, reviewed, "approve")
    monkeypatch.setattr(jobs, "take", lambda key: False)
    monkeypatch.setattr(jobs, "is_taken", lambda key: True)
    assert "正在由" in body(officer.post(at(reviewed, "stop"), follow=True))
    assert ProposalJob.objects.get().cancel_requested is False
    director.post(at(reviewed, "stop"))
    assert ProposalJob.objects.get().cancel_requested is True
    assert "正在停止" in body(director.get(at(reviewed)))


@pytest.fixture
def dead(director, reviewed):
    """A worker has begun, and is at it no more."""
    step(director, reviewed, "approve")
    ProposalJob.objects.update(job_state=JobState.RUNNING, job_done=2)
    return reviewed


def test_what_a_dead_worker_left_is_begun_again(director, dead):
    page = body(director.get(at(dead)))
    assert ("办理中断" in page, "重新开始" in page) == (True, True)
    director.post(at(dead, "restart"))
    assert (ProposalJob.objects.get().job_state, ProposalJob.objects.get().job_done) == ("waiting", 0)
    assert work(dead)[1].state == "approved"


def test_what_a_dead_worker_left_is_ended_by_a_colleague(officer, dead):
    assert "办理中断" not in body(officer.get(at(dead)))
    Proposal.objects.update(busy_since=timezone.now() - timedelta(minutes=5))
    page = body(officer.get(at(dead)))
    assert ("办理中断" in page, "重新开始" in page, "停止" in page) == (True, False, True)
    officer.post(at(dead, "restart"))
    assert ProposalJob.objects.get().job_state == "running"
    officer.post(at(dead, "stop"))
    assert untouched(Proposal.objects.get(pk=dead.pk))
    job, proposal = work(dead)  # the worker that comes to it after all
    assert (job.job_state, untouched(proposal)) == ("cancelled", True)


def test_work_that_a_colleague_ended_is_not_taken_up_with_the_next(director, reviewed):
    step(director, reviewed, "approve")
    Proposal.objects.update(busy_by=None, busy_since=None)
    step(director, reviewed, "approve")
    first, second = ProposalJob.objects.order_by("pk")
    assert (first.job_state, second.job_state) == ("cancelled", "waiting")


def test_without_a_queue_it_says_so(director, reviewed, monkeypatch, django_capture_on_commit_callbacks):
    def away(*keys):
        raise OperationalError

    monkeypatch.setattr(tasks.run_proposal, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        step(director, reviewed, "approve")
    assert untouched(Proposal.objects.get(pk=reviewed.pk))
    assert "任务队列暂时连不上" in body(director.get(at(reviewed)))


def test_somebody_who_vanishes_from_sight_stops_it(director, reviewed, monkeypatch):
    class Hiding(Silent):
        def __call__(self, done, total=0):
            if done == 1:
                others = Expert.objects.filter(name__in=NAMES)
                elsewhere(lambda: others.update(label=Label.RESTRICTED))

    step(director, reviewed, "approve")
    monkeypatch.setattr("experts.proposal_work.Reporter", Hiding)
    job, proposal = work(reviewed)
    assert (job.job_state, untouched(proposal)) == ("failed", True)
    assert "发生变化" in job.job_error


def test_both_locks_say_that_work_is_its_askers(
    director, reviewed, as_app, officer_haidian, director_haidian, officer_chaoyang, staff_city
):  # fmt: skip
    step(director, reviewed, "approve")
    for user in (officer_haidian, director_haidian, officer_chaoyang, staff_city):
        expected = set(ProposalJob.objects.visible_to(user))
        with as_app(user):
            assert set(ProposalJob.objects.all()) == expected
            others = ProposalJob.objects.exclude(by=user)
            assert others.update(cancel_requested=True) == 0
    with as_role("liaison_app"):
        assert not ProposalJob.objects.exists()


def test_the_page_costs_little_more_while_a_worker_is_at_it(director, reviewed):
    quiet = len(queries(director, at(reviewed)))
    step(director, reviewed, "approve")
    director.get(at(reviewed))  # the message is shown
    assert len(queries(director, at(reviewed))) <= min(quiet + 3, 22)
