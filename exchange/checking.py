"""Checking the rows of a roster: cleaned values, reasons to hold a row, the same person twice.

Pure and streaming: of the rows already seen only hashes are kept.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from core.chinese import clean_name, clean_text
from core.dates import Birth, parse_month, today_in_beijing
from core.id_numbers import IdNumberType, birth_of, gender_of, parse_id_number
from exchange.checked import LONGEST, CheckedRow, Problem
from exchange.duplicates import SeenPeople
from exchange.honour_text import HonourCatalogue, HonourClaim, HonourEntry, HonourReading
from exchange.synonyms import FIELD_LABELS

__all__ = [
    "CheckedRow",
    "HonourCatalogue",
    "HonourClaim",
    "HonourEntry",
    "Problem",
    "check_row",
    "check_rows",
]

_OCTOBER_OR_JANUARY = re.compile(r"\d{4}\.1")
_SEVERAL_NAMES = re.compile(r"[、,，;；/|]|[^\W\d_]{2}[^\S\n]*\n\s*[^\W\d_]{2}")
_CHINESE = re.compile(r"中国|中华|香港|澳门|台湾|china|^cn$|^chn$", re.IGNORECASE)
_RESIDENT = re.compile(r"\d{13}")
_EMPTY = re.compile(r"(?:无|暂无|没有|不详|未知|空|none|n/a|null|nil|[-—–_/\\.·。…]+)?", re.IGNORECASE)
_YES = frozenset({"是", "在京", "在", "有", "1", "y", "yes", "true", "√", "✓", "✔", "对", "全职", "全职在京"})
_NO = frozenset({"否", "不在京", "不在", "无", "0", "n", "no", "false", "×", "✗", "✘", "京外", "不是"})
_PHONE_BREAKS = re.compile(r"[\n、;,/]+\s*")
_BESIDE_HAN = re.compile(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])")
_GENDERS = {
    "男": "男",
    "女": "女",
    "m": "男",
    "f": "女",
    "male": "男",
    "female": "女",
    "男性": "男",
    "女性": "女",
}


def check_row(
    raw: Mapping[str, str], catalogue: HonourCatalogue, today: datetime.date | None = None
) -> CheckedRow:
    """Clean one row by field and say what holds it."""
    checked = CheckedRow(row=0, raw=raw, values=_plain_values(raw))
    now = today or today_in_beijing()
    _check_name(checked)
    _check_id_number(checked, now)
    _check_birth(checked, now)
    _check_honours(checked, catalogue)
    _check_gender(checked)
    for key in ("works_in_beijing", "frontline"):
        _check_answer(checked, key)
    for key, most in LONGEST.items():
        if len(checked.values.get(key, "")) > most:
            checked.hold(key, raw.get(key, ""), f"{FIELD_LABELS[key]}超过 {most} 字")
    return checked


def check_rows(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    catalogue: HonourCatalogue,
    today: datetime.date | None = None,
) -> Iterator[CheckedRow]:
    """Check rows as they come and mark those that name a person seen before.

    Held rows name no person: a later row of the same person is then the first.
    """
    now = today or today_in_beijing()
    people = SeenPeople()
    for number, raw in rows:
        checked = check_row(raw, catalogue, now)
        checked.row = number
        if not checked.problems:
            people.place(checked)
        yield checked


@lru_cache(maxsize=20_000)
def _plain(text: str) -> str:
    clean = clean_text(text)
    return "" if _EMPTY.fullmatch(clean) else clean


def _plain_values(raw: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, text in raw.items():
        if key not in ("name", "honour", "honour_year") and (clean := _plain(text)):
            values[key] = clean
    for key in ("employer", "post", "title", "discipline"):
        if key in values:
            values[key] = _one_line(values[key])
    if "email" in values:
        values["email"] = values["email"].replace(" ", "").lower()
    if "phone" in values:
        values["phone"] = _PHONE_BREAKS.sub("；", values["phone"])
    return values


@lru_cache(maxsize=20_000)
def _one_line(text: str) -> str:
    return _BESIDE_HAN.sub("", text.replace("\n", " "))


def _check_name(checked: CheckedRow) -> None:
    text = checked.raw.get("name", "")
    name = clean_name(text[:200])
    if not name or _EMPTY.fullmatch(name):
        checked.hold("name", text, "姓名空缺")
    elif name[0] in "=#" or not any(char.isalpha() for char in name) or len(name) > 60:
        checked.hold("name", text, f"“{name[:30]}”不像姓名")
    elif _SEVERAL_NAMES.search(text.strip()):
        checked.hold("name", text, "像是几个人的姓名，请一人一行")
    else:
        checked.values["name"] = name


def _check_id_number(checked: CheckedRow, today: datetime.date) -> None:
    text = checked.values.pop("id_number", "")
    if not text:
        return
    try:
        kind, number = _document(text, checked.values, today)
    except ValueError as error:
        checked.hold("id_number", checked.raw["id_number"], str(error))
        return
    checked.values["id_number"] = number
    checked.values["id_type"] = kind.value


def _document(text: str, values: Mapping[str, str], today: datetime.date) -> tuple[IdNumberType, str]:
    """Kind and number; a foreigner's number that fits nothing else, or looks like a permit, is a passport."""
    hint = values.get("id_type", "")
    foreign = not hint and _is_foreign(values.get("nationality", ""))
    try:
        kind, number = parse_id_number(text, hint=hint, today=today)
    except ValueError:
        if not foreign or _RESIDENT.search(text):
            raise
        return parse_id_number(text, hint="护照", today=today)
    if foreign and kind in (IdNumberType.TAIWAN_PERMIT, IdNumberType.HK_MACAO_PERMIT):
        kind = IdNumberType.PASSPORT
    return kind, number


