"""Reading the honours out of a cell: which of the catalogue, in which year, and what is unknown.

Pure: the catalogue is plain data, so that the importer can fill it from the database or a file.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_QUOTES = re.compile("[“”„‟\"＂‘’‚‛'＇`´「」『』《》〈〉〝〞【】]")
_SEPARATORS = r"\s、，,;；/|·•●▪◆★☆&+。:：!~"
_HARD = re.compile(rf"[{_SEPARATORS}]")
_NOTHING = re.compile(
    r"(?:无|暂无|没有|否|未获|未入选|none|n/a|nil|不详|[-—–_/\\.·…()*]+|0|等)*", re.IGNORECASE
)
_YEAR = (
    r"(?:19|20)\d{2}(?!\d)(?:\s*[-—~至]\s*(?:19|20)\d{2})?"
    r"(?:\s*年?度|\s*[年./-]\s*\d{1,2}(?!\d)(?:\s*月(?:\s*\d{1,2}\s*日)?)?|\s*年)?(?:\s*起)?"
)
_BATCH = r"(?:第\s*)?(?:[一二三四五六七八九十百]+|\d{1,3})\s*(?:批次?|届|期|层次|完成人|名|位)|首批"
_LEAD = re.compile(
    rf"(?:[{_SEPARATORS}]|\(?\d{{1,2}}\)?[.、)]|\d{{1,2}}(?=[{_SEPARATORS}])|[一二三四五六七八九十]{{1,2}}[、.]"
    rf"|(?P<year>{_YEAR})|{_BATCH}|于|曾|系|获得|荣获|获评|获|当选为?|入选为?|享受|被评为|被授予|授予|评为|和|及|与|以及|暨|并|兼)*"
)
_NOTE = (
    rf"(?:{_YEAR}|{_BATCH}|[特一二三四]等奖?|[金银铜]奖|排名第?\s*[一二三四五六七八九十\d]+"
    r"|当选|入选|获得|获|评选|授予|增选|[,，;；、\s])"
)
_TRAIL = re.compile(
    rf"(?:\((?:{_NOTE})+\)|{_BATCH}|[特一二三四]等奖|[金银铜]奖|获得者|获奖者|入选者|入选人才|入选人员|入选|人选|专家|人才"
    rf"|荣誉称号|称号|荣誉|奖项|等(?=[{_SEPARATORS}]|$))*"
)
_TRAILING_YEAR = re.compile(
    rf"[\s:：,，(]?\s*(?P<year>{_YEAR})\s*(?:入选|当选|获得|获)?\)?(?=[{_SEPARATORS}]|$)"
)
_JOIN = re.compile(rf"[{_SEPARATORS}]|和|及|与|以及|暨|并|兼|$")
_JOINT_WORD = re.compile("和|及|与|以及|暨|并|兼")
_LONGEST = 2_000
_ANY_YEAR = re.compile(r"(?:19|20)\d{2}")


@dataclass(frozen=True, slots=True)
class HonourEntry:
    """One honour of the catalogue as plain data."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HonourClaim:
    """An honour found in a cell: its code, the year if one is written, and the words."""

    code: str
    year: int | None
    text: str


@dataclass(frozen=True, slots=True)
class HonourReading:
    claims: tuple[HonourClaim, ...]
    unknown: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted({claim.code for claim in self.claims}))


