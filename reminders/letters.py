"""The outbox: letters put in with the reminders that they tell of, and sent one by one, at least once.

No letter says what or whom it is about (neutral for every expert). Whether there is still something to write
about is looked up at the moment of sending.
"""

import logging
import smtplib
import time
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from psycopg2.extras import execute_values

from core.moments import local
from reminders.enums import MailKind, MailMode, MailState
from reminders.mailing import after_quiet, habits_of, is_digest_time, mail_is_on, modes_for, unsubscribe_token
from reminders.models import Letter, Message
from reminders.registry import NEUTRAL, REGISTRY
from reminders.truth import Due, still_true

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)  # longer than a server may take to answer (EMAIL_TIMEOUT)
BATCH = 20
PATIENCE = 30.0  # seconds of one tick
MOST_ATTEMPTS = 12
LONGEST_PAUSE = timedelta(hours=2)  # with the twelve attempts: half a day
PUT = """
INSERT INTO reminders_letter
    (uuid, kind, key, recipient_id, address, rules, created_at, next_at, attempts, state, error)
VALUES %s ON CONFLICT (key) DO NOTHING RETURNING id, key
"""
CLAIM = """
UPDATE reminders_letter SET lease_until = %(until)s, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM reminders_letter
    WHERE state = 'waiting' AND next_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)
    ORDER BY next_at, id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
DIGEST = """
WITH unread AS (
    SELECT recipient_id, array_agg(DISTINCT rule) AS rules FROM reminders_message
    WHERE mail = 'digest' AND letter_id IS NULL AND read_at IS NULL AND done_at IS NULL
    GROUP BY recipient_id),
made AS (
    INSERT INTO reminders_letter
        (uuid, kind, key, recipient_id, address, rules, created_at, next_at, attempts, state, error)
    SELECT gen_random_uuid(), 'digest', 'digest:' || recipient_id || ':' || %(day)s, recipient_id, '', rules,
        %(now)s, %(now)s, 0, 'waiting', ''
    FROM unread ON CONFLICT (key) DO NOTHING RETURNING id, recipient_id)
UPDATE reminders_message message SET letter_id = made.id FROM made
WHERE message.recipient_id = made.recipient_id AND mail = 'digest' AND letter_id IS NULL AND read_at IS NULL
  AND done_at IS NULL
RETURNING made.id, made.recipient_id
"""


def queue_messages(messages: Collection[UUID], now: datetime) -> None:
    """A letter for each of these messages, now or after its reader's quiet hours (in the caller's
    transaction)."""
    rows = list(Message.objects.filter(uuid__in=messages).only("id", "uuid", "recipient_id", "rule"))
    if not rows:
        return
    habits = habits_of({row.recipient_id for row in rows})
    values = [
        (
            uuid4(), MailKind.MESSAGE.value, f"message:{row.uuid}", row.recipient_id, "", [row.rule], now,
            after_quiet(habits[row.recipient_id], now), 0, MailState.WAITING.value, "",
        )
        for row in rows
    ]  # fmt: skip
    with connection.cursor() as cursor:
        made = execute_values(cursor, PUT, values, page_size=len(values), fetch=True)
        letters = {key: number for number, key in made}
        pairs = [(row.pk, letters[f"message:{row.uuid}"]) for row in rows if f"message:{row.uuid}" in letters]
        execute_values(
            cursor,
            "UPDATE reminders_message message SET letter_id = made.letter FROM (VALUES %s) made (id, letter)"
            " WHERE message.id = made.id",
            pairs,
            page_size=max(len(pairs), 1),
        )


@transaction.atomic
def queue_digests(now: datetime) -> int:
    """On working days from 8:30 on, one letter a day for everybody who has unread reminders for it."""
    if not (mail_is_on() and is_digest_time(now)):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(DIGEST, {"now": now, "day": local(now).date().isoformat()})
        made = dict(cursor.fetchall())
        habits = habits_of(set(made.values()))
        late = {letter: after_quiet(habits[person], now) for letter, person in made.items()}
        for letter, moment in late.items():
            if moment > now:
                cursor.execute("UPDATE reminders_letter SET next_at = %s WHERE id = %s", [moment, letter])
    return len(made)


def send_letters(now: datetime, *, seconds: float = PATIENCE) -> dict[str, int]:
    """Send what is due; returns how many were sent, were needless, put off or given up. After so many seconds
    the rest is left to the next tick, so that a slow server keeps no inbox waiting."""
    done: dict[str, int] = defaultdict(int)
    deadline = time.monotonic() + seconds
    while mail_is_on() and time.monotonic() < deadline and (claimed := _claim(now)):
        counts = _still_to_tell(claimed, now)
        with _Post() as post:
            for letter in claimed:
                done[_send(letter, counts[letter.pk], post, now)] += 1
    return done


def _claim(now: datetime) -> list[Letter]:
    """In a transaction of its own: whoever dies while sending leaves a lease that runs out."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"now": now, "until": now + LEASE, "size": BATCH})
        numbers = [number for (number,) in cursor.fetchall()]
    return list(Letter.objects.filter(pk__in=numbers).select_related("recipient").order_by("next_at", "id"))


class _Post:
    """One connection to the mail server for a batch of letters, opened when the first one goes out."""

    def __init__(self) -> None:
        self.backend: BaseEmailBackend | None = None

    def __enter__(self) -> "_Post":
        return self

    def __exit__(self, *problem: object) -> None:
        if self.backend:
            self.backend.close()

    def send(self, mail: EmailMultiAlternatives) -> None:
        """A connection that broke is opened anew for the next letter."""
        if self.backend is None:
            self.backend = get_connection(fail_silently=False)
            self.backend.open()
        try:
            self.backend.send_messages([mail])
        except Exception:
            self.backend.close()
            self.backend = None
            raise


