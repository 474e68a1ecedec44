"""Letters over a real mail server: what they say and do not say, when they go, what becomes of failures."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from experts.models import ChangeReport
from reminders.delivery import deliver
from reminders.enums import MailMode
from reminders.letters import LEASE, MOST_ATTEMPTS, queue_digests, send_letters
from reminders.models import Habit, Letter, Message, Preference
from reminders.planning import plan
from tests.experts.grants import worker
from tests.factories import make_expert, make_report
from tests.reminders.mail_server import mail_server
from tests.reminders.ticking import at
from tests.roles import as_role

pytestmark = pytest.mark.django_db
MONDAY = "2026-11-23"


@pytest.fixture
def post(settings):
    with mail_server(settings) as server:
        yield server


@pytest.fixture
def desk(db):
    """Somebody who reports changes, and somebody who verifies them and has an address."""
    return worker("报送人"), worker("核实人", email="heshi@example.org")


def report(desk, moment, name="林大同"):
    """A change that waits to be verified."""
    made = make_report(desk[0], make_expert(name))
    ChangeReport.objects.filter(pk=made.pk).update(reported_at=moment)
    return made


def tick(now):
    plan(now, all_rules=True)
    deliver(now)
    queue_digests(now)
    return dict(send_letters(now))


def at_once(desk, rule="change_waiting"):
    Preference.objects.create(user=desk[1], rule=rule, mail=MailMode.NOW)


def test_a_digest_is_one_letter_that_tells_how_many_and_nothing_else(post, desk):
    for name in ("林大同", "林小同"):
        report(desk, at(MONDAY, 8, 10), name)
    assert tick(at(MONDAY, 8, 29)) == {}
    assert tick(at(MONDAY, 8, 30)) == {"sent": 1}
    assert tick(at(MONDAY, 9)) == {}
    (mail,) = post.mails
    assert (mail["To"], mail["Subject"]) == ("heshi@example.org", "您有 2 项联系任务")
    assert str(mail["From"]) == "专家联系 <liaison@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    letter = Letter.objects.get()
    assert mail["Message-ID"] == f"<{letter.uuid}@example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].strip().startswith("<https://liaison.example.org/messages/unsubscribe/")
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    assert list(parts) == ["text/plain", "text/html"]
    for text in parts.values():
        assert "核实人，您好" in text
        assert "您有 2 项联系任务" in text
        assert "https://liaison.example.org/messages/" in text
        assert "本系统为非涉密信息系统" in text
        for secret in ("林", "变动", "海淀", "核实信息", "change", "report"):
            assert secret not in text.replace("核实人", "")


def test_who_wants_to_be_written_to_at_once_is(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 14))
    assert tick(at(MONDAY, 14)) == {"sent": 1}
    (mail,) = post.mails
    message = Message.objects.get()
    assert mail["Subject"] == "您有一项联系任务"
    assert f"https://liaison.example.org/messages/{message.uuid}/" in mail.get_body(("plain",)).get_content()
    assert tick(at("2026-11-24", 9)) == {}


def test_in_quiet_hours_a_letter_waits_for_the_morning(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 23))
    assert tick(at(MONDAY, 23)) == {}
    assert Message.objects.count() == 1
    assert tick(at("2026-11-24", 7, 59)) == {}
    assert tick(at("2026-11-24", 8)) == {"sent": 1}


def test_a_digest_waits_for_the_end_of_long_quiet_hours(post, desk):
    Habit.objects.create(user=desk[1], quiet_from="20:00", quiet_until="10:00")
    report(desk, at(MONDAY, 8, 10))
    assert tick(at(MONDAY, 8, 30)) == {}
    assert tick(at(MONDAY, 10)) == {"sent": 1}


def test_nobody_is_written_to_who_does_not_want_it_or_has_no_address(post, desk):
    Preference.objects.create(user=desk[1], rule="change_waiting", mail=MailMode.OFF)
    worker("没有邮箱")
    report(desk, at(MONDAY, 8, 10))
    assert tick(at(MONDAY, 9)) == {}
    assert Message.objects.count() == 2


def test_what_was_read_by_then_is_not_written_of(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 23))
    tick(at(MONDAY, 23))
    Message.objects.update(read_at=timezone.now())
    assert tick(at("2026-11-24", 8)) == {"needless": 1}
    assert post.mails == []


@pytest.mark.parametrize("change", ["verified", "disabled", "role", "preference"])
def test_what_holds_no_more_is_not_written_of(post, desk, change):
    at_once(desk)
    made = report(desk, at(MONDAY, 23))
    tick(at(MONDAY, 23))
    if change == "verified":
        ChangeReport.objects.filter(pk=made.pk).update(
            state="refused", decided_by=desk[1], decided_at=timezone.now(), note="不属实"
        )
    elif change == "disabled":
        desk[1].is_active = False
        desk[1].save(update_fields=["is_active"])
    elif change == "role":
        desk[1].assignments.all().delete()
    else:
        Preference.objects.update(mail=MailMode.OFF)
    assert tick(at("2026-11-24", 8)).get("sent") is None
    assert Letter.objects.get().state == "needless"
    assert post.mails == []


def test_a_server_that_is_busy_is_asked_again_later_and_later(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 9))
    post.reply = "451 try again"
    now = at(MONDAY, 9)
    assert tick(now) == {"put_off": 1}
    letter = Letter.objects.get()
    assert (letter.state, letter.attempts, letter.error) == ("waiting", 1, "451 try again")
    assert letter.next_at == now + timedelta(minutes=1)
    assert tick(now + timedelta(seconds=59)) == {}
    assert tick(now + timedelta(minutes=1)) == {"put_off": 1}
    letter.refresh_from_db()
    assert letter.next_at == now + timedelta(minutes=3)
    post.reply = None
    assert tick(now + timedelta(minutes=3)) == {"sent": 1}
    assert len({mail["Message-ID"] for mail in post.mails}) == 1


def test_after_enough_failures_a_letter_waits_for_an_administrator(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 9))
    post.reply = "451 try again"
    now = at(MONDAY, 9)
    tick(now)
    Letter.objects.update(attempts=MOST_ATTEMPTS - 1)
    assert tick(now + timedelta(minutes=1)) == {"dead": 1}
    post.reply = None
    assert tick(now + timedelta(days=1)) == {}


def test_a_refused_address_is_given_up_and_the_others_are_written_to(post, desk):
    other = worker("另一核实人", email="other@example.org")
    for user in (desk[1], other):
        Preference.objects.create(user=user, rule="change_waiting", mail=MailMode.NOW)
    report(desk, at(MONDAY, 9))
    post.refused = {"heshi@example.org": "550 no such user"}
    assert tick(at(MONDAY, 9)) == {"dead": 1, "sent": 1}
    assert Letter.objects.get(recipient=desk[1]).error == "550 no such user"
    assert [mail["To"] for mail in post.mails] == ["other@example.org"]


def test_without_the_server_letters_wait_and_the_inbox_does_not(post, desk, settings):
    at_once(desk)
    report(desk, at(MONDAY, 9))
    settings.EMAIL_PORT = 1
    assert tick(at(MONDAY, 9)) == {"put_off": 1}
    assert Message.objects.count() == 1
    assert Letter.objects.get().error.startswith("连不上邮件服务器：ConnectionRefusedError")


def test_a_letter_in_the_hands_of_a_dead_worker_goes_out_again_as_it_was(post, desk, monkeypatch):
    """Under the same name and in the same words, links included, at whatever second."""
    at_once(desk)
    report(desk, at(MONDAY, 9))
    now = at(MONDAY, 9)
    assert tick(now) == {"sent": 1}
    Letter.objects.update(state="waiting", settled_at=None, lease_until=now + LEASE)
    assert dict(send_letters(now + LEASE - timedelta(seconds=1))) == {}
    later = time.time() + LEASE.total_seconds()
    monkeypatch.setattr(time, "time", lambda: later)
    assert dict(send_letters(now + LEASE)) == {"sent": 1}
    first, again = post.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert first["List-Unsubscribe"] == again["List-Unsubscribe"]
    for kind in ("plain", "html"):
        assert first.get_body((kind,)).get_content() == again.get_body((kind,)).get_content()


def test_without_a_mail_server_in_the_settings_nothing_is_put_into_the_outbox(desk, settings):
    settings.EMAIL_HOST = ""
    at_once(desk)
    report(desk, at(MONDAY, 9))
    assert tick(at(MONDAY, 9)) == {}
    assert (Message.objects.count(), Letter.objects.count()) == (1, 0)


def test_letters_are_written_with_the_rights_of_the_worker(post, desk):
    at_once(desk)
    report(desk, at(MONDAY, 8, 10))
    with as_role("liaison_worker"):
        assert tick(at(MONDAY, 9)) == {"sent": 1}
