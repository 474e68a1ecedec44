"""Writing to and reading from inboxes."""

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from accounts.models import User
from reminders.models import Message


def notify(*, recipient: User, text: str, url: str = "") -> Message:
    """Put a line into someone's inbox, in the transaction of the act it tells of. Name no expert in it."""
    return Message.objects.create(recipient=recipient, text=text, url=url)


def tell(*, by: User, recipients: Iterable[User], text: str, url: str = "") -> int:
    """Put a line into the inboxes of others, in the transaction of the act it tells of; whoever acts is left
    out. Name no expert in it. Returns how many were told."""
    keys = sorted({each.pk for each in recipients} - {by.pk})
    if not keys:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT reminders_tell(%s, %s, %s)", [keys, text[:200], url])
        return int(cursor.fetchone()[0])


def mark_read(*, by: User, messages: Iterable[Message] | None = None) -> int:
    """Mark the given messages of the user, or all of them, as read; returns how many were unread."""
    unread = Message.objects.visible_to(by).unread()
    if messages is not None:
        unread = unread.filter(pk__in=[message.pk for message in messages])
    return unread.update(read_at=timezone.now())