def _is_foreign(nationality: str) -> bool:
    return bool(nationality) and not _CHINESE.search(nationality)


@lru_cache(maxsize=50_000)
def _month(text: str, today: datetime.date) -> Birth:
    return parse_month(text, today=today)


def _check_birth(checked: CheckedRow, today: datetime.date) -> None:
    text = checked.values.pop("birth", "")
    known = birth_of(checked.values.get("id_number", ""))
    if not text:
        if known is not None:
            checked.values["birth"] = known.date().isoformat()
        return
    try:
        birth = _month(text, today)
    except ValueError as error:
        checked.hold("birth", checked.raw["birth"], str(error))
        return
    if _OCTOBER_OR_JANUARY.fullmatch(text):  # 1985.10 loses its zero when kept as a number
        if known is None:
            checked.hold("birth", checked.raw["birth"], f"“{text}”分不清是1月还是10月，请写成六位年月")
            return
        birth = Birth(birth.year, 10) if (known.year, known.month) == (birth.year, 10) else birth
    checked.values["birth"] = birth.date().isoformat() if birth.day else str(birth)
    if known is not None and str(known) != str(birth):
        checked.notices.append(Problem("birth", text, f"与身份证号里的出生年月{known}不一致"))


def _check_honours(checked: CheckedRow, catalogue: HonourCatalogue) -> None:
    text = checked.raw.get("honour", "")
    if not text.strip():
        return
    reading = catalogue.read(text)
    checked.honours = _with_years(reading, checked.raw.get("honour_year", ""))
    if reading.unknown:
        unknown = "、".join(f"“{item[:60]}”" for item in reading.unknown)
        reason = "单元格的公式没有结果" if text.startswith("=") else f"荣誉目录里没有{unknown}"
        checked.hold("honour", text, reason)


def _with_years(reading: HonourReading, column: str) -> tuple[HonourClaim, ...]:
    """Years from their own column: one for the only honour, or as many as there are honours."""
    years = [int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d{2}", clean_text(column))]
    if len(years) != len(reading.claims):
        return reading.claims
    return tuple(
        claim if claim.year else HonourClaim(claim.code, year, claim.text)
        for claim, year in zip(reading.claims, years, strict=True)
    )


def _check_gender(checked: CheckedRow) -> None:
    text = checked.values.pop("gender", "")
    known = gender_of(checked.values.get("id_number", ""))
    gender = _GENDERS.get(text.lower(), "")
    if text and not gender:
        checked.notices.append(Problem("gender", text, "性别没有认出来，已留空"))
    if gender and known and gender != known:
        checked.notices.append(Problem("gender", text, "与身份证号里的性别不一致"))
    if gender or known:
        checked.values["gender"] = gender or known or ""


def _check_answer(checked: CheckedRow, key: str) -> None:
    raw = checked.raw.get(key, "").strip()
    if not raw:
        return
    word = clean_text(raw).lower()
    checked.values.pop(key, None)
    if word in _YES or word in _NO:
        checked.values[key] = "yes" if word in _YES else "no"
    else:
        checked.notices.append(Problem(key, raw, f"“{FIELD_LABELS[key]}”没有认出来，已留空"))
