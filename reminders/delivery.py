"""Delivery: planned reminders into inboxes, exactly once, by as many workers as there are.

A worker takes a batch with SKIP LOCKED and asks each rule whether it still holds. The inbox, the outbox and
the state of the plan are written in that same transaction, so the locks on the rows are the lease: they end
with the worker's connection, and the server ends a transaction that lasts too long. The inbox is unique by
the plan's number, so nothing could come twice even then.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from psycopg2.extras import execute_values

from core.moments import local
from reminders.enums import MailMode, PlanState
from reminders.letters import queue_messages
from reminders.mailing import modes_for
from reminders.registry import REGISTRY, Rule
from reminders.truth import Due, still_true

logger = logging.getLogger(__name__)
BATCH = 500
LEASE = "60s"
MOST_ATTEMPTS = 6
BACKOFF = timedelta(minutes=1)  # doubled each time: half an hour in all
TAKE = """
SELECT id, rule, subject, recipient_id, due_at, expert_id, is_guarded, attempts FROM reminders_plannedreminder
WHERE state = 'waiting' AND next_at <= %s ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
"""
PUT = """
INSERT INTO reminders_message
    (uuid, recipient_id, text, url, created_at, rule, subject, expert_id, due_at, reminder, mail)
VALUES %s ON CONFLICT (reminder) DO NOTHING
"""
SETTLE = """
UPDATE reminders_plannedreminder SET state = %s, settled_at = %s WHERE id = ANY (%s)
"""
FAIL = """
UPDATE reminders_plannedreminder SET attempts = attempts + 1, error = %(error)s,
    next_at = %(now)s + %(pause)s * power(2, attempts),
    state = CASE WHEN attempts + 1 >= %(most)s THEN 'failed' ELSE state END
WHERE id = ANY (%(rows)s) RETURNING id, state
"""
COUNT = """
INSERT INTO reminders_tally AS kept (rule, day, planned, sent, dropped, failed, late_seconds, latest_seconds)
VALUES %s ON CONFLICT (rule, day) DO UPDATE SET sent = kept.sent + excluded.sent,
    dropped = kept.dropped + excluded.dropped, failed = kept.failed + excluded.failed,
    late_seconds = kept.late_seconds + excluded.late_seconds,
    latest_seconds = greatest(kept.latest_seconds, excluded.latest_seconds)
"""


class Taken(NamedTuple):
    """A planned reminder in this worker's hands."""

    id: int
    rule: str
    subject: int
    recipient: int
    due_at: datetime
    expert_id: int | None
    is_guarded: bool
    attempts: int

    @property
    def due(self) -> Due:
        return Due(self.subject, self.recipient, self.due_at)


class Line(NamedTuple):
    """A row of an inbox, in the order of PUT."""

    uuid: UUID
    recipient: int
    text: str
    url: str
    created_at: datetime
    rule: str
    subject: int
    expert_id: int | None
    due_at: datetime
    reminder: int
    mail: str


@dataclass
class Outcome:
    """How many were delivered, were not needed any more, and failed."""

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    by_rule: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> int:
        return self.sent + self.dropped + self.failed

    def add(self, other: "Outcome") -> None:
        self.sent += other.sent
        self.dropped += other.dropped
        self.failed += other.failed
        for rule, count in other.by_rule.items():
            self.by_rule[rule] += count


def deliver(now: datetime, *, most: int | None = None) -> Outcome:
    """Deliver what is due by `now`, batch by batch, until nothing is left that nobody else has in hand."""
    done = Outcome()
    while most is None or done.total < most:
        batch = deliver_batch(now, BATCH if most is None else min(BATCH, most - done.total))
        if not batch.total:
            break
        done.add(batch)
    return done


