"""Planning: each rule's function into the table of planned reminders, set by set, as often as anybody likes.

A tick plans what fell due since the last one, however long ago that was, and looks back a little further each
time: for a day where reminders are due once a day, for an hour otherwise, because a cause that is committed
late must not be lost. What is planned already stays as it is (unique key), so planners may run at once.
"""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from core.moments import local
from reminders.functions import name_of
from reminders.models import PlanMark
from reminders.registry import REGISTRY, Rule

# No transaction lasts longer than the tasks' time limit (half an hour), so nothing is committed later than
# this.
LOOK_BACK = timedelta(hours=1)
LOOK_BACK_DAILY = timedelta(days=1)
LONGEST = timedelta(days=31)  # after a longer pause older reminders would only nag
LOCK = 20140507  # first key of the advisory locks of planners
PLAN = """
WITH added AS (
    INSERT INTO reminders_plannedreminder
        (rule, subject, recipient_id, expert_id, is_guarded, due_at, next_at, planned_at, state, attempts,
         error)
    SELECT %(rule)s, subject, recipient, expert_id, guarded, due_at, due_at, %(now)s, 'waiting', 0, ''
    FROM {function}(%(start)s, %(now)s, NULL)
    ON CONFLICT DO NOTHING RETURNING due_at, is_guarded),
counted AS (
    INSERT INTO reminders_tally AS kept
        (rule, day, planned, sent, dropped, failed, late_seconds, latest_seconds)
    SELECT %(rule)s, (due_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*), 0, 0, 0, 0, 0
    FROM added WHERE NOT is_guarded GROUP BY day ORDER BY day
    ON CONFLICT (rule, day) DO UPDATE SET planned = kept.planned + excluded.planned)
SELECT count(*) FROM added
"""
MARK = """
INSERT INTO reminders_planmark AS kept (rule, planned_until, ticked_at, took_ms)
VALUES (%(rule)s, %(until)s, clock_timestamp(), %(took)s)
ON CONFLICT (rule) DO UPDATE SET planned_until = greatest(kept.planned_until, excluded.planned_until),
    ticked_at = excluded.ticked_at, took_ms = excluded.took_ms
"""


def plan(now: datetime, *, rules: Iterable[Rule] | None = None, all_rules: bool = False) -> dict[str, int]:
    """Plan what is due by `now`; returns how many reminders were added, by rule. Rules that are due once a
    day are looked at once an hour unless `all_rules`."""
    marks = dict(PlanMark.objects.values_list("rule", "planned_until"))
    found = {}
    for rule in REGISTRY.rules.values() if rules is None else rules:
        mark = marks.get(rule.key)
        if all_rules or _is_time(rule, mark, now):
            added = _plan_rule(rule, mark, now)
            if added:
                found[rule.key] = added
    return found


def _is_time(rule: Rule, mark: datetime | None, now: datetime) -> bool:
    if not rule.is_daily or mark is None:
        return True
    return local(mark).replace(minute=0, second=0, microsecond=0) != local(now).replace(
        minute=0, second=0, microsecond=0
    )


def window_start(rule: Rule, mark: datetime | None, now: datetime) -> datetime:
    """From where on to look: the mark, or where there is none the last day, and a little further back."""
    back = LOOK_BACK_DAILY if rule.is_daily else LOOK_BACK
    return max(min(mark or now, now) - back, now - LONGEST)


@transaction.atomic
def _plan_rule(rule: Rule, mark: datetime | None, now: datetime) -> int:
    """In a transaction of its own. Whoever comes while another plans the same rule leaves it to them."""
    started = time.monotonic()
    start = window_start(rule, mark, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, rule.key])
        if not cursor.fetchone()[0]:
            return 0
        statement = PLAN.format(function=name_of(rule))
        cursor.execute(statement, {"rule": rule.key, "start": start, "now": now})
        added = int(cursor.fetchone()[0])
        # A mark in the future would make later ticks look past what happens until then.
        until = min(now, timezone.now())
        took = int((time.monotonic() - started) * 1000)
        cursor.execute(MARK, {"rule": rule.key, "until": until, "took": took})
    return added
