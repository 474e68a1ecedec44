"""An export as a workbook: who took out what, when and why, above the rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from core.moments import moment_text
from core.sheets import HEAD, NOTE, NOTICE, TEXT, new_workbook, write_text
from reports.columns import Column
from reports.models import Export
from reports.sources import Source

A4 = 9
NUMBER_WIDTH = 6
FIXED = 3  # columns that stay in sight: 序号, and the first two that tell the rows apart
NUMBER = {"valign": "top", "align": "left"}


def write_workbook(export: Export, source: Source, rows: Iterable[Any], folder: Path) -> bytes:
    """The whole file. While it is made, its parts stand in clear in `folder`."""
    path = folder / "export.xlsx"
    title = source.title(export)
    with (
        path.open("wb") as file,
        new_workbook(file, title=f"{title} {export.number}", scratch=folder) as book,
    ):
        sheet = book.add_worksheet(export.get_kind_display())
        head_line = _heading(book, sheet, export, title)
        last = _fill(book, sheet, source.columns, rows, head_line)
        sheet.autofilter(head_line, 0, last, len(source.columns))
    return path.read_bytes()


def _heading(book: Any, sheet: Any, export: Export, title: str) -> int:
    """What stands above the table and how it prints; returns the line of the table's head."""
    note = book.add_format(NOTE)
    unit = f"（{export.user.unit.short_name}）" if export.user.unit else ""
    lines = [
        (NOTICE, note),
        (
            f"{title}  导出编号 {export.number}",
            book.add_format({"bold": True, "font_size": 14}),
        ),
        (f"导出人：{export.user}{unit}    导出时间：{moment_text(timezone.now())}", note),
        (f"筛选：{export.words}", note),
        (f"事由：{export.reason}", note),
    ]
    for line, (text, style) in enumerate(lines):
        write_text(sheet, line, 0, text, style)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(len(lines))
    sheet.set_footer(f"&L{export.number}&C{NOTICE}&R第 &P 页，共 &N 页")
    sheet.freeze_panes(len(lines) + 1, FIXED)
    return len(lines)


def _fill(book: Any, sheet: Any, columns: Sequence[Column], rows: Iterable[Any], head_line: int) -> int:
    """The table; returns its last line."""
    head, text, number = (book.add_format(each) for each in (HEAD, TEXT, NUMBER))
    sheet.set_column(0, 0, NUMBER_WIDTH)
    write_text(sheet, head_line, 0, "序号", head)
    for place, column in enumerate(columns, start=1):
        sheet.set_column(place, place, column.width)
        write_text(sheet, head_line, place, column.head, head)
    line = head_line
    for line, row in enumerate(rows, start=head_line + 1):
        sheet.write_number(line, 0, line - head_line, number)
        for place, column in enumerate(columns, start=1):
            value = column.value(row)
            if isinstance(value, int):
                sheet.write_number(line, place, value, number)
            elif value:
                write_text(sheet, line, place, value, text)
    return line
