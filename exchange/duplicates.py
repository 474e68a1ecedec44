"""The same person twice: found by hashes of what was seen, nothing of the rows themselves is kept."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.chinese import fold
from core.id_numbers import identity_key
from exchange.checked import COMPARED, FILLED, CheckedRow
from exchange.synonyms import FIELD_LABELS

_PHONE_DIGITS = re.compile(r"\d{5,}")
_PUNCTUATION = re.compile(r"[\W_]+")
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
            checked.hold("id_number", text, f"与第 {known.row} 行的证件号码相同，姓名却不同")
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
        checked.hold("id_number", checked.raw.get("id_number", ""), reason)

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
                checked.hold(key, checked.raw.get(key, checked.values[key]), reason)
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
