"""Looking at a file before parsing it: what it really is, and whether it must be refused.

Nothing here trusts the file name alone or the sizes that an archive declares.
"""

import re
import struct
import zipfile
import zlib
from html import unescape
from pathlib import Path
from typing import BinaryIO

from core.markings import find_marking
from exchange.reading import compound
from exchange.reading.refusals import (
    MAX_DIRECTORY_BYTES,
    MAX_FILE_BYTES,
    MAX_PART_BYTES,
    MAX_PARTS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    MEGABYTE,
    RosterRefused,
)

KINDS = ("xlsx", "xls", "csv")
_END_OF_DIRECTORY = b"PK\x05\x06"
ZIP_MAGIC = b"PK\x03\x04"
SAVE_AS = "请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"
MACRO = "文件含有宏，不能导入；请另存为不含宏的 .xlsx 再上传"
ENCRYPTED = "文件设有打开密码，请取消密码后再上传"
DAMAGED = f"文件已损坏，{SAVE_AS}"
BOMB = "文件解压后过大，可能是恶意构造的文件，已拒绝"
MARKED = "文件带有密级标志“{mark}”。本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息"

_OTHER_MAGICS = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"{\\rtf", "RTF 文档"),
    (b"MZ", "可执行文件"),
    (b"\x7fELF", "可执行文件"),
)
_CHUNK = 256 * 1024
_OVERLAP = 256
_NUMBERED = re.compile(rb"&#(?:x[0-9a-fA-F]{1,6}|[0-9]{1,7});")  # characters written as numbers
_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.I)
_SECRET = tuple(word.encode() for word in ("绝密", "机密", "秘密", "密级", "绝 密", "机 密", "秘 密"))
_VBA_STORAGES = frozenset({"_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA", "Macros"})
_BOUNDSHEET, _FILEPASS, _EOF = 0x0085, 0x002F, 0x000A


def sniff(path: Path, original_name: str) -> str:
    """The kind of roster ("xlsx", "xls" or "csv") after the quick checks; RosterRefused otherwise."""
    size = path.stat().st_size
    if size == 0:
        raise RosterRefused("文件是空的")
    if size > MAX_FILE_BYTES:
        raise RosterRefused(f"文件超过 {MAX_FILE_BYTES // MEGABYTE} MB，请拆分后再上传")
    kind = _kind_by_name(original_name)
    with path.open("rb") as handle:
        head = handle.read(4096)
        handle.seek(0)
        found = _kind_by_content(handle, head)
    if found != kind:
        raise RosterRefused(f"扩展名是 .{kind}，内容却是{_described(found)}，{SAVE_AS}")
    return kind


def _described(kind: str) -> str:
    return {"xlsx": " .xlsx 工作簿", "xls": " .xls 工作簿", "csv": "文本"}[kind]


def _kind_by_name(name: str) -> str:
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if extension in ("xlsm", "xltm", "xlam", "xlsb"):
        raise RosterRefused(MACRO if extension != "xlsb" else f"不支持 .xlsb，{SAVE_AS}")
    if extension not in KINDS:
        raise RosterRefused("只接受 .xlsx、.xls 和 .csv 文件")
    return extension


def _kind_by_content(handle: BinaryIO, head: bytes) -> str:
    if head.startswith(ZIP_MAGIC):
        _check_archive(handle)
        return "xlsx"
    if head.startswith(compound.MAGIC):
        _check_compound(handle)
        return "xls"
    for magic, what in _OTHER_MAGICS:
        if head.startswith(magic):
            raise RosterRefused(f"这是{what}，不是名册；只接受 .xlsx、.xls 和 .csv 文件")
    if head.startswith(b"PK"):
        raise RosterRefused(DAMAGED)
    _check_text(head)
    return "csv"


def _check_text(head: bytes) -> None:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return  # UTF-16, as "Unicode text" is saved
    if head[:2] in (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00") or b"\x00" in head:
        raise RosterRefused(f"文件不是文本，也不是能识别的工作簿，{SAVE_AS}")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<table", b"<head", b"<meta", b"<?xml", b"<style")):
        raise RosterRefused(f"这是网页或 XML 格式的表格，{SAVE_AS}")


def _check_archive(handle: BinaryIO) -> None:
    """The quick checks of an .xlsx, on its directory alone."""
    _check_directory(handle)
    try:
        with zipfile.ZipFile(handle) as archive:
            infos = archive.infolist()
            names = {info.filename.replace("\\", "/").lower() for info in infos}
            _check_declared(infos)
            _check_names(names)
            types = _read_small(archive, "[Content_Types].xml").lower()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        zlib.error,
        ValueError,
        EOFError,
    ) as error:
        if isinstance(error, RosterRefused):
            raise
        raise RosterRefused(DAMAGED) from error
    if b"macroenabled" in types or b"vbaproject" in types or b"macrosheet" in types:
        raise RosterRefused(MACRO)
    if b"spreadsheetml" not in types:
        raise RosterRefused("压缩包里不是 Excel 工作簿；只接受 .xlsx、.xls 和 .csv 文件")


