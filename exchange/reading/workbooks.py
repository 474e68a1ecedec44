"""Rows of .xlsx and .xls workbooks as text. Runs in the parsing process only."""

import datetime
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import python_calamine as calamine
from defusedxml import ElementTree

from exchange.reading.refusals import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROWS, RosterRefused
from exchange.reading.sniffing import DAMAGED, ENCRYPTED, MACRO
from exchange.recognise import HEAD_ROWS, Merge, score

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHUNK = 1024 * 1024
_NOTEWORTHY = re.compile(rb'<(?:\w+:)?f[\s>/]|t="e"|<(?:\w+:)?v>\d{16,}<')
_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*[^<>/])>(.*?)</(?:\w+:)?c>", re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>(.*?)</(?:\w+:)?f>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^<>]*)?>([^<]+)</(?:\w+:)?v>")
_INLINE = re.compile(rb"<(?:\w+:)?is[\s>]")
_MAX_OVERRIDES = 1_000_000

Overrides = dict[tuple[int, int], str]


class ChosenSheet:
    """The sheet that looks like a roster, with its rows as text."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        try:
            self._book = calamine.CalamineWorkbook.from_path(str(path))
        except calamine.PasswordError:
            raise RosterRefused(ENCRYPTED) from None
        names = _readable_sheets(self._book)
        self.name, self._sheet = _choose(self._book, names)
        self.other_sheets = [name for name in names if name != self.name]
        self._check_size()
        spans = [
            (top + 1, left, bottom + 1, right)
            for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or []
        ]
        self.head_merges: list[Merge] = [span for span in spans if span[0] <= 2 * HEAD_ROWS]
        self._tall = {(top, left): bottom for top, left, bottom, _ in spans if bottom > top}

    def _check_size(self) -> None:
        if self._sheet.end is None:
            raise RosterRefused("工作表里没有内容")
        height, width = self._sheet.end[0] + 1, self._sheet.end[1] + 1
        if width > MAX_COLUMNS:
            raise RosterRefused(f"工作表有 {width} 列，超过 {MAX_COLUMNS} 列；请删除表格右侧多余的内容")
        if height > 5 * MAX_ROWS:
            raise RosterRefused(f"工作表超过 {MAX_ROWS} 行；请删除表格下方多余的内容或拆分")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that hold anything, with their numbers in the spreadsheet."""
        overrides = _overrides(self._path, self.name) if self._kind == "xlsx" else {}
        by_row: dict[int, list[tuple[int, str]]] = {}
        for (number, column), text in overrides.items():
            by_row.setdefault(number, []).append((column, text))
        offset = self._sheet.start[1] if self._sheet.start else 0
        merged = _TallMerges(self._tall)
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            cells = [""] * offset + [cell_text(value) for value in values]
            for column, text in by_row.pop(number, ()):
                cells += [""] * (column + 1 - len(cells))
                cells[column] = text
            merged.apply(number, cells)
            if any(cells):
                yield number, cells
        for number in sorted(by_row):  # rows that hold nothing but formulas without a result
            yield number, _sparse(by_row[number])


class _TallMerges:
    """Carries the value of a vertically merged cell down to the last row of the merge."""

    def __init__(self, tall: dict[tuple[int, int], int]) -> None:
        self._by_top: dict[int, list[tuple[int, int]]] = {}
        for (top, left), bottom in tall.items():
            self._by_top.setdefault(top, []).append((left, bottom))
        self._open: dict[int, tuple[int, str]] = {}

    def apply(self, number: int, cells: list[str]) -> None:
        for column, (bottom, text) in list(self._open.items()):
            if number > bottom:
                del self._open[column]
            elif column < len(cells) and not cells[column]:
                cells[column] = text
        for column, bottom in self._by_top.pop(number, ()):
            if column < len(cells):
                self._open[column] = (bottom, cells[column])


def _sparse(items: list[tuple[int, str]]) -> list[str]:
    cells = [""] * (max(column for column, _ in items) + 1)
    for column, text in items:
        cells[column] = text
    return cells


def _readable_sheets(book: Any) -> list[str]:
    sheets = book.sheets_metadata
    if any(sheet.typ == calamine.SheetTypeEnum.MacroSheet for sheet in sheets):
        raise RosterRefused(MACRO)
    names = [
        sheet.name
        for sheet in sheets
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
        and sheet.visible == calamine.SheetVisibleEnum.Visible
    ]
    if not names:
        raise RosterRefused("文件里没有可读的工作表")
    return names[:50]


def _choose(book: Any, names: list[str]) -> tuple[str, Any]:
    """The visible sheet whose header names the most fields; the longest among equals."""
    best: tuple[tuple[int, int], str, Any] | None = None
    for name in names:
        sheet = book.get_sheet_by_name(name)
        head = [
            (number, [cell_text(value) for value in row])
            for number, row in enumerate(sheet.to_python(nrows=HEAD_ROWS), 1)
        ]
        rank = (score(head), sheet.height)
        if best is None or rank > best[0]:
            best = (rank, name, sheet)
    if best is None:
        raise RosterRefused(DAMAGED)
    return best[1], best[2]


def cell_text(value: object) -> str:
    """A cell as text: whole numbers without a fraction, dates as ISO, long numbers as displayed."""
    if isinstance(value, str):
        if len(value) > MAX_CELL_CHARACTERS:
            raise RosterRefused("有单元格的内容过长")
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else str(value or "")


def _number_text(value: float) -> str:
    if abs(value) < 1e15:
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    return f"{value:.14E}"  # more digits than a number holds; such an ID number is lost, and must show it


def _overrides(path: Path, sheet_name: str) -> Overrides:
    """Cells that the parser reads as empty or rounded: formulas without a result, errors, long integers."""
    found: Overrides = {}
    with zipfile.ZipFile(path) as archive:
        part = _sheet_part(archive, sheet_name)
        if part is None:
            return found
        with archive.open(part) as handle:
            kept = b""
            while chunk := handle.read(_CHUNK):
                whole, bar, kept = (kept + chunk).rpartition(b"row>")
                if not bar:
                    kept, whole = (kept, b"") if len(kept) < 64 * _CHUNK else (b"", kept)
                _collect(whole, found)
            _collect(kept, found)
    return found


def _collect(data: bytes, found: Overrides) -> None:
    if not _NOTEWORTHY.search(data):
        return
    for attributes, body in _CELL.findall(data):
        reference = _REFERENCE.search(attributes)
        if reference is None or _INLINE.search(body):
            continue
        text = _override(attributes, body)
        if text is not None:
            found[int(reference[2]), _column(reference[1])] = text
    if len(found) > _MAX_OVERRIDES:
        raise RosterRefused("公式过多，请复制后按“数值”粘贴再上传")


def _override(attributes: bytes, body: bytes) -> str | None:
    value = _VALUE.search(body)
    text = value[1].decode("utf-8", "replace") if value else ""
    if b't="e"' in attributes:
        return text or "#N/A"
    if value is None:
        formula = _FORMULA.search(body)
        return None if formula is None else "=" + unescape((formula[1] or b"").decode("utf-8", "replace"))
    if b't="' not in attributes.replace(b't="n"', b"") and re.fullmatch(r"\d{16,19}", text):
        return text
    return None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _sheet_part(archive: zipfile.ZipFile, sheet_name: str) -> str | None:
    """The path of a sheet's XML within the archive."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return None
    wanted = next(
        (e.get(_RELATION) for e in book.iter() if e.tag.endswith("}sheet") and e.get("name") == sheet_name),
        None,
    )
    target = next((e.get("Target", "") for e in relations.iter() if e.get("Id") == wanted), "")
    part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else None
