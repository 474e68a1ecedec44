"""Every personal field says what it is for, who may see it and for how long; undecided is red."""

from typing import get_args

import pytest

from accounts.roles import Right
from activities import personal_data as of_contacts
from activities.models import (
    BriefingExpert,
    Contact,
    ContactPerson,
    Coverage,
    FollowUp,
    Guest,
    KeyPeriod,
    Nomination,
    Pairing,
    Photo,
)
from experts import personal_data
from experts.enums import SensitiveField
from experts.models import (
    Award,
    ChangeReport,
    Death,
    Evidence,
    ExitText,
    ExitTextKind,
    Expert,
    MandatoryExit,
    SensitiveValue,
    TakeOver,
)

MODELS = [
    (Expert, personal_data.EXPERT, personal_data.EXPERT_MACHINERY),
    (Award, personal_data.AWARD, personal_data.AWARD_MACHINERY),
    (ChangeReport, personal_data.CHANGE_REPORT, personal_data.CHANGE_REPORT_MACHINERY),
    (Evidence, personal_data.EVIDENCE, personal_data.EVIDENCE_MACHINERY),
    (MandatoryExit, personal_data.MANDATORY_EXIT, personal_data.CASE_MACHINERY),
    (Death, personal_data.DEATH, personal_data.CASE_MACHINERY),
    (ExitText, {}, personal_data.EXIT_TEXT_MACHINERY),
    (TakeOver, personal_data.TAKE_OVER, personal_data.TAKE_OVER_MACHINERY),
    (SensitiveValue, {}, personal_data.SENSITIVE_MACHINERY),
    (Pairing, of_contacts.PAIRING, of_contacts.PAIRING_MACHINERY),
    (Nomination, of_contacts.NOMINATION, of_contacts.NOMINATION_MACHINERY),
    (Contact, of_contacts.CONTACTED, of_contacts.CONTACT_MACHINERY),
    (ContactPerson, of_contacts.PERSON, of_contacts.PERSON_MACHINERY),
    (FollowUp, of_contacts.FOLLOW_UP, of_contacts.FOLLOW_UP_MACHINERY),
    (Photo, of_contacts.PHOTO, of_contacts.PHOTO_MACHINERY),
    (BriefingExpert, {}, of_contacts.BRIEFING_EXPERT_MACHINERY),
    (Guest, of_contacts.GUEST, of_contacts.GUEST_MACHINERY),
    (Coverage, of_contacts.COVERAGE, of_contacts.COVERAGE_MACHINERY),
    (KeyPeriod, of_contacts.PERIOD, of_contacts.LOCK),
]


@pytest.mark.parametrize(
    ("model", "personal", "machinery"), MODELS, ids=lambda value: getattr(value, "__name__", "")
)
def test_every_field_is_classified_once(model, personal, machinery):
    assert sorted([*personal, *machinery]) == sorted(field.name for field in model._meta.concrete_fields)


def test_every_sensitive_value_is_classified_with_a_right_of_its_own():
    assert set(personal_data.SENSITIVE) == set(SensitiveField)
    assert {each.right for each in personal_data.SENSITIVE.values()} == {"sensitive"}


def test_every_text_of_a_case_is_classified_with_the_right_to_sensitive_fields():
    assert set(personal_data.EXIT) == set(ExitTextKind)
    assert {each.right for each in personal_data.EXIT.values()} == {"sensitive"}


def test_every_classification_is_whole():
    tables = [personal for _, personal, _ in MODELS]
    for table in (*tables, personal_data.SENSITIVE):
        for name, each in table.items():
            assert all((each.purpose, each.label, each.retention)), name
            assert each.right in get_args(Right), name
