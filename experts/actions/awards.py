"""An expert's honours: recorded, verified, rejected, removed; each recomputes the scope (三（二）)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from audit.verbs import Verb
from experts.actions.scoping import decide_scope
from experts.enums import AwardState, Label
from experts.models import Award, Expert
from experts.models.catalogue import MUNICIPAL_AWARD


def starting_state(*, code: str, text: str) -> AwardState:
    """An award known only by its own text waits for verification; catalogue honours count at once."""
    return AwardState.PENDING if code == MUNICIPAL_AWARD and text else AwardState.RECORDED


@transaction.atomic
def add_award(*, by: User, expert: Expert, facts: dict[str, Any]) -> Award:
    """Record an honour. ValidationError when the expert already has it."""
    honour = facts["honour"]
    award = Award(expert=expert, state=starting_state(code=honour.code, text=facts.get("text", "")), **facts)
    _save_once(award, force_insert=True)
    _raise_label(by, expert, honour.default_label)
    decide_scope(expert)
    record(Verb.CHANGE, by=by, kind="expert", reference=expert.record_number, fields=["awards", honour.code])
    return award


def _save_once(award: Award, **how: Any) -> None:
    """Save; ValidationError when the expert holds the same honour already."""
    try:
        with transaction.atomic():
            award.save(**how)
    except IntegrityError:
        raise ValidationError({"honour": "这一称号已经登记过了，请直接修改原有记录。"}) from None


def _raise_label(by: User, expert: Expert, default_label: int) -> None:
    """Some programmes make a record sensitive by default, if the user may still see it then."""
    if expert.label < default_label <= by.clearance:
        expert.label = Label(default_label)
        expert.save(update_fields=["label"])


@transaction.atomic
def change_award(*, by: User, award: Award, facts: dict[str, Any]) -> None:
    """Change year, document, text, issuer or level; a changed text must be verified again.

    ValidationError when the expert has the honour already under the new text.
    """
    if facts.get("text", award.text) != award.text:
        facts = facts | {
            "state": starting_state(code=award.honour.code, text=facts["text"]),
            "verified_by": None,
            "verified_at": None,
        }
    for name, value in facts.items():
        setattr(award, name, value)
    _save_once(award, update_fields=list(facts))
    decide_scope(award.expert)
    record(
        Verb.CHANGE,
        by=by,
        kind="expert",
        reference=award.expert.record_number,
        fields=["awards", award.honour.code],
    )


@transaction.atomic
def verify_award(*, by: User, award: Award, accept: bool) -> None:
    """State that the award was checked against its document, or that it does not hold."""
    award.state = AwardState.VERIFIED if accept else AwardState.REJECTED
    award.verified_by, award.verified_at = by, timezone.now()
    award.save(update_fields=["state", "verified_by", "verified_at"])
    decide_scope(award.expert)
    record(
        Verb.CONFIRM,
        by=by,
        kind="expert",
        reference=award.expert.record_number,
        fields=["awards", award.honour.code],
        result="ok" if accept else "refused",
    )


@transaction.atomic
def remove_award(*, by: User, award: Award) -> None:
    """Take back a mistaken entry."""
    expert, code = award.expert, award.honour.code
    award.delete()
    decide_scope(expert)
    record(Verb.DELETE, by=by, kind="expert", reference=expert.record_number, fields=["awards", code])
