"""Workbooks that leave the product. Every text is written as a text, so that nothing in it can become a
formula or a link, and every printed page bears the notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import xlsxwriter

NOTICE = "本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息。"
LONGEST_CELL = 32_767
TEXT: dict[str, Any] = {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}
HEAD: dict[str, Any] = {"bold": True, "bg_color": "#EEF0F3", "bottom": 1, "valign": "top"}
NOTE: dict[str, Any] = {"font_color": "#5B6472"}
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


@contextmanager
def new_workbook(file: IO[bytes], *, title: str, scratch: Path | None = None) -> Iterator[Any]:
    """A workbook whose sheets are written from the top, row by row; `file` is whole once the context ends.
    Rows wait in clear in `scratch`, or where the system keeps temporary files."""
    with xlsxwriter.Workbook(file, OPTIONS | {"tmpdir": scratch and str(scratch)}) as book:
        book.set_properties({"title": title, "comments": NOTICE})
        yield book


def write_text(sheet: Any, line: int, place: int, text: str, style: Any) -> None:
    sheet.write_string(line, place, text[:LONGEST_CELL], style)
