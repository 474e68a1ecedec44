"""Keeping the need-to-know list (二（二）), by record number and without seeing the record.

The rules are in the database (migration 0005), whose functions answer one word; here it becomes a sentence.
"""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from core.chinese import as_written
from core.markings import MARKED, find_marking
from experts.models import NeedToKnow

# word of the database: (field of the form, what to do)
PROBLEMS = {
    "unknown": ("record_number", "没有这个档案号的限知悉记录。"),
    "person": ("person", "请选择在用的业务账号，并且担任能查看专家的角色。"),
    "own": ("approver", "批准人不能是知悉人自己，请选择另一人。"),
    "approver": ("approver", "批准人须是有审批权的在用账号，请选择组织部门负责人。"),
    "expiry": ("expires_on", "有效期请填明天起一年以内的日期。"),
    "reason": ("reason", "请写明事由，不超过 200 字。"),
    "twice": ("person", "此人已在这条记录的知悉范围内；要延长，请在名单里续期。"),
    "two": (None, "这条记录结束后知悉人会少于两人，请先增加一人，再结束。"),
}
GONE = "这项授权刚刚已经结束，请刷新名单。"


def called(function: str, *values: Any) -> str:
    """The word that a function of the database answers."""
    slots = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({slots})", values)
        return str(cursor.fetchone()[0])


def checked_reason(text: str, field: str = "reason") -> str:
    """Trimmed. ValidationError when it bears a secrecy marking."""
    text = as_written(text)
    if find_marking(text):
        raise ValidationError({field: MARKED})
    return text


def _done(word: str) -> None:
    if word != "done":
        field, text = PROBLEMS[word]
        raise ValidationError({field: text} if field else text)


@transaction.atomic
def grant(
    *, by: User, record_number: str, person: User, reason: str, approver: User, expires_on: date
) -> None:
    """Put a person on a restricted record's list. ValidationError says what is wrong, beside its field."""
    reason = checked_reason(reason)
    record(Verb.GRANT, by=by, kind="expert", reference=record_number, fields=["need_to_know"], reason=reason)
    _done(called("experts_set_grant", record_number, person.pk, reason, approver.pk, expires_on, False))


@transaction.atomic
def renew(*, by: User, grant: NeedToKnow, reason: str, approver: User, expires_on: date) -> None:
    """A new reason, approver and end for someone on the list; the old grant goes to the history."""
    reason, number = checked_reason(reason), grant.record_number
    record(Verb.GRANT, by=by, kind="expert", reference=number, fields=["need_to_know"], reason=reason)
    word = called("experts_set_grant", number, grant.user_id, reason, approver.pk, expires_on, True)
    if word == "unknown":
        raise ValidationError(GONE)
    _done(word)


@transaction.atomic
def end(*, by: User, grant: NeedToKnow, reason: str) -> None:
    """Take a person off a list, on which at least two others must remain."""
    reason, number = checked_reason(reason), grant.record_number
    record(Verb.REVOKE, by=by, kind="expert", reference=number, fields=["need_to_know"], reason=reason)
    word = called("experts_end_grant", grant.uuid, reason)
    if word == "unknown":
        raise ValidationError(GONE)
    _done(word)


def end_all(*, by: User, person: User, reason: str) -> tuple[list[str], list[str]]:
    """End every grant of someone who left; record numbers of those ended and of those that could not be,
    because fewer than two persons would remain. Each stands for itself."""
    ended, kept = [], []
    if not checked_reason(reason):
        raise ValidationError({"reason": PROBLEMS["reason"][1]})
    for held in NeedToKnow.objects.visible_to(by).filter(user=person).order_by("record_number"):
        try:
            end(by=by, grant=held, reason=reason)
        except ValidationError:
            kept.append(held.record_number)
        else:
            ended.append(held.record_number)
    return ended, kept


@transaction.atomic
def end_expired() -> int:
    """As the system: move grants whose last day has passed to the history; returns how many."""
    keys = list(NeedToKnow.objects.expired().values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM experts_move_grants(%s, NULL, '到期')", [keys])
        numbers = [number for (number,) in cursor.fetchall()]
    for number in numbers:
        record(Verb.REVOKE, by=None, kind="expert", reference=number, fields=["need_to_know"], reason="到期")
    return len(numbers)