def _send(letter: Letter, count: int, post: _Post, now: datetime) -> str:
    """Nothing is open in the database while the mail server is spoken to."""
    if not count:
        _settle(letter, MailState.NEEDLESS, now)
        return MailState.NEEDLESS.value
    try:
        post.send(compose(letter, count))
    except (smtplib.SMTPException, OSError) as problem:
        return _put_off(letter, problem, now)
    _settle(letter, MailState.SENT, now)
    return MailState.SENT.value


def _still_to_tell(letters: list[Letter], now: datetime) -> dict[int, int]:
    """How many messages of each letter are unread, still true, and still to be told by e-mail."""
    counts = {letter.pk: int(letter.kind == MailKind.TEST) for letter in letters}
    unread = Message.objects.filter(
        letter__in=counts, read_at__isnull=True, done_at__isnull=True, subject__isnull=False,
        due_at__isnull=False,
    ).values_list("rule", "letter_id", "subject", "recipient_id", "due_at")  # fmt: skip
    by_rule: dict[str, list[tuple[int, Due]]] = defaultdict(list)
    for rule, letter, subject, recipient, due_at in unread:
        by_rule[rule].append((letter or 0, Due(subject or 0, recipient, due_at or now)))
    for key, asked in by_rule.items():
        true = _true_of(key, {due for _, due in asked}, now)
        for letter, due in asked:
            counts[letter] += due in true
    return counts


def _true_of(key: str, asked: set[Due], now: datetime) -> set[Due]:
    """Those that the rule still yields, of people who still want it by e-mail and have an address."""
    rule = REGISTRY.rules.get(key)
    if rule is None:
        return set()
    modes = modes_for(rule, {due.recipient for due in asked})
    wanted = {due for due in asked if modes.get(due.recipient, MailMode.OFF) != MailMode.OFF}
    return set(still_true(rule, wanted, now))


def compose(letter: Letter, count: int) -> EmailMultiAlternatives:
    """Text and HTML. Nothing that tells which task, which unit or whom it is about."""
    person = letter.recipient
    subject = "测试邮件" if letter.kind == MailKind.TEST else NEUTRAL
    if count > 1:
        subject = f"您有 {count} 项联系任务"
    stop_url = _absolute("reminders:unsubscribe", unsubscribe_token(letter))
    context = {
        "person": person,
        "subject": subject,
        "is_test": letter.kind == MailKind.TEST,
        "url": _address(letter),
        "stop_url": stop_url,
        "choices_url": _absolute("reminders:preferences"),
    }
    mail = EmailMultiAlternatives(
        subject,
        render_to_string("reminders/letter.txt", context),
        to=[letter.address or person.email],
        headers=_headers(letter, stop_url),
    )
    mail.attach_alternative(render_to_string("reminders/letter.html", context), "text/html")
    return mail


def _headers(letter: Letter, stop_url: str) -> dict[str, str]:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    always = {
        "Message-ID": f"<{letter.uuid}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if letter.kind == MailKind.TEST:
        return always
    return always | {
        "List-Unsubscribe": f"<{stop_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _address(letter: Letter) -> str:
    """Where the letter leads: to the message, or to all that is open."""
    if letter.kind == MailKind.MESSAGE:
        return _absolute("reminders:open", letter.key.removeprefix("message:"))
    return _absolute("reminders:inbox")


def _absolute(route: str, *arguments: str) -> str:
    return settings.SITE_URL.rstrip("/") + reverse(route, args=arguments)


def _settle(letter: Letter, state: MailState, now: datetime) -> None:
    settled = max(now, timezone.now()) if state == MailState.SENT else now
    Letter.objects.filter(pk=letter.pk).update(state=state, settled_at=settled, lease_until=None, error="")


def _put_off(letter: Letter, problem: Exception, now: datetime) -> str:
    """Again later, each time after a longer pause; a letter that the server refuses for good, or that failed
    too often, waits for an administrator."""
    code = _code_of(problem)
    refused = 500 <= code < 600
    dead = refused or letter.attempts >= MOST_ATTEMPTS
    pause = min(timedelta(minutes=2 ** (letter.attempts - 1)), LONGEST_PAUSE)
    state = MailState.DEAD if dead else MailState.WAITING
    Letter.objects.filter(pk=letter.pk).update(
        state=state, next_at=now + pause, lease_until=None, error=_told(problem, code)
    )
    logger.warning("letter %s was not sent: %s", letter.pk, type(problem).__name__)
    return MailState.DEAD.value if dead else "put_off"


def _code_of(problem: Exception) -> int:
    """The server's answer about this letter; 0 when it gave none. A refused sign-in is not about the
    letter."""
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return 0
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in problem.recipients.values()), default=0)
    return int(problem.smtp_code) if isinstance(problem, smtplib.SMTPResponseException) else 0


def _told(problem: Exception, code: int) -> str:
    """For the administrator: what the server said, or what went wrong on the way to it."""
    reply: Any
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        reply = next(iter(problem.recipients.values()))[1]
    else:
        reply = getattr(problem, "smtp_error", "") or str(problem)
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    told = f"{code or type(problem).__name__} {text}".strip()
    if isinstance(problem, OSError) and not isinstance(problem, smtplib.SMTPException):
        told = f"连不上邮件服务器：{told}"
    return told[:200]
