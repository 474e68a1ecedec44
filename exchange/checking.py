"""Checking the rows of a roster: cleaned values, reasons to hold a row, the same person twice.

Pure and streaming: of the rows already seen only hashes are kept.
"""

import datetime
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.chinese import clean_name, clean_text, fold
from core.dates import Birth, parse_month, today_in_beijing
from core.id_numbers import birth_of, gender_of, identity_key, parse_id_number
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
    "summarise",
]

_OCTOBER_OR_JANUARY = re.compile(r"\d{4}\.1")
_SEVERAL_NAMES = re.compile(r"[、,，;；/|]|[^\W\d_]{2}[^\S\n]*\n\s*[^\W\d_]{2}")
_PHONE_DIGITS = re.compile(r"\d{5,}")
_PUNCTUATION = re.compile(r"[\W_]+")
_EMPTY = re.compile(r"(?:无|暂无|没有|不详|未知|空|none|n/a|null|nil|[-—–_/\\.·。…]+)?", re.IGNORECASE)
_ERROR_CELL = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")
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
# Fields in which two rows of one person must agree; honours unite, the others are kept from the first.
COMPARED = (
    "gender",
    "birth",
    "nationality",
    "political_affiliation",
    "phone",
    "email",
    "employer",
    "post",
    "title",
    "discipline",
    "education",
    "category",
    "works_in_beijing",
    "frontline",
)
FILLED = (*COMPARED, "id_number", "former_names", "fields_of_work")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is held (or, among notices, what deserves a look): field, text of the cell, reason."""

    column: str
    value: str
    reason: str


@dataclass(slots=True)
class CheckedRow:
    """One row after checking.

    `values` holds clean text by field: birth as YYYY-MM or YYYY-MM-DD, id_number with id_type,
    works_in_beijing and frontline as "yes" or "no". A row with problems is held. A row with
    `duplicate_of` adds its honours, and the values in `fills`, to the row of that number.
    """

    row: int
    raw: Mapping[str, str]
    values: dict[str, str]
    honours: tuple[HonourClaim, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    duplicate_of: int | None = None
    fills: dict[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        return sorted({claim.code for claim in self.honours})

    @property
    def works_in_beijing(self) -> bool:
        return self.values.get("works_in_beijing") != "no"

    def as_person(self, catalogue: HonourCatalogue) -> dict[str, object]:
        """The row as the import command prints a person."""
        return {
            "row": self.row,
            "name": self.values["name"],
            "birth": self.values.get("birth", "")[:7],
            "employer": self.values.get("employer", ""),
            "honours": self.codes,
            "scope": catalogue.scope(self.codes, works_in_beijing=self.works_in_beijing),
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


def summarise(rows: Iterable[CheckedRow], catalogue: HonourCatalogue) -> dict[str, object]:
    """The result of a check as the import command prints it; holds every person, so not for streams."""
    people: dict[int, CheckedRow] = {}
    rejected: list[dict[str, object]] = []
    duplicates: list[dict[str, int]] = []
    total = 0
    for checked in rows:
        total += 1
        for problem in checked.problems:
            rejected.append(
                {
                    "row": checked.row,
                    "column": problem.column,
                    "value": problem.value,
                    "reason": problem.reason,
                }
            )
        if checked.problems:
            continue
        if checked.duplicate_of is None:
            people[checked.row] = checked
        else:
            duplicates.append({"row": checked.row, "of_row": checked.duplicate_of})
            unite(people[checked.duplicate_of], checked)
    found = [person.as_person(catalogue) for person in people.values()]
    return {"rows": total, "people": found, "rejected": rejected, "duplicates": duplicates}


def unite(first: CheckedRow, other: CheckedRow) -> None:
    """Add a duplicate's honours, and the values that the first row lacked, to the first row."""
    first.values.update(other.fills)
    first.honours = tuple(dict.fromkeys((*first.honours, *other.honours)))


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


def _hold(checked: CheckedRow, column: str, value: str, reason: str) -> None:
    checked.problems.append(Problem(column, value, reason))


def _check_name(checked: CheckedRow) -> None:
    text = checked.raw.get("name", "")
    name = clean_name(text)
    if not name or _EMPTY.fullmatch(name):
        _hold(checked, "name", text, "姓名空缺")
    elif name[0] in "=#" or not any(char.isalpha() for char in name) or len(name) > 60:
        _hold(checked, "name", text, f"“{name[:30]}”不像姓名")
    elif _SEVERAL_NAMES.search(text.strip()):
        _hold(checked, "name", text, "像是几个人的姓名，请一人一行")
    else:
        checked.values["name"] = name


def _check_id_number(checked: CheckedRow, today: datetime.date) -> None:
    text = checked.values.pop("id_number", "")
    if not text:
        return
    try:
        kind, number = parse_id_number(text, hint=checked.values.get("id_type", ""), today=today)
    except ValueError as error:
        _hold(checked, "id_number", checked.raw["id_number"], str(error))
        return
    checked.values["id_number"] = number
    checked.values["id_type"] = kind.value


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
        _hold(checked, "birth", checked.raw["birth"], str(error))
        return
    if _OCTOBER_OR_JANUARY.fullmatch(text):  # 1985.10 loses its zero when kept as a number
        if known is None:
            _hold(checked, "birth", checked.raw["birth"], f"“{text}”分不清是1月还是10月，请写成六位年月")
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
        _hold(checked, "honour", text, reason)


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


