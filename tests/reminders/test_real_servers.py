"""2,000 reminders, exactly once each: two beats and three workers on a real database, broker and mail server,
with workers killed at work, three planners at once, and the broker wiped and away."""

import json
import random
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, connections, transaction
from django.utils import timezone

from reminders.functions import name_of
from reminders.letters import LEASE
from reminders.registry import REGISTRY
from tests.experts.grants import worker
from tests.factories import make_expert
from tests.reminders.mail_server import mail_server
from tests.reminders.servers import Broker, Crew, execute, own_database, wait_until
from tests.roles import as_role

KILLS = 20
# Reported changes, each of which waits for exactly one person.
REPORT = """
INSERT INTO experts_changereport (uuid, label, unit_order, expert_id, kind, happened_on, source, employer,
    post, title, across, text, document, key_id, reported_by_id, reported_at, state, note)
SELECT gen_random_uuid(), label, unit_order, id, 'transfer', current_date, '来函', '新单位', '',
    '', '{}', '', '', '', %s, now() - interval '1 second', 'reported', ''
FROM experts_expert, generate_series(1, %s) WHERE id = %s
"""
AT_ONCE = "INSERT INTO reminders_preference (user_id, rule, mail) VALUES (%s, 'change_waiting', 'now')"
AT_ANY_HOUR = "INSERT INTO reminders_habit VALUES (%s, '00:00', '00:00', false)"
TOLD = "SELECT count(*), count(DISTINCT reminder) FROM reminders_message WHERE rule = 'change_waiting'"


class Desk:
    """An expert of a unit where one person reports and another verifies."""

    def __init__(self, database, code, **verifier):
        self.database = database
        self.expert = make_expert(f"专家{code}", unit_code=code)
        self.reporter = worker(f"报送{code}", at=code)
        self.verifier = worker(f"核实{code}", at=code, **verifier)

    def report(self, count):
        execute(self.database, REPORT, [self.reporter.pk, count, self.expert.pk])


class ForgetfulPost:
    """Refuses every third letter for now, once."""

    def __init__(self, post):
        self.post, self.asked = post, Counter()
        self.take, post.handle_DATA = post.handle_DATA, self.handle_DATA

    async def handle_DATA(self, server, session, envelope):
        name = next(line for line in envelope.content.decode().splitlines() if line.startswith("Message-ID"))
        self.asked[name] += 1
        if self.asked[name] == 1 and len(self.asked) % 3 == 0:
            return "451 not now"
        return await self.take(server, session, envelope)


@pytest.fixture
def database(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), own_database("reminders_real") as name:
        default = connections["default"]
        before, default.settings_dict["NAME"] = default.settings_dict["NAME"], name
        yield name
        connections.close_all()
        default.settings_dict["NAME"] = before


