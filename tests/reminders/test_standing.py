"""The system administrator's page: true numbers, nothing of restricted experts, and what failed put back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from reminders.delivery import deliver
from reminders.letters import send_letters
from reminders.models import Letter, PlanMark, PlannedReminder, Tally
from reminders.standing import span_text
from tests.factories import make_user
from tests.reminders.mail_server import mail_server

pytestmark = pytest.mark.django_db
PAGE = "/messages/standing/"


def planned(rule="change_waiting", minutes=90, **facts):
    """A reminder that has been due for so long."""
    due = timezone.now() - timedelta(minutes=minutes)
    defaults = {"state": "waiting", "subject": make_user().pk, "recipient": make_user()}
    return PlannedReminder.objects.create(
        rule=rule, due_at=due, next_at=due, planned_at=due, **(defaults | facts)
    )


def tally(rule, days_ago=0, **numbers):
    return Tally.objects.create(rule=rule, day=timezone.localdate() - timedelta(days=days_ago), **numbers)


@pytest.fixture
def page(client_of, sysadmin):
    client = client_of(sysadmin)

    def get(**query):
        return client.get(PAGE, query)

    return get


def lines(response):
    return {line.key: line for line in response.context["by_rule"]}


def test_numbers_by_rule_and_by_day(page):
    tally("change_waiting", planned=10, sent=8, dropped=1, failed=1, late_seconds=800, latest_seconds=7500)
    tally("change_waiting", 3, planned=5, sent=5)
    tally("proposal_waiting", 20, planned=7, sent=7)
    line = lines(page())["change_waiting"]
    assert (line.planned, line.sent, line.dropped, line.failed) == (15, 13, 1, 1)
    assert (line.average_text, line.latest_text) == ("1 分钟", "2 小时 5 分")
    assert set(lines(page())) == {"change_waiting"}
    assert set(lines(page(days="31"))) == {"change_waiting", "proposal_waiting"}
    assert set(lines(page(days="31", rule="proposal_waiting"))) == {"proposal_waiting"}
    by_day = page(days="7").context["by_day"]
    assert [line.planned for line in by_day] == [0, 0, 0, 5, 0, 0, 10]
    assert page(days="7").context["chart"]["values"][0] == [0, 0, 0, 5, 0, 0, 8]


def test_what_is_late_and_for_how_long(page):
    planned(minutes=90)
    planned(minutes=30)
    planned(minutes=-30)
    response = page()
    line = lines(response)["change_waiting"]
    assert (line.now.waiting, line.now.late) == (3, 2)
    assert (response.context["late"], response.context["late_text"]) == (2, "1 小时 30 分")


def test_reminders_about_restricted_experts_are_in_no_number(page):
    planned(is_guarded=True)
    planned(is_guarded=True, state="failed")
    tally("grant_expiring", planned=3)
    response = page()
    assert (lines(response), response.context["late"]) == ({}, 0)
    assert "知悉授权" not in response.content.decode()


def test_failed_reminders_are_put_back(page, client_of, sysadmin):
    failed = planned(state="failed", attempts=6, error="ProgrammingError")
    assert "ProgrammingError" in page().content.decode()
    client_of(sysadmin).post(reverse("reminders:plan_again", args=["change_waiting"]))
    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.error) == ("waiting", 0, "")
    event = Event.objects.get(kind="reminder")
    assert (event.reference, event.counts, event.username) == ("change_waiting", {"reminders": 1}, "sysadmin")
    assert deliver(timezone.now()).total == 1


def dead_letter(**facts):
    now = timezone.now()
    defaults = {"kind": "digest", "state": "dead", "attempts": 12, "error": "550 no such user"}
    user = make_user(email="away@example.org")
    return Letter.objects.create(
        key=f"digest:{user.pk}", recipient=user, created_at=now, next_at=now, **(defaults | facts)
    )


def test_dead_letters_are_listed_and_sent_again(page, client_of, sysadmin):
    chosen, left = dead_letter(), dead_letter()
    assert page().content.decode().count("550 no such user") == 2
    client = client_of(sysadmin)
    client.post(reverse("reminders:letters_again"), {"letter": [str(chosen.uuid), "nonsense"]})
    chosen.refresh_from_db()
    left.refresh_from_db()
    assert (chosen.state, chosen.attempts, left.state) == ("waiting", 0, "dead")
    assert Event.objects.get(kind="letter").counts == {"letters": 1}


def test_a_page_says_that_nothing_ticks(page):
    assert "提醒没有在运行" in page().content.decode()
    now = timezone.now()
    PlanMark.objects.create(rule="change_waiting", planned_until=now, ticked_at=now)
    assert "提醒没有在运行" not in page().content.decode()
    PlanMark.objects.update(ticked_at=now - timedelta(minutes=6))
    assert "提醒没有在运行" in page().content.decode()


def test_a_test_letter_goes_over_the_real_server_and_its_fate_is_told(client_of, sysadmin, settings):
    client = client_of(sysadmin)
    tests = reverse("reminders:test_letters")
    with mail_server(settings) as post:
        client.post(reverse("reminders:test_letter"), {"address": "check@example.org"})
        waiting = client.get(tests).content.decode()
        assert "正在发送" in waiting
        assert "hx-trigger" in waiting
        assert dict(send_letters(timezone.now())) == {"sent": 1}
        assert "已发出" in client.get(tests).content.decode()
        (mail,) = post.mails
        assert (mail["To"], mail["Subject"]) == ("check@example.org", "测试邮件")
        post.refused = {"check@example.org": "550 not here"}
        client.post(reverse("reminders:test_letter"), {"address": "check@example.org"})
        assert dict(send_letters(timezone.now())) == {"dead": 1}
    page = client.get(tests).content.decode()
    assert "550 not here" in page
    assert "hx-trigger" not in page


@pytest.mark.parametrize("address", ["", "nobody", "a@b"])
def test_a_wrong_address_is_told_beside_its_field(client_of, sysadmin, settings, address):
    settings.EMAIL_HOST = "127.0.0.1"
    response = client_of(sysadmin).post(reverse("reminders:test_letter"), {"address": address})
    assert response.status_code == 422
    assert response.context["form"].errors["address"]
    assert not Letter.objects.exists()


def test_without_a_mail_server_the_page_says_what_to_do(client_of, sysadmin):
    response = client_of(sysadmin).post(reverse("reminders:test_letter"), {"address": "check@example.org"})
    assert response.status_code == 422
    assert "EMAIL_URL" in response.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_page_query_count(client_of, sysadmin, rows):
    for number in range(rows):
        tally("change_waiting", number, planned=1)
        planned()
        dead_letter()
    client = client_of(sysadmin)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        client.get(PAGE)
    assert len(queries) == 16


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 秒"), (59, "59 秒"), (60, "1 分钟"), (3_900, "1 小时 5 分"), (100_000, "1 天 3 小时")],
)
def test_spans_in_words(seconds, words):
    assert span_text(seconds) == words
