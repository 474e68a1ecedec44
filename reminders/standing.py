"""How the reminders run, for the system administrator: numbers by rule and day, what is late, what failed.

Reminders that concern a restricted expert or a need-to-know list are in none of these numbers.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from reminders.enums import MailKind, MailState
from reminders.mailing import mail_is_on
from reminders.models import Letter, PlanMark, Tally
from reminders.registry import REGISTRY

PERIODS = {"7": "近 7 天", "14": "近 14 天", "31": "近 31 天"}
USUAL = "14"
DEAD_SHOWN, TESTS_SHOWN = 50, 3
STOPPED = timedelta(minutes=5)  # without a tick: something is wrong
COUNTS = ("planned", "sent", "dropped", "failed")
STANDING = "SELECT rule, waiting, late, oldest, failed, error FROM reminders_standing(%s)"


@dataclass
class Waiting:
    """What of a rule is not delivered: how many, how many of them late, since when, and how many gave up."""

    waiting: int = 0
    late: int = 0
    oldest: datetime | None = None
    failed: int = 0
    error: str = ""


@dataclass
class Numbers:
    """One line of a table: what was due, and what became of it."""

    label: str
    key: str = ""
    planned: int = 0
    sent: int = 0
    dropped: int = 0
    failed: int = 0
    late_seconds: int = 0
    latest_seconds: int = 0
    now: Waiting = field(default_factory=Waiting)

    @property
    def average_text(self) -> str:
        return span_text(self.late_seconds // self.sent) if self.sent else "—"

    @property
    def latest_text(self) -> str:
        return span_text(self.latest_seconds) if self.sent else "—"

    @property
    def open(self) -> int:
        """Still on their way."""
        return max(self.planned - self.sent - self.dropped - self.failed, 0)


def span_text(seconds: float) -> str:
    """How long: 40 秒, 12 分钟, 3 小时 5 分, 2 天 4 小时."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} 秒"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes} 分钟"
    if days < 1:
        return f"{hours} 小时 {minutes % 60} 分"
    return f"{days} 天 {hours % 24} 小时"


@dataclass(frozen=True)
class Period:
    """The days that the URL asks for, up to today, of one rule or of all."""

    key: str
    rule: str
    first: date
    last: date

    @classmethod
    def read(cls, params: QueryDict) -> "Period":
        asked, rule = params.get("days", USUAL), params.get("rule", "")
        key = asked if asked in PERIODS else USUAL
        today = timezone.localdate()
        known = rule if rule in REGISTRY.rules else ""
        return cls(key, known, today - timedelta(days=int(key) - 1), today)

    def tallies(self) -> "QuerySet[Tally]":
        rows = Tally.objects.filter(day__range=(self.first, self.last))
        return rows.filter(rule=self.rule) if self.rule else rows

    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def standing_context(user: User, params: QueryDict) -> dict[str, Any]:
    """Everything the page shows."""
    now = timezone.now()
    period = Period.read(params)
    waiting = waiting_by_rule(now)
    by_rule = rule_lines(period, waiting)
    by_day = day_lines(period)
    letters = Letter.objects.visible_to(user)
    ticked = PlanMark.objects.aggregate(last=Max("ticked_at"))["last"]
    return {
        "period": period,
        "periods": PERIODS.items(),
        "rules": [(rule.key, rule.name) for rule in shown_rules()],
        "by_rule": by_rule,
        "by_day": by_day,
        "chart": chart_of(by_day),
        "total": total_of(by_rule),
        "late": sum(each.late for each in waiting.values()),
        "late_text": _longest(waiting, now),
        "failed": [line for line in by_rule if line.now.failed],
        "dead": letters.dead().exclude(kind=MailKind.TEST).select_related("recipient")[:DEAD_SHOWN],
        "mail": letter_numbers(letters, period),
        "mail_is_on": mail_is_on(),
        "tests": tests_of(user),
        "ticked_at": ticked,
        "is_stopped": ticked is None or now - ticked > STOPPED,
    }


def shown_rules() -> list[Any]:
    """Those whose numbers an administrator may see."""
    return [rule for rule in REGISTRY.rules.values() if not rule.is_guarded]


def waiting_by_rule(now: datetime) -> dict[str, Waiting]:
    """From the database's own function, which answers nobody but the system administrator."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [now])
        return {
            rule: Waiting(waiting, late, oldest, failed, error or "")
            for rule, waiting, late, oldest, failed, error in cursor.fetchall()
        }


def _sums(period: Period, by: str) -> dict[Any, dict[str, Any]]:
    """The numbers of the period, by rule or by day."""
    sums = {name: Sum(name) for name in (*COUNTS, "late_seconds")}
    rows: list[dict[str, Any]] = list(
        period.tallies().order_by().values(by).annotate(**sums, latest_seconds=Max("latest_seconds"))
    )
    return {row.pop(by): row for row in rows}


def rule_lines(period: Period, waiting: dict[str, Waiting]) -> list[Numbers]:
    """One line for each rule that had something in the period or still waits."""
    found = _sums(period, "rule")
    return [
        Numbers(rule.name, rule.key, **found.get(rule.key, {}), now=waiting.get(rule.key, Waiting()))
        for rule in shown_rules()
        if (rule.key in found or rule.key in waiting) and period.rule in ("", rule.key)
    ]


def day_lines(period: Period) -> list[Numbers]:
    """One line for each day, those without reminders too."""
    found = _sums(period, "day")
    return [Numbers(f"{day:%m-%d}", **found.get(day, {})) for day in period.days()]


def total_of(lines: list[Numbers]) -> Numbers:
    total = Numbers("合计")
    for line in lines:
        for name in COUNTS:
            setattr(total, name, getattr(total, name) + getattr(line, name))
    return total


def _longest(waiting: dict[str, Waiting], now: datetime) -> str:
    oldest = [each.oldest for each in waiting.values() if each.oldest]
    return span_text((now - min(oldest)).total_seconds()) if oldest else ""


def chart_of(lines: list[Numbers]) -> dict[str, Any]:
    """What became of the reminders of each day, one on top of the other."""
    parts = {"已发": "sent", "不再需要": "dropped", "待发": "open", "未发出": "failed"}
    values = [[getattr(line, name) for line in lines] for name in parts.values()]
    details = ["，".join(f"{words} {getattr(line, name)}" for words, name in parts.items()) for line in lines]
    return {
        "kind": "stacks",
        "labels": [line.label for line in lines],
        "parts": list(parts),
        "values": values,
        "details": details,
    }


def letter_numbers(letters: "QuerySet[Letter]", period: Period) -> dict[str, int]:
    """How many letters of the period were sent, wait, and were given up."""
    start = timezone.make_aware(datetime.combine(period.first, datetime.min.time()))
    rows = letters.filter(created_at__gte=start).exclude(kind=MailKind.TEST)
    counted = dict(
        rows.order_by().values("state").annotate(number=Count("pk")).values_list("state", "number")
    )
    return {state.value: counted.get(state.value, 0) for state in MailState}


def tests_of(user: User) -> "QuerySet[Letter]":
    """The user's last test letters, newest first."""
    own = Letter.objects.visible_to(user).filter(kind=MailKind.TEST, recipient=user)
    return own.order_by("-id")[:TESTS_SHOWN]
