"""Recognising a roster: where its header stands, which column means what, which lines are not rows.

Pure: no models, no database. Works on `(row_number, cells)` with cells as text.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exchange.synonyms import FIELDS_BY_HEADER, FIRST_FILLED, REPEATABLE

Row = tuple[int, Sequence[str]]
Merge = tuple[
    int, int, int, int
]  # first row, first column, last row, last column; rows from 1, columns from 0

HEAD_ROWS = 40
_HEADER_NOISE = re.compile(r"[\s\d*※#:：、,，.。/／\\|_\-—·•\"'“”‘’]+")
_PARENTHESES = re.compile(r"[(（\[【〔][^()（）\[\]【】〔〕]*[)）\]】〕]")
_NOT_A_ROW = re.compile(
    r"^[\s*※]*(?:合\s*计|总\s*计|小\s*计|共\s*计|总\s*数|合计人数|共\s*\d+\s*[人名位条]|以上共"
    r"|(?:填表|制表|审核|填报|联系|报送|经办|负责|审批|复核|录入|统计|分管)(?:人|单位|日期|时间|部门|领导|负责人)"
    r"|单位负责人|主要负责人|单位[(（]?(?:盖章|公章)|盖\s*章|公\s*章|日\s*期\s*[:：]"
    r"|(?:填表说明|填写说明|备注|说明|附注|注|附件|附)\s*\d*\s*[:：]|第\s*\d+\s*页|共\s*\d+\s*页|[—\-]\s*\d+\s*[—\-]$)"
)
_SECTION = re.compile(r"^[(（]?[一二三四五六七八九十]+[)）]?[、.．\s)）]")
_SERIAL = re.compile(r"^[(（]?\d+[)）.]?$")
_MEANINGLESS = frozenset({None, "remark"})
_CERTAIN = {"id_number": re.compile(r"[\dA-Za-z]{8,18}"), "birth": re.compile(r"[\d./年月日-]{6,}")}


@dataclass(slots=True)
class Layout:
    """What the columns of a sheet mean. `columns` may be corrected by hand before reading rows."""

    header_rows: tuple[int, ...]
    first_row: int
    columns: dict[int, str | None]
    header_texts: dict[int, str] = field(default_factory=dict)
    _header_words: frozenset[str] = field(default=frozenset(), repr=False)

    def index_of(self, key: str) -> int | None:
        return next((index for index, found in self.columns.items() if found == key), None)

    def record(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of one row by field; columns of one field are joined, or the first filled holds."""
        raw: dict[str, str] = {}
        for index, key in self.columns.items():
            if key is None or index >= len(cells) or not cells[index].strip():
                continue
            if key not in raw:
                raw[key] = cells[index]
            elif key in REPEATABLE and cells[index] not in raw[key].split("\n"):
                raw[key] += "\n" + cells[index]
        return raw

    def records(self, rows: Iterable[Row]) -> Iterator[tuple[int, dict[str, str]]]:
        """The data rows: no header, no blank, total, section or signature lines."""
        for number, cells in rows:
            if number >= self.first_row and self.is_data(cells):
                yield number, self.record(cells)

    def is_data(self, cells: Sequence[str]) -> bool:
        filled = [index for index, cell in enumerate(cells) if cell.strip()]
        if not filled:
            return False
        keys = {self.columns.get(index) for index in filled}
        if keys <= _MEANINGLESS or self._is_one_line(cells, filled):
            return False
        first = unicodedata.normalize("NFKC", cells[filled[0]]).strip()
        if len(filled) <= 2 and _SECTION.match(first):
            return False
        if _NOT_A_ROW.match(first) and not self._is_certain(cells):
            return False
        return not self._repeats_header(cells, filled)

    def _is_certain(self, cells: Sequence[str]) -> bool:
        """An ID number or a birth in its place: a person, however the first cell begins."""
        for key, form in _CERTAIN.items():
            index = self.index_of(key)
            if index is not None and index < len(cells) and form.fullmatch(cells[index].strip()):
                return True
        return False

    def _is_one_line(self, cells: Sequence[str], filled: list[int]) -> bool:
        """One text over the whole width (a merged section title), not a name alone."""
        text = cells[filled[0]].strip()
        if any(cells[i].strip() != text for i in filled[1:]):
            return False
        return len(filled) > 2 or self.columns.get(filled[0]) != "name" or bool(_SERIAL.match(text))

    def _repeats_header(self, cells: Sequence[str], filled: list[int]) -> bool:
        """A page break often brings the header again."""
        same = sum(1 for i in filled if cells[i] in self._header_words)
        return same >= 3 and same * 2 > len(filled)


