"""What tests of reminders share: moments on the clock of the office, and a tick at one of them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from reminders.delivery import deliver
from reminders.models import Message
from reminders.planning import plan
from reminders.registry import REGISTRY

BEIJING = ZoneInfo("Asia/Shanghai")


def at(day, hour=8, minute=0, second=0):
    """A moment of a day, given as a date or as 2026-12-01, in Asia/Shanghai."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(found.year, found.month, found.day, hour, minute, second, tzinfo=BEIJING)


def remind(now, *rules):
    """A tick that looks at every rule, or at these: (rule, username) of what came into inboxes, in order."""
    before = set(Message.objects.values_list("pk", flat=True))
    plan(now, rules=[REGISTRY.rules[key] for key in rules] or None, all_rules=True)
    deliver(now)
    came = Message.objects.exclude(pk__in=before).values_list("rule", "recipient__username")
    return sorted(came)


def told(user, rule=None):
    """The rules of somebody's inbox, oldest first."""
    rows = Message.objects.filter(recipient=user).order_by("id")
    return list((rows.filter(rule=rule) if rule else rows).values_list("rule", flat=True))
