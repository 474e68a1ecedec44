"""A worker that is killed in the middle of a large proposal, in a process and a database of their own."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from liaison import service_urls
from tests import product
from tests.reminders.servers import execute, own_database, wait_until

PREPARE = """
from tests.personas import make_persona
from tests.factories import make_expert, propose
from experts.actions import proposals as acts, proposal_jobs as jobs
from experts.models import JobAct, Proposal
from unittest.mock import patch
officer, director = make_persona("officer_haidian"), make_persona("director_haidian")
proposal = propose(officer, *(make_expert(f"王{number}") for number in range(6)))
proposal.lines.update(conditions_met=True, scope="general")
acts.submit(by=officer, proposal=proposal)
acts.review(by=director, proposal=proposal)
with patch("experts.tasks.run_proposal.delay"):
    jobs.begin(by=director, proposal=Proposal.objects.get(), act=JobAct.APPROVE, note="")
"""
# One line a second, so that there is a middle in which to be killed.
WORK = """
import time
from experts import proposal_work, tasks
from experts.models import proposal, ProposalJob
from core.jobs import Reporter
class Slow(Reporter):
    EVERY = 0
    def __call__(self, done, total=0):
        super().__call__(done, total)
        time.sleep({pause})
proposal.BATCH, proposal_work.Reporter = 1, Slow
tasks.run_proposal({job}, {user})
"""
STANDING = """
SELECT proposal.state, proposal.busy_by_id IS NOT NULL, job.job_state, job.job_done,
    (SELECT count(*) FROM experts_rosterentry)
FROM experts_proposal proposal JOIN experts_proposaljob job ON job.proposal_id = proposal.id
"""


@pytest.fixture
def database(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), own_database("proposals_killed") as name:
        yield name


def python(database, role, code):
    """A process of the product on this database, as that role, which runs the code."""
    names = [way.name for way in service_urls.WAYS]
    addresses = {name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl() for name in names}
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    environment = os.environ | addresses | {"LIAISON_DB_ROLE": role}
    return subprocess.Popen(command, cwd=product.PROJECT, env=environment, start_new_session=True)


@pytest.mark.slow
@pytest.mark.xdist_group("real servers")
def test_a_killed_worker_leaves_nothing_and_another_does_it(database):
    def standing():
        return execute(database, STANDING)[0]

    assert python(database, "owner", PREPARE).wait(120) == 0
    asker = execute(database, "SELECT id, by_id FROM experts_proposaljob")[0]
    killed = python(database, "app", WORK.format(pause=1, job=asker[0], user=asker[1]))
    assert wait_until(lambda: standing()[3] > 0, True, 60)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait(10)
    state, busy, job, _, entries = standing()
    assert (state, busy, job, entries) == ("reviewed", True, "running", 0)
    assert python(database, "app", WORK.format(pause=0, job=asker[0], user=asker[1])).wait(120) == 0
    assert standing() == ("approved", False, "done", 6, 6)
