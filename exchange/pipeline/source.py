"""The uploaded file: refused or kept encrypted, opened again for each step, recognised."""

import json
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from core.crypto import decrypt, encrypt
from core.vault import Vault
from exchange.models import ColumnMemory, RosterImport
from exchange.reading import RosterRefused, Sheet, read_roster
from exchange.recognise import HEAD_ROWS, Layout, recognise
from exchange.rows import bound_to

VAULT = Vault("imports")
SAMPLES = 3
NO_HEADER = "没有找到表头：请确认名册里有一行写着“姓名”等列名，再重新上传。"


def keep(roster: RosterImport, data: bytes) -> None:
    """Store the file encrypted under a random name."""
    roster.stored_as = secrets.token_hex(16)
    roster.stored_key = VAULT.keep(roster.stored_as, data, bound_to=bound_to(roster, "file"))


def _in_clear(roster: RosterImport) -> bytes:
    return VAULT.read(roster.stored_as, key_id=roster.stored_key, bound_to=bound_to(roster, "file"))


def _kept(roster: RosterImport) -> bytes:
    """The file in clear. A change of keys gives it another name while an import waits; OSError when it is
    gone."""
    try:
        return _in_clear(roster)
    except FileNotFoundError:
        roster.refresh_from_db(fields=["stored_as", "stored_key"])
        return _in_clear(roster)


@contextmanager
def opened(roster: RosterImport) -> Iterator[Sheet]:
    """The sheet of a kept file; the clear copy exists only while it is read."""
    try:
        data = _kept(roster)
    except OSError:
        raise RosterRefused("上传的文件已按规定清除，请重新上传。") from None
    with tempfile.NamedTemporaryFile(dir=VAULT.folder(), suffix=Path(roster.file_name).suffix[:10]) as clear:
        clear.write(data)
        clear.flush()
        del data
        with read_roster(clear.name, roster.file_name) as sheet:
            yield sheet


def head_of(sheet: Sheet) -> tuple[Layout, list[tuple[int, list[str]]]]:
    """The recognised header and the first rows; RosterRefused when there is no header."""
    head = list(islice(sheet.rows, HEAD_ROWS))
    layout = recognise(head, sheet.merges)
    if layout is None:
        raise RosterRefused(NO_HEADER)
    return layout, head


def remembered(layout: Layout, unit_id: int) -> Layout:
    """The layout with what people of this unit chose for these headers before."""
    chosen = dict(ColumnMemory.objects.filter(unit_id=unit_id).values_list("header", "field"))
    for index, text in layout.header_texts.items():
        if text[:100] in chosen:
            layout.columns[index] = chosen[text[:100]] or None
    return layout


def recognise_file(roster: RosterImport) -> None:
    """Fill in layout, sheet name and a few sample rows (not saved)."""
    with opened(roster) as sheet:
        layout, head = head_of(sheet)
        layout = remembered(layout, roster.owner_unit_id)
        roster.sheet_name = sheet.name[:100]
        roster.layout = packed(layout)
        samples = [cells for number, cells in head if number >= layout.first_row and layout.is_data(cells)]
        text = json.dumps(samples[:SAMPLES], ensure_ascii=False)
        roster.sample_sealed, roster.sample_key = encrypt(text, bound_to=bound_to(roster, "sample"))


def samples_of(roster: RosterImport) -> list[list[str]]:
    """The first rows, for the page that maps columns."""
    if not roster.sample_key:
        return []
    text = decrypt(roster.sample_sealed, key_id=roster.sample_key, bound_to=bound_to(roster, "sample"))
    rows: list[list[str]] = json.loads(text)
    return rows


def packed(layout: Layout) -> dict[str, Any]:
    return {
        "header_rows": list(layout.header_rows),
        "first_row": layout.first_row,
        "columns": {str(index): key or "" for index, key in layout.columns.items()},
        "header_texts": {str(index): text for index, text in layout.header_texts.items()},
        "words": sorted(layout._header_words),
    }


def unpacked(stored: dict[str, Any]) -> Layout:
    return Layout(
        header_rows=tuple(stored["header_rows"]),
        first_row=stored["first_row"],
        columns={int(index): key or None for index, key in stored["columns"].items()},
        header_texts={int(index): text for index, text in stored["header_texts"].items()},
        _header_words=frozenset(stored["words"]),
    )


def data_rows(
    sheet: Sheet, layout: Layout, head: Iterable[tuple[int, list[str]]] = ()
) -> Iterator[tuple[int, list[str]]]:
    """Every row that names a person, with its cells."""
    for number, cells in chain(head, sheet.rows):
        if number >= layout.first_row and layout.is_data(cells):
            yield number, cells
