"""The parsing process: `python -m exchange.reading.child FILE NAME` writes JSON lines to stdout.

It limits its own memory and time before it touches the file, holds no secret in its environment
and knows nothing of the database. Lines: {"sheet": …}, then [[number, cells], …] in batches,
at last {"end": rows}; or {"refused": why} at any point.
"""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exchange.reading import delimited, sniffing
from exchange.reading.refusals import CPU_SECONDS, MAX_ROWS, MEMORY_BYTES, RosterRefused

_BATCH = 250


def limit_self() -> None:
    """Caps on address space, CPU seconds, written files and core dumps."""
    for what, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (amount, amount))


def _send(message: Any) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.write("\n")


def _open(path: Path, name: str) -> tuple[dict[str, Any], Iterator[tuple[int, list[str]]]]:
    kind = sniffing.sniff(path, name)
    about: dict[str, Any] = {"kind": kind, "name": "", "other_sheets": [], "merges": []}
    if kind == "csv":
        return about, delimited.csv_rows(path)
    if kind == "xlsx":
        sniffing.inspect_parts(path)
    from exchange.reading.workbooks import ChosenSheet

    chosen = ChosenSheet(path, kind)
    for sheet_name in (chosen.name, *chosen.other_sheets):
        sniffing.refuse_marking(sheet_name)
    about |= {"name": chosen.name, "other_sheets": chosen.other_sheets, "merges": chosen.head_merges}
    return about, chosen.rows()


def _stream(path: Path, name: str) -> None:
    about, rows = _open(path, name)
    batch: list[tuple[int, list[str]]] = []
    sent = 0
    for number, cells in rows:
        for cell in cells:
            if "密" in cell:
                sniffing.refuse_marking(cell)
        if not sent and not batch:
            _send({"sheet": about})
        batch.append((number, cells))
        if sent + len(batch) > MAX_ROWS:
            raise RosterRefused(f"名册超过 {MAX_ROWS} 行，请拆分后再上传")
        if len(batch) == _BATCH:
            _send(batch)
            sent, batch = sent + len(batch), []
    if not sent and not batch:
        raise RosterRefused("表格里没有内容")
    _send(batch)
    _send({"end": sent + len(batch)})


def main() -> int:
    limit_self()
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]
    try:
        _stream(Path(sys.argv[1]), sys.argv[2])
    except RosterRefused as refusal:
        _send({"refused": str(refusal)})
    except MemoryError:
        _send({"refused": "文件内容过大或结构异常，解析时内存不足，请拆分或另存为 .xlsx 再上传"})
    except BrokenPipeError:
        return 1
    except BaseException as error:  # a parser's panic is no Exception
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        _send({"refused": sniffing.DAMAGED})
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
