"""Whether, how and when somebody is written to: the product's settings, the person's choices, quiet hours."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.models import User
from core.moments import local
from core.workdays import is_workday
from reminders.enums import MailMode
from reminders.models import Habit, Letter, Preference
from reminders.registry import Rule

DIGEST_AT = time(8, 30)
SALT = "reminders.unsubscribe"


def mail_is_on() -> bool:
    """Whether the product has a mail server at all."""
    return bool(settings.EMAIL_HOST)


def modes_for(rule: Rule, recipients: Collection[int]) -> dict[int, MailMode]:
    """How the rule's reminders go out, for those of the recipients who have an address."""
    if not mail_is_on():
        return {}
    reached = User.objects.filter(pk__in=recipients, is_active=True).exclude(email="")
    chosen = dict(Preference.objects.filter(rule=rule.key, user__in=recipients).values_list("user", "mail"))
    return {
        number: MailMode(chosen.get(number, rule.mail)) for number in reached.values_list("pk", flat=True)
    }


def habits_of(people: Collection[int]) -> dict[int, Habit]:
    """The habits of people; the usual ones for those who have set none."""
    found = {habit.user_id: habit for habit in Habit.objects.filter(user__in=people)}
    return {number: found.get(number) or Habit(user_id=number) for number in people}


def after_quiet(habit: Habit, moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    here = local(moment)
    start, end, clock = habit.quiet_from, habit.quiet_until, here.time()
    across_midnight = start > end
    quiet = (clock >= start or clock < end) if across_midnight else start <= clock < end
    if not quiet:
        return moment
    day = here.date() + timedelta(days=1 if across_midnight and clock >= start else 0)
    return datetime.combine(day, end, tzinfo=here.tzinfo)


def is_digest_time(now: datetime) -> bool:
    """From half past eight on, on working days."""
    here = local(now)
    return here.time() >= DIGEST_AT and is_workday(here.date())


def unsubscribe_token(letter: Letter) -> str:
    """What the link of a letter carries instead of a sign-in. It names neither rule nor subject, and no
    time: sent again, a letter reads as it did before."""
    return signing.Signer(salt=SALT).sign_object([letter.recipient_id, letter.uuid.hex])


def reader_of(token: str) -> tuple[User, UUID] | None:
    """The active user and the letter's number of a link; None when we did not make it."""
    try:
        number, letter = signing.Signer(salt=SALT).unsign_object(token)
        user = User.objects.filter(pk=number, is_active=True).first()
        return (user, UUID(letter)) if user else None
    except (signing.BadSignature, ValueError, TypeError):
        return None
