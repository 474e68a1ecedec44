"""Rows of .csv files as text. Runs in the parsing process only."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from exchange.reading.refusals import MAX_CELL_CHARACTERS, MAX_COLUMNS, RosterRefused
from exchange.recognise import HEAD_ROWS, match_header

_CHUNK = 1024 * 1024
_DELIMITERS = (",", "\t", ";", "，", "；", "|")


def encoding_of(path: Path) -> str:
    """UTF-8 or UTF-16 by their mark, else UTF-8 if all of it is, else GB18030."""
    with path.open("rb") as handle:
        head = handle.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise RosterRefused("看不出文件的文字编码，请另存为 UTF-8 或 .xlsx 再上传")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, numbered as a spreadsheet would show them."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    encoding = encoding_of(path)
    try:
        with path.open(encoding=encoding, newline="") as handle:
            head = handle.read(64 * 1024)
            if "\x00" in head:
                raise RosterRefused("文件不是文本")
            handle.seek(0)
            for number, cells in enumerate(csv.reader(handle, delimiter=delimiter_of(head)), 1):
                if len(cells) > MAX_COLUMNS:
                    raise RosterRefused(f"第 {number} 行超过 {MAX_COLUMNS} 列")
                if any(cells):
                    yield number, [_plain(cell) for cell in cells]
    except csv.Error as error:
        raise RosterRefused("文件不是规范的 CSV，请另存为 .xlsx 再上传") from error
    except UnicodeError as error:
        raise RosterRefused("看不出文件的文字编码，请另存为 UTF-8 或 .xlsx 再上传") from error


def _plain(cell: str) -> str:
    """`="0110"` is how some systems keep a number as text in CSV."""
    if len(cell) > 3 and cell.startswith('="') and cell.endswith('"') and '"' not in cell[2:-1]:
        return cell[2:-1]
    return cell


def delimiter_of(head: str) -> str:
    """The delimiter under which the first lines name the most columns."""
    return max(_DELIMITERS, key=lambda delimiter: _delimiter_rank(head, delimiter))


def _delimiter_rank(head: str, delimiter: str) -> tuple[int, int]:
    try:
        rows = [
            row
            for _, row in zip(
                range(HEAD_ROWS), csv.reader(io.StringIO(head), delimiter=delimiter), strict=False
            )
        ]
    except csv.Error:
        return (0, 0)
    named = max((sum(1 for cell in row if match_header(cell) is not None) for row in rows), default=0)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return (named, max(widths.values(), default=0))
