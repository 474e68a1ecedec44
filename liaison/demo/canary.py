"""The demo's one restricted record: every text begins with the marker, so that a leak shows itself."""

import uuid
from datetime import date, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import Permission

from accounts.models import User
from experts.enums import Category, Gender, HonourLevel, Label, SensitiveField
from experts.models import Expert, NeedToKnow, RestrictionKind, RestrictionRequest
from experts.models.catalogue import MUNICIPAL_AWARD
from experts.models.need_to_know import last_day
from experts.sensitive import SensitiveInput
from liaison.demo import CANARY, people
from liaison.demo.drafts import Draft, marked

UNIT = "D04"
LISTED = ("cleared_city", "cleared_haidian")
APPROVER = "director_city"


def canary_draft(rng: Random, today: date) -> Draft:
    birth = date(1968, 4, 12)
    facts: dict[str, Any] = {
        "uuid": uuid.UUID(int=rng.getrandbits(128), version=4),
        "record_number": people.record_number(rng),
        "name": f"{CANARY}一号",
        "former_names": [f"{CANARY}旧名"],
        "gender": Gender.MALE,
        "birth": birth,
        "birth_day_known": True,
        "nationality": f"{CANARY}国",
        "employer": f"{CANARY}研究所",
        "post": f"{CANARY}总设计师",
        "title": f"{CANARY}研究员",
        "education": f"{CANARY}博士",
        "fields_of_work": f"{CANARY}研究方向",
        "email": f"{CANARY}@demo.example",
        "office_phone": f"{CANARY}010-00009999",
        "address": f"{CANARY}路1号",
        "discipline_id": "590",
        "category": Category.SCIENCE_ENGINEERING,
        "confirmed_on": today - timedelta(days=60),
        "label": Label.RESTRICTED,
    }
    draft = Draft(
        UNIT, "science", facts, awards=[_award("STATE_ALLOWANCE", 2009), _award(MUNICIPAL_AWARD, 2016)]
    )
    number = marked(people.resident_number(rng, birth, Gender.MALE), CANARY)
    facts["id_type"] = number.kind
    draft.secrets = [
        number,
        SensitiveInput(SensitiveField.PHONE, f"{CANARY}{people.mobile_phone(rng)}"),
        SensitiveInput(SensitiveField.HEALTH, f"{CANARY}健康说明"),
    ]
    return draft


def _award(code: str, year: int) -> dict[str, Any]:
    texts = {"text": f"{CANARY}奖", "issuer": f"{CANARY}授奖机关", "document": f"{CANARY}证字〔{year}〕1号"}
    return texts | {"code": code, "year": year, "level": HonourLevel.NATIONAL}


def list_persons(expert: Expert, users: dict[str, User], today: date) -> None:
    """At least two people on the need-to-know list, approved by a third."""
    permission = Permission.objects.get(content_type__app_label="experts", codename="view_expert")
    NeedToKnow.objects.bulk_create(
        NeedToKnow(
            user=users[username],
            content_object=expert,
            permission=permission,
            reason="联系服务需要",
            approved_by=users[APPROVER],
            expires_on=last_day(today),
        )
        for username in LISTED
    )


def ask_to_restrict(experts: list[Expert], users: dict[str, User], today: date) -> None:
    """One request that director_haidian can decide: by an officer, for two persons of the demo's list."""
    expert = next(each for each in experts if each.unit.code == UNIT and each.label == Label.INTERNAL)
    RestrictionRequest.objects.create(
        expert=expert,
        label=expert.label,
        unit_order=expert.unit_order,
        kind=RestrictionKind.RESTRICT,
        reason="近期承担重要任务，须限定知悉人员",
        secrecy_officer="演示·保密干部",
        confirmed_on=today - timedelta(days=3),
        persons=[users[username].pk for username in LISTED],
        expires_on=today + timedelta(days=180),
        requested_by=users["officer_haidian"],
    )
