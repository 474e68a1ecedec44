"""Writing to and reading from inboxes."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import User
from reminders.models import Message


def notify(*, recipient: User, text: str, url: str = "") -> Message:
    """Put a line into someone's inbox, in the transaction of the act it tells of. Name no expert in it."""
    return Message.objects.create(recipient=recipient, text=text, url=url)


def mark_read(*, by: User, messages: Iterable[Message] | None = None) -> int:
    """Mark the given messages of the user, or all of them, as read; returns how many were unread."""
    unread = Message.objects.visible_to(by).unread()
    if messages is not None:
        unread = unread.filter(pk__in=[message.pk for message in messages])
    return unread.update(read_at=timezone.now())
