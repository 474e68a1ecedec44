"""Subscribing to one's calendar: the private address is made, replaced, taken back, and answered."""

from dataclasses import dataclass

from django.db import connection, transaction

from accounts.models import User
from activities.models.feed import CalendarFeed, digest_of, new_token
from audit.actions import record
from audit.verbs import Verb

KIND = "calendar_feed"
MOST_AN_HOUR = 60


@transaction.atomic
def renew_feed(*, by: User) -> str:
    """A new token, which is told this once; an earlier one opens nothing any more."""
    token = new_token()
    CalendarFeed.objects.visible_to(by).delete()
    CalendarFeed.objects.create(user=by, digest=digest_of(token))
    record(Verb.GRANT, by=by, kind=KIND, reference=by.username)
    return token


@transaction.atomic
def revoke_feed(*, by: User) -> bool:
    """The address opens nothing any more. Returns whether there was one."""
    deleted, _ = CalendarFeed.objects.visible_to(by).delete()
    if deleted:
        record(Verb.REVOKE, by=by, kind=KIND, reference=by.username)
    return bool(deleted)


@dataclass(frozen=True)
class Ask:
    """Whose token it is, whether they have asked too often this hour, whether this is the day's first ask."""

    user_id: int
    is_too_often: bool
    is_first_today: bool


def open_feed(token: str) -> Ask | None:
    """Look a token up and count the ask; None when it opens nothing, be it revoked, unknown, or of somebody
    who is not active. Runs before there is an actor."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM activities_open_feed(%s, %s)", [digest_of(token), MOST_AN_HOUR])
        row = cursor.fetchone()
    return Ask(*row) if row else None


def owner_of(ask: Ask) -> User | None:
    """Whose calendar it is, with the roles that they hold today."""
    return User.objects.get_queryset().with_roles().filter(pk=ask.user_id, is_active=True).first()


def note_fetch(*, by: User) -> None:
    """That the calendar has left the system, once a day; programs ask every few minutes."""
    record(Verb.EXPORT, by=by, kind=KIND, reference=by.username)