@pytest.fixture
def broker(tmp_path):
    server = Broker(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.django_db
def test_every_rule_answers_the_worker_and_nobody_else(as_app):
    now = timezone.now()
    asked = [now - timedelta(days=1), now]
    with as_role("liaison_worker"), connection.cursor() as cursor:
        for rule in REGISTRY.rules.values():
            cursor.execute(f"SELECT count(*) FROM {name_of(rule)}(%s, %s, NULL)", asked)
            cursor.execute(f"SELECT count(*) FROM {name_of(rule)}(%s, %s, ARRAY[1::bigint])", asked)
            assert cursor.fetchone() == (0,)
    for rule in REGISTRY.rules.values():
        with pytest.raises(ProgrammingError, match="permission denied"), as_app(), transaction.atomic():
            connection.cursor().execute(f"SELECT count(*) FROM {name_of(rule)}(%s, %s, NULL)", asked)


def test_no_task_outlives_the_broker_that_would_hand_it_to_another():
    """A task still running when its message becomes visible again would run twice at once."""
    visible = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < visible
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
    assert settings.CELERY_ACCEPT_CONTENT == [settings.CELERY_TASK_SERIALIZER] == ["json"]


@pytest.mark.slow
@pytest.mark.xdist_group("real servers")
def test_two_thousand_reminders_come_exactly_once(database, broker, tmp_path, settings):
    quiet, written = Desk(database, "D04"), Desk(database, "D03", email="heshi@example.org")
    for choice in (AT_ONCE, AT_ANY_HOUR):
        execute(database, choice, [written.verifier.pk])
    with mail_server(settings) as post:
        forgetful = ForgetfulPost(post)
        variables = {
            "REDIS_URL": broker.url,
            "REMINDER_TICK_SECONDS": "1",
            "EMAIL_URL": f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
        }
        crew = Crew(tmp_path, database, variables)
        try:
            _three_planners_at_once(crew, quiet)
            _workers_that_are_killed(crew, quiet, written)
            _without_a_broker(crew, broker, quiet)
            _with_an_empty_broker(crew, broker, quiet)
            _letters(database, post, forgetful)
        finally:
            crew.stop()


def told(database):
    return lambda: execute(database, TOLD)[0]


def _three_planners_at_once(crew, desk):
    desk.report(1000)
    planners = [crew.run("reminders", "plan", "--json") for _ in range(3)]
    planned = [json.loads(planner.communicate(timeout=120)[0])["planned"] for planner in planners]
    assert sum(planned) == 1000


def _workers_that_are_killed(crew, quiet, written):
    """Work comes in while one worker after the other is killed, whole or in the middle of a task."""
    rng = random.Random(6)
    crew.start_all()
    assert wait_until(told(quiet.database), (1000, 1000)) == (1000, 1000), crew.logs()
    for number in range(KILLS):
        quiet.report(30)
        written.report(10)
        done = 1000 + 40 * number
        wait_until(lambda done=done: told(quiet.database)()[0] > done, True, 3)
        crew.kill_a_worker(rng, whole=number % 5 == 4)
    assert wait_until(told(quiet.database), (1800, 1800)) == (1800, 1800), crew.logs()


def _without_a_broker(crew, broker, desk):
    """The loop alone: beats and workers are up, and reach nothing."""
    broker.stop()
    crew.start("loop", [sys.executable, "manage.py", "reminders", "run", "--every", "1"])
    desk.report(100)
    assert wait_until(told(desk.database), (1900, 1900)) == (1900, 1900), crew.logs()
    crew.stop("loop")


def _with_an_empty_broker(crew, broker, desk):
    """What waited in the broker is gone; the workers go on."""
    broker.start()
    desk.report(100)
    assert wait_until(told(desk.database), (2000, 2000)) == (2000, 2000), crew.logs()
    states = "SELECT state, count(*) FROM reminders_plannedreminder GROUP BY 1"
    assert execute(desk.database, states) == [("sent", 2000)]
    tallied = "SELECT sum(planned), sum(sent), sum(dropped), sum(failed) FROM reminders_tally"
    assert execute(desk.database, tallied) == [(2000, 2000, 0, 0)]


def _letters(database, post, forgetful):
    """Every letter arrives; what is sent again is sent under its own name."""
    left = "SELECT count(*) FROM reminders_letter WHERE state <> 'sent'"

    def later():
        """The pause after a refusal is over, and the lease of workers that were killed while sending."""
        execute(database, "UPDATE reminders_letter SET next_at = now(), lease_until = lease_until - %s"
                " WHERE state = 'waiting' AND (error <> '' OR lease_until < now() + interval '4 min 30 s')",
                [LEASE])  # fmt: skip
        return execute(database, left)[0][0]

    assert wait_until(later, 0) == 0
    names = Counter(mail["Message-ID"] for mail in post.mails)
    letters = {f"<{uuid}@localhost>" for (uuid,) in execute(database, "SELECT uuid FROM reminders_letter")}
    assert len(letters) == 200
    assert set(names) == letters
    assert sum(forgetful.asked.values()) > 200  # some were refused at first, so some were tried again
    for name in letters:
        bodies = {
            mail.get_body(("plain",)).get_content() for mail in post.mails if mail["Message-ID"] == name
        }
        assert len(bodies) == 1
