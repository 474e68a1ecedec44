"""Just enough of the OLE compound file format to see what an old workbook holds before parsing it."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from exchange.reading.refusals import RosterRefused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # this and above are no sectors
_MAX_ENTRIES = 20_000
_STREAM, _ROOT = 2, 5


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """Directory and streams of a compound file; RosterRefused when it is damaged."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        header = handle.read(512)
        if len(header) < 512 or not header.startswith(MAGIC):
            raise RosterRefused("文件已损坏，请用表格软件打开后另存为 .xlsx 再上传")
        shift, mini_shift = struct.unpack_from("<HH", header, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise RosterRefused("文件已损坏，请用表格软件打开后另存为 .xlsx 再上传")
        self._sector = 1 << shift
        self._mini_cutoff = struct.unpack_from("<I", header, 56)[0]
        self._fat = self._read_fat(header)
        directory = self._chain(struct.unpack_from("<I", header, 48)[0], _MAX_ENTRIES * 128)
        self.entries = self._read_entries(directory)

    def names(self) -> set[str]:
        return {entry.name for entry in self.entries}

    def stream_head(self, name: str, limit: int) -> bytes:
        """The first bytes of a stream of normal size; empty when there is none."""
        for entry in self.entries:
            if entry.name == name and entry.kind == _STREAM and entry.size >= self._mini_cutoff:
                return self._chain(entry.start, min(limit, entry.size))
        return b""

    def _read_sector(self, number: int) -> bytes:
        self._handle.seek((number + 1) * self._sector)
        return self._handle.read(self._sector)

    def _read_fat(self, header: bytes) -> list[int]:
        blocks = [n for n in struct.unpack_from("<109I", header, 76) if n < _END]
        following, count = struct.unpack_from("<II", header, 68)
        while following < _END and count > 0 and len(blocks) < 100_000:
            words = self._words(self._read_sector(following))
            if not words:
                break
            blocks += [n for n in words[:-1] if n < _END]
            following, count = words[-1], count - 1
        return [word for block in blocks for word in self._words(self._read_sector(block))]

    @staticmethod
    def _words(data: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])

    def _chain(self, start: int, limit: int) -> bytes:
        parts: list[bytes] = []
        seen: set[int] = set()
        sector, length = start, 0
        while sector < len(self._fat) and sector not in seen and length < limit:
            seen.add(sector)
            part = self._read_sector(sector)
            parts.append(part)
            length += len(part)
            sector = self._fat[sector]
        return b"".join(parts)[:limit]

    @staticmethod
    def _read_entries(directory: bytes) -> list[Entry]:
        entries = []
        for offset in range(0, len(directory) - 127, 128):
            length = struct.unpack_from("<H", directory, offset + 64)[0]
            kind = directory[offset + 66]
            if not 2 <= length <= 64 or kind == 0:
                continue
            name = directory[offset : offset + length - 2].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", directory, offset + 116)
            entries.append(Entry(name, kind, start, size))
        return entries