def header_form(text: str) -> str:
    """A column name as it is looked up: no spaces, punctuation, numbering or case."""
    plain = unicodedata.normalize("NFKC", text)
    return _HEADER_NOISE.sub("", plain).lower()


def match_header(text: str) -> str | None:
    """The field that a column name means; "" for a known name that is no field; None when unknown."""
    if len(text) > 60 or not text.strip():
        return None
    full = header_form(text)
    short = header_form(_PARENTHESES.sub("", unicodedata.normalize("NFKC", text)))
    for form in (full, short, re.sub(r"[()\[\]（）]", "", full)):
        if form in FIELDS_BY_HEADER:
            return FIELDS_BY_HEADER[form]
    return None


def score(rows: Sequence[Row]) -> int:
    """How much these first rows look like a roster: the number of fields named in the best header."""
    best = _best_row(rows)
    return 0 if best is None else len(_fields(rows[best][1]))


def recognise(rows: Sequence[Row], merges: Sequence[Merge] = ()) -> Layout | None:
    """Find the header in the first rows of a sheet and guess its columns; None without a header."""
    rows = [row for row in rows[:HEAD_ROWS] if any(cell.strip() for cell in row[1])]
    best = _best_row(rows)
    if best is None:
        return None
    first, last = _header_span(rows, best)
    header = [(number, _spread(number, cells, merges)) for number, cells in rows[first : last + 1]]
    width = max(len(cells) for _, cells in rows)
    texts = {index: _joined(header, index) for index in range(width)}
    columns = _guess(header, texts)
    return Layout(
        header_rows=tuple(number for number, _ in header),
        first_row=header[-1][0] + 1,
        columns=columns,
        header_texts={index: "／".join(parts) for index, parts in texts.items() if parts},
        _header_words=frozenset(cell for _, cells in header for cell in cells if cell.strip()),
    )


def _fields(cells: Sequence[str]) -> set[str]:
    return {found for cell in cells if (found := match_header(cell))}


def _best_row(rows: Sequence[Row]) -> int | None:
    """The first row that names the most fields; at least two, or the name alone in a one-column list."""
    best, most = None, 0
    for position, (_, cells) in enumerate(rows[:HEAD_ROWS]):
        found = _fields(cells)
        if len(found) > most and (len(found) > 1 or "name" in found) and _is_header_like(cells):
            best, most = position, len(found)
    return best


def _is_header_like(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    known = sum(1 for cell in filled if match_header(cell) is not None)
    return known > 0 and known * 2 >= len(filled)


def _header_span(rows: Sequence[Row], best: int) -> tuple[int, int]:
    """The header may have up to three lines; they follow one another without a gap."""
    first = last = best
    while first > 0 and last - first < 2 and _belongs(rows[first - 1], rows[first]):
        first -= 1
    while last + 1 < len(rows) and last - first < 2 and _belongs(rows[last + 1], rows[last]):
        last += 1
    return first, last


def _belongs(row: Row, neighbour: Row) -> bool:
    return abs(row[0] - neighbour[0]) == 1 and len(_fields(row[1])) > 0 and _is_header_like(row[1])


def _spread(number: int, cells: Sequence[str], merges: Sequence[Merge]) -> list[str]:
    """A header line with the text of its merged cells over every column of the merge."""
    line = list(cells)
    for top, left, bottom, right in merges:
        if top <= number <= bottom and left < len(line) and line[left].strip():
            line[left : right + 1] = [line[left]] * (min(right, len(line) - 1) - left + 1)
    return line


def _joined(header: Sequence[Row], index: int) -> list[str]:
    parts: list[str] = []
    for _, cells in header:
        text = " ".join(cells[index].split()) if index < len(cells) else ""
        if text and text not in parts:
            parts.append(text)
    return parts


def _guess(header: Sequence[Row], texts: dict[int, list[str]]) -> dict[int, str | None]:
    columns: dict[int, str | None] = {}
    taken: set[str] = set()
    for index, parts in texts.items():
        key = _meaning(parts) or None
        if key in taken and key not in REPEATABLE | FIRST_FILLED:
            key = None
        columns[index] = key
        if key:
            taken.add(key)
    return columns


def _meaning(parts: list[str]) -> str | None:
    """Lower lines say more than upper ones; together they may say what neither says alone."""
    if not parts:
        return None
    if len(parts) > 1 and (found := match_header("".join(parts))) is not None:
        return found
    for part in reversed(parts):
        if (found := match_header(part)) is not None:
            return found
    return None
