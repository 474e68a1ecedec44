"""Held rows as a workbook: each cell as it was, the reason beside it."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import QuerySet
from django.utils import timezone

from core.moments import moment_text
from core.sheets import HEAD, NOTE, NOTICE, TEXT, new_workbook, write_text
from exchange.models import RosterImport, RosterRow
from exchange.presenting import reasons
from exchange.rows import RowContent, content
from exchange.synonyms import FIELD_LABELS

HOW_TO = "改好标色的单元格后，可以直接上传本表。"
BATCH = 1000
WIDTHS = {"id_number": 22, "employer": 28, "honour": 40, "phone": 18, "birth": 12}
REASON_WIDTH = 36
HEAD_LINE = 2  # counted from 0; above it stand the notice and how to go on


def held_workbook(roster: RosterImport, rows: QuerySet[RosterRow]) -> IO[bytes]:
    """An open file with the workbook, at its start; the caller closes it."""
    keys = {key for _, of in _contents(roster, rows) for key in reasons(of)}
    file = tempfile.TemporaryFile()  # noqa: SIM115
    with new_workbook(file, title="待处理行") as book:
        _Sheet(book, list(_columns(roster, keys))).fill(roster.file_name, _contents(roster, rows))
    file.seek(0)
    return file


def _contents(roster: RosterImport, rows: QuerySet[RosterRow]) -> Iterator[tuple[int, RowContent]]:
    """Row numbers and contents in order, a batch at a time."""
    last = 0
    while batch := list(rows.filter(number__gt=last).order_by("number")[:BATCH]):
        for row in batch:
            row.roster = roster
            yield row.number, content(row)
        last = batch[-1].number


@dataclass(frozen=True)
class _Column:
    """A column of the workbook: one of the roster (`index`), or the reasons of a field."""

    key: str
    head: str
    index: int | None = None
    is_reason: bool = False
    is_first: bool = True  # of several columns of one field, the first shows its correction

    def text(self, of: RowContent) -> str:
        if self.is_reason:
            found = reasons(of)
            return "；".join(
                why for key, why in found.items() if self.key == (key if key in FIELD_LABELS else "")
            )
        if self.key in of.fixes:
            return of.fixes[self.key] if self.is_first else ""
        if self.index is None:
            return of.raw.get(self.key, "")
        return of.cells[self.index] if self.index < len(of.cells) else ""


def _columns(roster: RosterImport, keys: set[str]) -> Iterator[_Column]:
    """The columns of the roster in their order; reasons (`keys`) follow the last column of their field."""
    chosen = {int(index): key for index, key in roster.layout["columns"].items() if key}
    texts = {int(index): text for index, text in roster.layout["header_texts"].items()}
    last = {key: index for index, key in sorted(chosen.items())}
    met: set[str] = set()
    for index in sorted(set(texts) | set(chosen)):
        key = chosen.get(index, "")
        yield _Column(key, texts.get(index) or FIELD_LABELS.get(key, ""), index, is_first=key not in met)
        met.add(key)
        if key in keys and last[key] == index:
            yield _reason(key)
    for key in [key for key in FIELD_LABELS if key in keys and key not in last]:
        yield _Column(key, FIELD_LABELS[key])
        yield _reason(key)
    if keys - set(FIELD_LABELS):
        yield _reason("")


def _reason(key: str) -> _Column:
    return _Column(key, f"{FIELD_LABELS.get(key, '其他')}：待处理原因", is_reason=True)


class _Sheet:
    """The sheet in the making; lines are written from the top, as constant memory wants."""

    def __init__(self, book: Any, columns: list[_Column]) -> None:
        self.sheet = book.add_worksheet("待处理行")
        self.columns = columns
        self.plain = book.add_format(TEXT)
        self.wrong = book.add_format(TEXT | {"bg_color": "#FDF0E6", "border": 1, "border_color": "#B3121D"})
        self.reason = book.add_format(TEXT | {"font_color": "#B3121D"})
        self.head = book.add_format(HEAD)
        self.note = book.add_format(NOTE)

    def fill(self, file_name: str, contents: Iterator[tuple[int, RowContent]]) -> None:
        self._heading(file_name)
        for line, (number, of) in enumerate(contents, start=HEAD_LINE + 1):
            self.sheet.write_number(line, 0, number)
            held = {column["column"] for column in of.problems}
            for place, column in enumerate(self.columns, start=1):
                self._write(line, place, column.text(of), self._style(column, held))

    def _heading(self, file_name: str) -> None:
        sheet = self.sheet
        sheet.set_column(0, 0, 9)
        for place, column in enumerate(self.columns, start=1):
            width = REASON_WIDTH if column.is_reason else WIDTHS.get(column.key, 16)
            sheet.set_column(place, place, width)
        about = f"“{file_name}”里待处理的行，{moment_text(timezone.now())} 导出。{HOW_TO}"
        write_text(sheet, 0, 0, NOTICE, self.note)
        write_text(sheet, 1, 0, about, self.note)
        write_text(sheet, HEAD_LINE, 0, "原行号", self.head)
        for place, column in enumerate(self.columns, start=1):
            write_text(sheet, HEAD_LINE, place, column.head, self.head)
        sheet.freeze_panes(HEAD_LINE + 1, 1)
        sheet.set_footer(f"&C{NOTICE}")

    def _style(self, column: _Column, held: set[str]) -> Any:
        if column.is_reason:
            return self.reason
        return self.wrong if column.key and column.key in held else self.plain

    def _write(self, line: int, place: int, text: str, style: Any) -> None:
        if text:
            write_text(self.sheet, line, place, text, style)
        elif style is self.wrong:
            self.sheet.write_blank(line, place, None, style)
