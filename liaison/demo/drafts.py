"""The demo's experts as plain facts, before they become rows."""

import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from core.chinese import syllables
from core.id_numbers import IdNumberType, identity_key
from experts.enums import Gender, Label, PoliticalAffiliation, SensitiveField
from experts.sensitive import SensitiveInput, check_id_number
from liaison.demo import people
from liaison.demo.trades import NONE, POPULATION, TRADES, Trade

AFFILIATIONS = {
    PoliticalAffiliation.CPC: 55,
    PoliticalAffiliation.MASSES: 20,
    PoliticalAffiliation.JIUSAN: 6,
    PoliticalAffiliation.CDL: 6,
    PoliticalAffiliation.CNDCA: 3,
    PoliticalAffiliation.CPWDP: 3,
    PoliticalAffiliation.NON_PARTY: 7,
}
HEALTH_NOTES = (
    "血压偏高，规律服药",
    "对青霉素过敏",
    "膝关节术后康复期",
    "颈椎不适，避免久坐",
    "视力下降，行动无碍",
    "血糖偏高，饮食控制",
    "腰椎术后，避免负重",
    "季节性哮喘",
)


@dataclass
class Draft:
    """One expert to be: `facts` are columns, `awards` rows, `unit` and `held_by` unit codes."""

    unit: str
    trade: str
    facts: dict[str, Any]
    awards: list[dict[str, Any]] = field(default_factory=list)
    held_by: list[str] = field(default_factory=list)
    document: str = ""  # number of a passport or permit, instead of a resident number
    unnumbered: bool = False
    health: str = ""
    secrets: list[SensitiveInput] = field(default_factory=list)


def award(rng: Random, facts: dict[str, Any], code: str, today: date, **more: Any) -> dict[str, Any]:
    """An honour in a year in which the expert was grown up, with a made-up document."""
    first = min(max(facts["birth"].year + 27, 1995), today.year - 1)
    year = rng.randint(first, today.year - 1)
    return {"code": code, "year": year, "document": f"示范证字〔{year}〕{rng.randint(1, 999)}号"} | more


def draw(rng: Random, today: date) -> list[Draft]:
    """Everybody of the population, in the order of the tables."""
    return [
        _draft(rng, unit, trade, today)
        for unit, trades in POPULATION.items()
        for trade, count in trades.items()
        for _ in range(count)
    ]


def _draft(rng: Random, unit: str, key: str, today: date) -> Draft:
    trade = TRADES[key]
    facts = _person(rng, trade, today) | _work(rng, trade) | _record(rng, today)
    draft = Draft(unit, key, facts)
    for _ in range(2 if rng.random() < 0.25 else 1):
        code = rng.choices(list(trade.honours), list(trade.honours.values()))[0]
        if code != NONE and code not in {each["code"] for each in draft.awards}:
            draft.awards.append(award(rng, facts, code, today))
    if rng.random() < 0.05:
        draft.health = rng.choice(HEALTH_NOTES)
    return draft


def _person(rng: Random, trade: Trade, today: date) -> dict[str, Any]:
    gender = Gender.FEMALE if rng.random() < 0.38 else Gender.MALE
    name = people.full_name(rng, gender)
    return {
        "name": name,
        "gender": gender,
        "birth": people.born(rng, today, trade.ages),
        "birth_day_known": True,
        "political_affiliation": rng.choices(list(AFFILIATIONS), list(AFFILIATIONS.values()))[0],
        "education": rng.choice(trade.educations),
        "office_phone": people.office_phone(rng),
        "email": f"{''.join(syllables(name))}{rng.randint(1, 99)}@demo.example",
    }


def _work(rng: Random, trade: Trade) -> dict[str, Any]:
    return {
        "employer": rng.choice(trade.employers),
        "post": rng.choice(trade.posts),
        "title": rng.choice(trade.titles),
        "discipline_id": rng.choice(trade.disciplines),
        "fields_of_work": "、".join(rng.sample(trade.fields, 2)),
        "address": f"示范路{rng.randint(1, 200)}号",
        "category": "" if rng.random() < 0.06 else trade.category,
        "is_frontline": rng.random() < 0.05,
    }


def _record(rng: Random, today: date) -> dict[str, Any]:
    """Identity and freshness: most were confirmed lately, some too long ago, a few never."""
    chance = rng.random()
    age = rng.randint(0, 690) if chance < 0.84 else rng.randint(740, 1500)
    return {
        "uuid": uuid.UUID(int=rng.getrandbits(128), version=4),
        "record_number": people.record_number(rng),
        "confirmed_on": None if chance > 0.97 else today - timedelta(days=age),
        "label": Label.INTERNAL,
    }


def add_secrets(rng: Random, draft: Draft) -> None:
    """ID number (a few in the old form), mobile phone and, for some, a note on health."""
    facts = draft.facts
    number = draft.document
    if not number:
        number = people.resident_number(rng, facts["birth"], facts["gender"])
        if facts["birth"].year < 1958 and rng.random() < 0.3:
            number = people.old_resident_number(number)
    if draft.document or (rng.random() < 0.9 and not draft.unnumbered):
        checked = check_id_number(number)
        facts["id_type"] = checked.kind
        draft.secrets.append(checked)
    if rng.random() < 0.8:
        draft.secrets.append(SensitiveInput(SensitiveField.PHONE, people.mobile_phone(rng)))
    if draft.health:
        draft.secrets.append(SensitiveInput(SensitiveField.HEALTH, draft.health))


def marked(number: str, mark: str) -> SensitiveInput:
    """A resident number behind the canary's mark, still found by the number itself."""
    return SensitiveInput(
        SensitiveField.ID_NUMBER,
        mark + number,
        match=identity_key(number),
        kind=IdNumberType.RESIDENT_18.value,
    )