_RECORD = struct.Struct(f"<{len(FILLED)}q")


@dataclass(slots=True)
class _Person:
    """What is remembered of a person: hashes only."""

    row: int
    name: int
    former: frozenset[int]
    identity: int
    hashes: bytes


class SeenPeople:
    """The people of the rows seen so far, by ID number and by name, birth month and employer."""

    def __init__(self) -> None:
        self._by_identity: dict[int, _Person] = {}
        self._by_trio: dict[int, _Person | list[_Person]] = {}

    def place(self, checked: CheckedRow) -> None:
        """Find the person of a row: sets `duplicate_of` and `fills`, or adds a problem, or remembers them."""
        identity = _identity(checked)
        known = self._by_identity.get(identity) if identity else None
        if known is None:
            candidates = self._candidates(checked, identity)
            if len(candidates) > 1:
                self._hold_ambiguous(checked, candidates)
                return
            known = candidates[0] if candidates else None
        elif not _same_name(known, checked):
            text = checked.raw.get("id_number", "")
            _hold(checked, "id_number", text, f"与第 {known.row} 行的证件号码相同，姓名却不同")
            return
        if known is None:
            self._remember(checked, identity)
        else:
            self._join(known, checked, identity)

    def _candidates(self, checked: CheckedRow, identity: int) -> list[_Person]:
        """People of the same name, birth month and employer, if either side has no ID number."""
        trio = _trio(checked.values)
        found = self._by_trio.get(trio, []) if trio else []
        people = found if isinstance(found, list) else [found]
        return [person for person in people if not identity or not person.identity]

    @staticmethod
    def _hold_ambiguous(checked: CheckedRow, people: list[_Person]) -> None:
        rows = "、".join(str(person.row) for person in people[:5])
        reason = f"与第 {rows} 行都同名、同出生年月、同单位，请补上证件号码"
        _hold(checked, "id_number", checked.raw.get("id_number", ""), reason)

    def _remember(self, checked: CheckedRow, identity: int) -> None:
        person = _Person(
            row=checked.row,
            name=_hash(checked.values["name"]),
            former=_former(checked.values),
            identity=identity,
            hashes=_record(checked.values),
        )
        self._index(person, checked.values)

    def _index(self, person: _Person, values: Mapping[str, str]) -> None:
        if person.identity:
            self._by_identity[person.identity] = person
        if trio := _trio(values):
            found = self._by_trio.get(trio)
            if found is None:
                self._by_trio[trio] = person
            elif isinstance(found, list):
                if person not in found:
                    found.append(person)
            elif found is not person:
                self._by_trio[trio] = [found, person]

    def _join(self, person: _Person, checked: CheckedRow, identity: int) -> None:
        before = _RECORD.unpack(person.hashes)
        after = _RECORD.unpack(_record(checked.values))
        for key, old, new in zip(FILLED, before, after, strict=True):
            if key in COMPARED and old and new and old != new:
                reason = f"与第 {person.row} 行是同一人，{FIELD_LABELS[key]}却不同"
                _hold(checked, key, checked.raw.get(key, checked.values[key]), reason)
        if checked.problems:
            return
        checked.duplicate_of = person.row
        checked.fills = {
            key: checked.values[key]
            for key, old, new in zip(FILLED, before, after, strict=True)
            if new and not old
        }
        if "id_number" in checked.fills:
            checked.fills["id_type"] = checked.values["id_type"]
        person.hashes = _RECORD.pack(*(old or new for old, new in zip(before, after, strict=True)))
        person.identity = person.identity or identity
        self._index(person, checked.values)


def _hash(text: str) -> int:
    return hash(_compared(text))


@lru_cache(maxsize=20_000)
def _compared(text: str) -> str:
    """Text without what does not count: width, case, spaces, punctuation, traditional forms."""
    return _PUNCTUATION.sub("", fold(text))


def _identity(checked: CheckedRow) -> int:
    number = checked.values.get("id_number")
    return hash(identity_key(number)) if number else 0


def _trio(values: Mapping[str, str]) -> int:
    birth, employer = values.get("birth", "")[:7], _compared(values.get("employer", ""))
    return hash((_compared(values["name"]), birth, employer)) if birth and employer else 0


def _former(values: Mapping[str, str]) -> frozenset[int]:
    if "former_names" not in values:
        return frozenset()
    names = re.split(r"[、,，;；/\s]+", values["former_names"])
    return frozenset(_hash(name) for name in names if name)


def _same_name(person: _Person, checked: CheckedRow) -> bool:
    name = _hash(checked.values["name"])
    return person.name == name or name in person.former or person.name in _former(checked.values)


def _record(values: Mapping[str, str]) -> bytes:
    """A hash per remembered field, 0 where the row has nothing."""
    return _RECORD.pack(*[_field_hash(key, values[key]) if key in values else 0 for key in FILLED])


def _field_hash(key: str, text: str) -> int:
    if not text:
        return 0
    if key == "birth":
        return hash(text[:7])
    if key == "phone":
        return hash(tuple(sorted(_PHONE_DIGITS.findall(text.replace("-", ""))))) or 1
    return _hash(text) or 1
