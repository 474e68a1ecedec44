"""Starting the parsing process and reading its rows without holding them."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exchange.reading.refusals import SILENCE_SECONDS, RosterRefused
from exchange.reading.sniffing import DAMAGED

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = "exchange.reading.child"
_PIECE = 1 << 16
_TOO_LONG = "解析超时，请拆分文件后再上传"
_TOO_BIG = "文件内容过大或结构异常（例如表格很远处还有内容），请清除多余行列或拆分后再上传"


@dataclass(slots=True)
class Sheet:
    """A roster being read. Iterate `rows` once; close it (or use `with`) when done early.

    `rows` yields (row number in the spreadsheet, cells as text); rows without any content are left
    out. RosterRefused may still come while iterating, and then nothing of the file may be used.
    """

    kind: str
    name: str
    other_sheets: tuple[str, ...]
    merges: tuple[tuple[int, int, int, int], ...]
    rows: Iterator[tuple[int, list[str]]]
    _process: "subprocess.Popen[bytes]" = field(repr=False)

    def close(self) -> None:
        _end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_roster(path: Path | str, original_name: str) -> Sheet:
    """Open a roster in a process of its own; RosterRefused with a Chinese reason if it may not be read."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-E", "-s", "-m", _CHILD, str(Path(path).resolve()), _plain_name(original_name)],
        cwd=_ROOT,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        messages = _messages(process)
        about = next(messages)["sheet"]
    except BaseException:
        _end(process)
        raise
    merges = tuple((top, left, bottom, right) for top, left, bottom, right in about["merges"])
    return Sheet(
        about["kind"], about["name"], tuple(about["other_sheets"]), merges, _rows(messages, process), process
    )


def _plain_name(name: str) -> str:
    """A harmless name with the same extension: no more than that is needed."""
    extension = name.rpartition(".")[2].lower()
    return f"roster.{extension}" if "." in name and re.fullmatch("[a-z0-9]{1,8}", extension) else "roster"


def _rows(messages: Iterator[Any], process: "subprocess.Popen[bytes]") -> Iterator[tuple[int, list[str]]]:
    try:
        for message in messages:
            if isinstance(message, dict):
                return
            yield from ((number, cells) for number, cells in message)
    finally:
        _end(process)


def _messages(process: "subprocess.Popen[bytes]") -> Iterator[Any]:
    """Messages up to the closing one; anything else that ends the stream is a refusal."""
    for line in _lines(process):
        message = json.loads(line)
        if isinstance(message, dict) and "refused" in message:
            raise RosterRefused(message["refused"])
        yield message
        if isinstance(message, dict) and "end" in message:
            return
    raise RosterRefused(_why_it_died(process))


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    if process.stdout is None:
        raise RosterRefused(DAMAGED)
    handle = process.stdout.fileno()
    kept = b""
    while True:
        ready, _, _ = select.select([handle], [], [], SILENCE_SECONDS)
        if not ready:
            raise RosterRefused(_TOO_LONG)
        piece = os.read(handle, _PIECE)
        if not piece:
            return
        *lines, kept = (kept + piece).split(b"\n")
        yield from lines


def _why_it_died(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait(timeout=SILENCE_SECONDS)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return _TOO_LONG
    if code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS):
        return _TOO_BIG
    return DAMAGED


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
