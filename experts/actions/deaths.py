"""Registering a death, and correcting one that was registered by mistake (二（三）)."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts.actions.need_to_know import called, checked_reason
from experts.actions.transfers import withdraw
from experts.effects import Exited, on_exit
from experts.models import Expert, TakeOver
from experts.telling import tell_of_exits

# word of the database: what to do
REFUSALS = {
    "registered": "这位专家已经登记去世。",
    "unregistered": "没有可以更正的去世登记，或已超过 30 天。",
    "own": "请由登记人以外的另一人更正。",
}


@transaction.atomic
def register_death(*, by: User, expert: Expert, died_on: date, source: str) -> None:
    """Mark the record, close the expert's entries on every roster, also of units out of the user's reach, and
    tell the officers concerned.

    PermissionDenied when the record is not the user's to change.
    """
    source = checked_reason(source, "source")
    record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["died_on"])
    for asked in TakeOver.objects.changeable_by(by).waiting().filter(expert=expert):
        withdraw(by=by, takeover=asked)
    tell_of_exits([expert.uuid], units=None)
    _done(called("experts_register_death", expert.uuid, died_on, source))
    expert.refresh_from_db()
    on_exit.happened(Exited(expert, by))


@transaction.atomic
def correct_death(*, by: User, expert: Expert, reason: str) -> None:
    """Take a registration back within 30 days, as another person: the entries are reopened."""
    reason, number = checked_reason(reason), expert.record_number
    record(Verb.CHANGE, by=by, kind="expert", reference=number, fields=["died_on"], reason=reason)
    _done(called("experts_correct_death", expert.uuid, reason))


def _done(word: str) -> None:
    if word == "unknown":
        raise PermissionDenied
    if word != "done":
        raise ValidationError(REFUSALS[word])