class HonourCatalogue:
    """Names and aliases of the honours, ready to be found in text; the longest name wins."""

    def __init__(self, entries: Iterable[HonourEntry]) -> None:
        self.entries = {entry.code: entry for entry in entries}
        names = {
            _normal(name): entry.code
            for entry in self.entries.values()
            for name in (*reversed(entry.aliases), entry.name)
            if name.strip()
        }
        ordered = sorted(names, key=len, reverse=True)
        self._codes = [names[name] for name in ordered]
        self._names = re.compile("|".join(f"({_pattern(name)})" for name in ordered) or "(?!)")
        self.read = lru_cache(maxsize=20_000)(self._read)

    def match(self, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Codes in order of the alphabet, and the texts that the catalogue does not know."""
        reading = self.read(text)
        return reading.codes, reading.unknown

    def _read(self, text: str) -> HonourReading:
        if len(text) > _LONGEST:
            return HonourReading((), (text[:_LONGEST],))
        source = _Source(text)
        reading = self._parse(source)
        if reading.unknown and re.search(r"\s", source.plain):
            joined = self._parse(source.without_spaces())  # a name broken by a line end
            if len(joined.unknown) < len(reading.unknown) and len(joined.claims) >= len(reading.claims):
                return joined
        return reading

    def _parse(self, source: "_Source") -> HonourReading:
        claims: list[HonourClaim] = []
        unknown: list[str] = []
        text, position = source.plain, 0
        years_lead = _starts_with_year(text)
        while position < len(text):
            found = self._item(source, position, years_lead=years_lead)
            if found is not None:
                claim, position = found
                claims.append(claim)
                continue
            begun, position = _piece(text, position)
            if not _NOTHING.fullmatch(_bare(text[begun:position])):
                unknown.append(source.written(begun, position))
        return HonourReading(tuple(dict.fromkeys(claims)), tuple(dict.fromkeys(unknown)))

    def _item(self, source: "_Source", position: int, *, years_lead: bool) -> tuple[HonourClaim, int] | None:
        """One honour at this place with its year, or None; it must end where a word may end."""
        text = source.plain
        lead = _LEAD.match(text, position)
        name = self._name_at(text, position, lead.end() if lead else position)
        if name is None or name.lastindex is None:
            return None
        year = lead["year"] if lead and lead["year"] and lead.end("year") <= name.start() else None
        trail = _TRAIL.match(text, name.end())
        end = trail.end() if trail else name.end()
        year = year or _first_year(text[name.end() : end])
        if year is None and not years_lead and (after := _TRAILING_YEAR.match(text, end)):
            year, end = after["year"], after.end()
        if not self._may_end(text, end):
            return None
        code = self._codes[name.lastindex - 1]
        return HonourClaim(code, _as_year(year), source.written(name.start(), end)), end

    def _may_end(self, text: str, end: int) -> bool:
        return any(what.match(text, end) for what in (_JOIN, _YEAR_AHEAD, self._names))

    def _name_at(self, text: str, position: int, start: int) -> re.Match[str] | None:
        """A name behind leading words, which the name itself may begin with (享受政府特殊津贴专家)."""
        starts = [match.start() for match in _WORD_START.finditer(text, position, start)]
        for begun in dict.fromkeys((position, *starts, start)):
            if name := self._names.match(text, begun):
                return name
        return None


class _Source:
    """Text without quotes and in half-width form, that can still say how a part of it was written."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._origins: list[int] = []
        plain: list[str] = []
        for index, char in enumerate(text):
            for form in "\n" if char in _ENCIRCLED else unicodedata.normalize("NFKC", char):
                if not _QUOTES.match(form):
                    plain.append(form)
                    self._origins.append(index)
        self.plain = "".join(plain)

    def without_spaces(self) -> "_Source":
        """The same text with everything written on one line."""
        return _Source("".join(self._text.split()))

    def written(self, start: int, end: int) -> str:
        """The original words of plain[start:end], quotes included."""
        first = self._origins[start]
        last = self._origins[end - 1] if end > start else first
        while last + 1 < len(self._text) and _CLOSING.match(self._text[last + 1]):
            last += 1
        while first > 0 and _OPENING.match(self._text[first - 1]):
            first -= 1
        return self._text[first : last + 1].strip()


_ENCIRCLED = frozenset("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽")
_OPENING = re.compile("[“‘「『《〈【〝]")
_CLOSING = re.compile("[”’」』》〉】〞]")
_YEAR_AHEAD = re.compile(_YEAR)
_WORD_START = re.compile(rf"享受|获得|入选|首批|(?<=[{_SEPARATORS}])[^{_SEPARATORS}]")


def _normal(text: str) -> str:
    return _Source(text).plain.strip()


def _pattern(name: str) -> str:
    return "".join(rf"[{_SEPARATORS}]*" if char in "、,/ " else re.escape(char) for char in name)


def _bare(piece: str) -> str:
    return (
        re.sub(rf"[{_SEPARATORS}\d.()]", "", piece).lower()
        if not re.search(r"[^\W\d_]", piece)
        else piece.lower()
    )


def _starts_with_year(text: str) -> bool:
    lead = _LEAD.match(text)
    return bool(lead and lead["year"])


def _piece(text: str, position: int) -> tuple[int, int]:
    """Where the next piece begins and ends: up to a separator outside parentheses."""
    begun = position
    while begun < len(text) - 1 and _HARD.match(text[begun]):
        begun += 1
    if begun == position and (joint := _JOINT_WORD.match(text, position)) and position > 0:
        begun = min(joint.end(), len(text) - 1)
    depth, end = 0, begun
    while end < len(text):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth <= 0 and _HARD.match(text[end]):
            break
        end += 1
    return begun, max(end, position + 1)


def _first_year(text: str) -> str | None:
    match = _ANY_YEAR.search(text)
    return match[0] if match else None


def _as_year(text: str | None) -> int | None:
    found = _first_year(text) if text else None
    return int(found) if found else None
