"""Writing to and reading from inboxes, and what people choose for their reminders."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.actions import clear_unit_setting, set_unit_setting
from accounts.models import Unit, UnitSetting, User
from audit.actions import record
from audit.verbs import Verb
from reminders.enums import MailKind, MailMode, MailState
from reminders.models import Habit, Letter, Message, Preference
from reminders.registry import REGISTRY, Rule


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


def mark_unread(*, by: User, messages: Iterable[Message]) -> int:
    """Take the mark away again; returns how many were read."""
    rows = Message.objects.visible_to(by).filter(pk__in=[message.pk for message in messages])
    return rows.filter(read_at__isnull=False).update(read_at=None)


@transaction.atomic
def finish(*, by: User, message: Message) -> None:
    """Do what the message asks for, where its rule has an act, and lay it aside.

    ValidationError or PermissionDenied of the act when this person cannot do it.
    """
    if message.rule in REGISTRY.acts and message.subject is not None:
        _, act = REGISTRY.acts[message.rule]
        act(by, message.subject)
    lay_aside(by=by, messages=[message])


def lay_aside(*, by: User, messages: Iterable[Message]) -> int:
    """Mark reminders as seen to, and read; returns how many were not."""
    rows = Message.objects.visible_to(by).open().filter(pk__in=[message.pk for message in messages])
    now = timezone.now()
    mark_read(by=by, messages=rows)
    return rows.update(done_at=now)


def take_up(*, by: User, messages: Iterable[Message]) -> int:
    """Take back that they were seen to; returns how many were."""
    rows = Message.objects.visible_to(by).done().filter(pk__in=[message.pk for message in messages])
    return rows.update(done_at=None)


@transaction.atomic
def choose(
    *, by: User, mail: Mapping[str, MailMode], quiet: tuple[time, time], hides_birthdays: bool
) -> None:
    """How each rule's reminders reach the user by e-mail, when not, and whether birthdays are named. Only
    what differs from a rule's own way is kept."""
    for key, mode in mail.items():
        own = Preference.objects.visible_to(by).filter(rule=key)
        if mode == REGISTRY.rules[key].mail:
            own.delete()
        elif not own.update(mail=mode):
            Preference.objects.create(user=by, rule=key, mail=mode)
    values = {"quiet_from": quiet[0], "quiet_until": quiet[1], "hides_birthdays": hides_birthdays}
    Habit.objects.update_or_create(user=by, defaults=values)


@transaction.atomic
def unsubscribe(*, by: User, rules: Iterable[Rule]) -> None:
    """No more e-mail for these rules; the inbox goes on."""
    for rule in rules:
        Preference.objects.update_or_create(user=by, rule=rule.key, defaults={"mail": MailMode.OFF})


@transaction.atomic
def tune_rule(*, by: User, unit: Unit, rule: Rule, values: Mapping[str, int]) -> None:
    """Set the switch and the numbers of a rule for the unit and its subtree; `values` by setting."""
    for key, value in values.items():
        set_unit_setting(by=by, unit=unit, key=key, value=value)


@transaction.atomic
def inherit_rule(*, by: User, unit: Unit, rule: Rule) -> int:
    """Take the unit's own values of a rule away; returns how many there were."""
    own = UnitSetting.objects.filter(unit=unit, key__in=[kind.key for kind in rule.settings()])
    for setting in own.select_related("unit"):
        clear_unit_setting(by=by, setting=setting)
    return len(own)


@transaction.atomic
def ask_for_test(*, by: User, address: str) -> Letter:
    """Put a test letter into the outbox, so that it goes the way of all letters."""
    now = timezone.now()
    letter = Letter.objects.create(
        kind=MailKind.TEST, key=f"test:{now.timestamp()}:{by.pk}", recipient=by, address=address,
        created_at=now, next_at=now,
    )  # fmt: skip
    record(Verb.CREATE, by=by, kind="letter", reference=str(letter.uuid)[:8])
    return letter


@transaction.atomic
def send_again(*, by: User, letters: Iterable[Letter]) -> int:
    """Put letters that were given up back into the outbox; returns how many."""
    dead = Letter.objects.visible_to(by).dead().filter(pk__in=[letter.pk for letter in letters])
    again = dead.update(state=MailState.WAITING, attempts=0, next_at=timezone.now(), error="")
    record(Verb.CHANGE, by=by, kind="letter", counts={"letters": again})
    return again


@transaction.atomic
def plan_again(*, by: User, rule: str) -> int:
    """Put the failed reminders of a rule back; returns how many, without those that are not counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reminders_retry(%s)", [rule])
        again = int(cursor.fetchone()[0])
    counts: dict[str, Any] = {"reminders": again}
    record(Verb.CHANGE, by=by, kind="reminder", reference=rule, counts=counts)
    return again
