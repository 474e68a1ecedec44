"""From the words of a roster to the fields of the register."""

import re
from datetime import date
from functools import lru_cache
from typing import Any

from core.chinese import clean_name, fold
from core.id_numbers import birth_of
from exchange.checking import CheckedRow, Problem
from experts.enums import Category, Gender, PoliticalAffiliation
from experts.models import Expert

# Fields that pass as they are, cut to the register's length.
PLAIN = ("nationality", "employer", "post", "title", "education", "fields_of_work", "email")
CATEGORY_WORDS = {
    "自然科学研究": Category.SCIENCE_ENGINEERING,
    "工程技术": Category.SCIENCE_ENGINEERING,
    "哲学社会科学": Category.HUMANITIES_ARTS,
    "文化艺术": Category.HUMANITIES_ARTS,
    "高技能": Category.HIGH_SKILL,
    "社会工作": Category.SOCIAL_WORK,
    "农村实用": Category.RURAL_PRACTICAL,
    "创业": Category.ENTREPRENEUR,
}
AFFILIATION_WORDS = {
    "预备党员": PoliticalAffiliation.CPC_PROBATIONARY,
    "中共": PoliticalAffiliation.CPC,
    "中国共产党": PoliticalAffiliation.CPC,
    "党员": PoliticalAffiliation.CPC,
    "共青团": PoliticalAffiliation.YOUTH_LEAGUE,
    "团员": PoliticalAffiliation.YOUTH_LEAGUE,
    "民革": PoliticalAffiliation.RCCK,
    "民盟": PoliticalAffiliation.CDL,
    "民建": PoliticalAffiliation.CNDCA,
    "民进": PoliticalAffiliation.CAPD,
    "农工": PoliticalAffiliation.CPWDP,
    "致公": PoliticalAffiliation.ZHIGONG,
    "九三": PoliticalAffiliation.JIUSAN,
    "台盟": PoliticalAffiliation.TAIWAN_LEAGUE,
    "无党派": PoliticalAffiliation.NON_PARTY,
    "群众": PoliticalAffiliation.MASSES,
}
DEMOCRATIC = ("民革", "民盟", "民建", "民进", "农工", "致公", "九三", "台盟", "无党派")
LENGTHS = {
    field.name: field.max_length for field in Expert._meta.fields if getattr(field, "max_length", None)
}


@lru_cache(maxsize=2000)
def category_of(text: str) -> str:
    """The category that the words mean, "" when that is not sure."""
    for category in Category:
        if text in (category.value, category.label):
            return category.value
    found = {category for word, category in CATEGORY_WORDS.items() if word in text}
    if not found and text.startswith("其他"):
        return Category.OTHER.value
    return found.pop().value if len(found) == 1 else ""


@lru_cache(maxsize=2000)
def affiliation_of(text: str) -> str:
    for word in (*DEMOCRATIC, *AFFILIATION_WORDS):
        if word in text:
            return AFFILIATION_WORDS[word].value
    return ""


def _birth(text: str, number: str) -> tuple[str, bool]:
    """The date, and whether its day is known; an ID number of the same month tells the day."""
    if len(text) == 10:
        return text, True
    known = birth_of(number)
    if known is not None and known.day and str(known) == text:
        return known.date().isoformat(), True
    return f"{text}-01", False


class Converter:
    """Turns checked rows into facts; knows the disciplines of the register."""

    def __init__(self, disciplines: dict[str, str]) -> None:
        self.codes = set(disciplines)
        self.by_name = {fold(name): code for code, name in disciplines.items()}

    def discipline(self, text: str) -> str:
        if match := re.match(r"\s*(\d{3})", text):
            return match[1] if match[1] in self.codes else ""
        return self.by_name.get(fold(re.sub(r"[\d\s]", "", text)), "")

    def facts(self, checked: CheckedRow) -> dict[str, Any]:
        """Fields of Expert by name, JSON-ready; only what the row says. Notes what it cannot take."""
        values = checked.values
        facts: dict[str, Any] = {"name": values["name"]}
        for name in PLAIN:
            if text := values.get(name):
                facts[name] = text[: LENGTHS[name]]
        if "birth" in values:
            facts["birth"], facts["birth_day_known"] = _birth(values["birth"], values.get("id_number", ""))
        if "gender" in values:
            facts["gender"] = (Gender.MALE if values["gender"] == "男" else Gender.FEMALE).value
        if "former_names" in values:
            names = re.split(r"[、,，;；/\s]+", values["former_names"])
            facts["former_names"] = [clean_name(name)[:60] for name in names if name]
        for key, name in (("works_in_beijing", "works_in_beijing"), ("frontline", "is_frontline")):
            if key in values:
                facts[name] = values[key] == "yes"
        self._coded(checked, facts)
        return facts

    def _coded(self, checked: CheckedRow, facts: dict[str, Any]) -> None:
        readers = (
            ("category", "category", category_of, "类别"),
            ("political_affiliation", "political_affiliation", affiliation_of, "政治面貌"),
            ("discipline", "discipline_id", self.discipline, "学科"),
        )
        for key, name, reader, label in readers:
            text = checked.values.get(key)
            if not text:
                continue
            if code := reader(text):
                facts[name] = code
            else:
                checked.notices.append(Problem(key, text, f"{label}没有认出来，已留空"))


def as_attribute(name: str, value: Any) -> Any:
    """A fact as the model holds it."""
    return date.fromisoformat(value) if name == "birth" else value