@transaction.atomic
def deliver_batch(now: datetime, size: int = BATCH) -> Outcome:
    """One transaction. A rule whose function fails is put off and leaves the others alone."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{LEASE}'")
        cursor.execute(TAKE, [now, size])
        taken = [Taken(*row) for row in cursor.fetchall()]
    by_rule: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        by_rule[each.rule].append(each)
    outcome, counts = Outcome(), _Counts()
    for key in sorted(by_rule):
        outcome.add(_deliver_rule(key, by_rule[key], now, counts))
    counts.write()
    return outcome


def _deliver_rule(key: str, taken: list[Taken], now: datetime, counts: "_Counts") -> Outcome:
    rule = REGISTRY.rules.get(key)
    try:
        with transaction.atomic():
            held = still_true(rule, [each.due for each in taken], now) if rule else {}
            live = [each for each in taken if each.due in held]
            if rule:
                _put(rule, [(each, held[each.due]) for each in live], now)
            gone = [each for each in taken if each.due not in held]
            _settle(PlanState.SENT, live, now)
            _settle(PlanState.DROPPED, gone, now)
    except DatabaseError as problem:
        logger.exception("rule %s cannot be asked", key)
        return _put_off(key, taken, now, type(problem).__name__, counts)
    counts.add(live, "sent", now)
    counts.add(gone, "dropped", now)
    return Outcome(len(live), len(gone), 0, {key: len(live)} if live else {})


def _put(rule: Rule, live: Sequence[tuple[Taken, UUID | None]], now: datetime) -> None:
    """Into the inboxes, and into the outbox for those who want to be written to at once."""
    modes = modes_for(rule, {each.recipient for each, _ in live})
    lines = [
        Line(
            uuid4(), each.recipient, rule.text, url_of(rule, page), now, rule.key, each.subject,
            each.expert_id, each.due_at, each.id, modes.get(each.recipient, MailMode.OFF).value,
        )
        for each, page in live
    ]  # fmt: skip
    if lines:
        with connection.cursor() as cursor:
            execute_values(cursor, PUT, lines, page_size=len(lines))
        queue_messages([line.uuid for line in lines if line.mail == MailMode.NOW], now)


def url_of(rule: Rule, page: UUID | None) -> str:
    """The address that a reminder leads to; nowhere for a rule without a page."""
    if not rule.page:
        return ""
    return reverse(rule.page, args=[page] if page else []) + rule.fragment


def _settle(state: PlanState, rows: Iterable[Taken], now: datetime) -> None:
    numbers = [each.id for each in rows]
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(SETTLE, [state.value, now, numbers])


def _put_off(key: str, taken: list[Taken], now: datetime, error: str, counts: "_Counts") -> Outcome:
    """Try again later, each time after a longer pause; what failed too often waits for an administrator."""
    values: dict[str, Any] = {"now": now, "pause": BACKOFF, "most": MOST_ATTEMPTS, "error": error}
    values["rows"] = [each.id for each in taken]
    with connection.cursor() as cursor:
        cursor.execute(FAIL, values)
        dead = {number for number, state in cursor.fetchall() if state == PlanState.FAILED}
    counts.add([each for each in taken if each.id in dead], "failed", now)
    return Outcome(failed=len(taken))


class _Counts:
    """What a batch adds to the numbers of rules and days, written in one order so that workers never block
    each other for good."""

    NAMES = ("sent", "dropped", "failed")

    def __init__(self) -> None:
        self.rows: dict[tuple[str, object], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])

    def add(self, taken: Iterable[Taken], name: str, now: datetime) -> None:
        for each in taken:
            if each.is_guarded:
                continue
            row = self.rows[each.rule, local(each.due_at).date()]
            row[self.NAMES.index(name)] += 1
            if name == "sent":
                late = max(0, int((now - each.due_at).total_seconds()))
                row[3] += late
                row[4] = max(row[4], late)

    def write(self) -> None:
        if not self.rows:
            return
        values = [
            (rule, day, 0, *row)
            for (rule, day), row in sorted(self.rows.items(), key=lambda item: str(item[0]))
        ]
        with connection.cursor() as cursor:
            execute_values(cursor, COUNT, values, page_size=len(values))