def _check_directory(handle: BinaryIO) -> None:
    """The archive's directory must be small before it is read at all."""
    length = handle.seek(0, 2)
    handle.seek(max(0, length - 66_000))
    tail = handle.read()
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0 or at + 22 > len(tail):
        raise RosterRefused(DAMAGED)
    count, size = struct.unpack_from("<HI", tail, at + 10)
    if count > MAX_PARTS or size > MAX_DIRECTORY_BYTES:
        raise RosterRefused(BOMB)


def _check_declared(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_PARTS:
        raise RosterRefused(BOMB)
    if any(info.flag_bits & 0x1 for info in infos):
        raise RosterRefused(ENCRYPTED)
    for info in infos:
        if info.file_size > MAX_PART_BYTES or _is_bomb(info.compress_size, info.file_size):
            raise RosterRefused(BOMB)
    if sum(info.file_size for info in infos) > MAX_UNPACKED_BYTES:
        raise RosterRefused(BOMB)


def _is_bomb(packed: int, unpacked: int) -> bool:
    return unpacked > 20 * MEGABYTE and unpacked > MAX_RATIO * max(packed, 1)


def _check_names(names: set[str]) -> None:
    parts = {name.rsplit("/", 1)[-1] for name in names}
    if "vbaproject.bin" in parts or any("/macrosheets/" in f"/{name}" for name in names):
        raise RosterRefused(MACRO)
    if "xl/workbook.bin" in names:
        raise RosterRefused(f"不支持 .xlsb，{SAVE_AS}")
    if "mimetype" in names and "content.xml" in names:
        raise RosterRefused(f"不支持 .ods，{SAVE_AS}")
    if "[content_types].xml" not in names:
        raise RosterRefused("压缩包里不是 Excel 工作簿；只接受 .xlsx、.xls 和 .csv 文件")


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    wanted = next((i for i in archive.infolist() if i.filename.lower() == name.lower()), None)
    if wanted is None:
        raise RosterRefused(DAMAGED)
    with archive.open(wanted) as part:
        return part.read(4 * MEGABYTE)


def _check_compound(handle: BinaryIO) -> None:
    try:
        old = compound.CompoundFile(handle)
    except (struct.error, OverflowError, OSError) as error:
        raise RosterRefused(DAMAGED) from error
    names = old.names()
    if names & {"EncryptedPackage", "EncryptionInfo"}:
        raise RosterRefused(ENCRYPTED)
    if names & _VBA_STORAGES:
        raise RosterRefused(MACRO)
    book = next((name for name in ("Workbook", "Book") if name in names), None)
    if book is None:
        raise RosterRefused("这是 Word、邮件等其他文件，不是 Excel 工作簿")
    _check_globals(old.stream_head(book, 4 * MEGABYTE))


def _check_globals(stream: bytes) -> None:
    """The first records of an old workbook tell of a password and of macro sheets."""
    offset = 0
    while offset + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, offset)
        if kind == _FILEPASS:
            raise RosterRefused(ENCRYPTED)
        if kind == _BOUNDSHEET and length >= 6 and stream[offset + 9 : offset + 10] in (b"\x01", b"\x06"):
            raise RosterRefused(MACRO)
        if kind == _EOF:
            return
        offset += 4 + length


def inspect_parts(path: Path) -> None:
    """Unpack every XML part of an .xlsx once, in pieces: real sizes, DTDs, secrecy markings."""
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.lower().endswith((".xml", ".rels", ".vml")):
                    total += _inspect_part(archive, info)
                    if total > MAX_UNPACKED_BYTES:
                        raise RosterRefused(BOMB)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError) as error:
        raise RosterRefused(DAMAGED) from error


def _inspect_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    size, kept = 0, b""
    with archive.open(info) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > MAX_PART_BYTES or _is_bomb(info.compress_size, size):
                raise RosterRefused(BOMB)
            _inspect_chunk(kept + chunk, first=not kept)
            kept = chunk[-_OVERLAP:]
    return size


def _inspect_chunk(data: bytes, *, first: bool) -> None:
    if first and (data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:64]):
        raise RosterRefused(DAMAGED)  # XML in UTF-16 is no writer's habit, and hides text from the checks
    if b"<!" in data and _DTD.search(data):
        raise RosterRefused("文件的 XML 含有 DTD 或实体定义，可能是恶意构造的文件，已拒绝")
    data = _NUMBERED.sub(lambda found: unescape(found[0].decode()).encode(), data)
    if any(word in data for word in _SECRET):
        text = re.sub(r"<[^<>]*>", "\n", data.decode("utf-8", "replace"))
        refuse_marking(text)
        refuse_marking(re.sub(r"&[A-Z]|&quot;|&\d+", "", text.replace("\n", "")))


def refuse_marking(text: str) -> None:
    """RosterRefused when the text bears a secrecy marking."""
    if mark := find_marking(text):
        raise RosterRefused(MARKED.format(mark=mark))
