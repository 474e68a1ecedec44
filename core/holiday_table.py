"""Holidays from a table that somebody has typed: what it says, what of it cannot be read, what it would
change."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, load_workbook

from core.models import Holiday

MOST_BYTES, MOST_UNPACKED, MOST_ROWS = 500_000, 20_000_000, 1000
DAY = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?")
WORKED = {"是": True, "上班": True, "调休上班": True, "1": True, "true": True, "班": True}
OFF = {"否": False, "放假": False, "休": False, "0": False, "false": False, "": False}
KINDS = WORKED | OFF
HEAD = "日期"


class Unreadable(Exception):
    """The file as a whole is no such table; the reason is for the person."""


@dataclass(frozen=True)
class Line:
    """One day as the file has it."""

    day: date
    name: str
    is_workday: bool


@dataclass
class Table:
    """What a file says, and (line, why) of what cannot be read."""

    lines: list[Line] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """What a line does to the table: adds, changes or leaves as it is; `was` is what stands there now."""

    line: Line
    was: Holiday | None

    @property
    def kind(self) -> str:
        if self.was is None:
            return "新增"
        same = (self.was.name, self.was.is_workday) == (self.line.name, self.line.is_workday)
        return "无变化" if same else "修改"


def read_table(data: bytes) -> Table:
    """Days, names and whether they are worked, from .xlsx or .csv; Unreadable when it is neither."""
    if len(data) > MOST_BYTES:
        raise Unreadable("文件太大，请只保留日期、名称、类型三列。")
    rows = _workbook(data) if data.startswith(b"PK") else _delimited(data)
    table, seen, started = Table(), set(), False
    for number, row in enumerate(rows, 1):
        cells = [*row, "", "", ""][:3]
        if not any(str(cell).strip() for cell in cells):
            continue
        if not started and HEAD in str(cells[0]):
            started = True
            continue
        started = True
        if number > MOST_ROWS:
            raise Unreadable(f"超过 {MOST_ROWS} 行，请分年导入。")
        try:
            line = _line(cells)
            if line.day in seen:
                raise ValueError(f"{line.day} 在文件里出现了两次")
        except ValueError as problem:
            table.problems.append((number, str(problem)))
            continue
        seen.add(line.day)
        table.lines.append(line)
    if not table.lines and not table.problems:
        raise Unreadable("文件里没有内容。第一行写“日期、名称、类型”，以下每行一天。")
    return table


def changes_of(lines: Iterable[Line]) -> list[Change]:
    """What the lines do to the table, in the order of days."""
    found = sorted(lines, key=lambda line: line.day)
    known = Holiday.objects.in_bulk([line.day for line in found])
    return [Change(line, known.get(line.day)) for line in found]


def _line(cells: list[Any]) -> Line:
    kind = str(cells[2]).strip().removesuffix(".0").lower()
    if kind not in KINDS:
        raise ValueError(f"“{str(cells[2])[:20]}”请写“放假”或“上班”")
    name = str(cells[1]).strip()[:40]
    if not name:
        raise ValueError("没有写名称")
    return Line(_day(cells[0]), name, KINDS[kind])


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    text = str(value).strip()
    match = DAY.fullmatch(text.split(" ")[0] if "-" in text else text)
    try:
        return date(*map(int, match.groups())) if match else _no_day(text)
    except ValueError:
        return _no_day(text)


def _no_day(text: str) -> date:
    raise ValueError(f"“{text[:20]}”不是日期，请写如 2027-01-01")


def _workbook(data: bytes) -> Iterator[list[Any]]:
    """The first sheet, looked at before it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise Unreadable("文件展开后太大，请另存为 .csv 再试。")
        yield from load_workbook(io.BytesIO(data)).get_sheet_by_index(0).iter_rows()
    except (zipfile.BadZipFile, CalamineError, ValueError, OSError) as problem:
        raise Unreadable("打不开这个文件，请用 .xlsx 或 .csv。") from problem


def _delimited(data: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            yield from csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text else ",")
        except csv.Error:
            break
        return
    raise Unreadable("读不出这个文件，请用 .xlsx 或 .csv。")
