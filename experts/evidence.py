"""What may be kept as evidence: PDF, pictures, Word and Excel files, told by content and never by name.

Macros, passwords and secrecy markings are refused; pictures are re-encoded, so that place, time and anything
hidden in them are gone.
"""

import html
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

from core.chinese import clean_text
from core.markings import find_marking
from experts.photos import NotAPicture, check_picture, reencoded

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
UNPACKED = 100 * MEGABYTE  # what an Office file may unfold into
LONGEST_SIDE = 3000  # pixels: a photographed certificate stays legible
LONGEST_NAME = 120
PARTS = 5000
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# The part that makes an Office file what it is, and the parts whose text is looked at.
OFFICE = {
    "word/document.xml": ("docx", re.compile(r"word/(document|header\d*|footer\d*)\.xml")),
    "xl/workbook.xml": ("xlsx", re.compile(r"xl/(sharedstrings|worksheets/[^/]+)\.xml")),
}
TEXT_LIMIT = 20 * MEGABYTE
ENDS_OF_LINES = re.compile(r"</(?:w:p|si|is|c)>|<w:br/>")
TAGS = re.compile(r"<[^>]*>")
UNKNOWN = "只接收 PDF、JPG、PNG、DOCX 和 XLSX 文件，请转换后再上传。"
DAMAGED = "文件已损坏，打不开，请重新导出后再上传。"
MACRO = "文件含有宏或控件，请另存为不含宏的文件后再上传。"
PASSWORD = "文件设有密码，请取消密码后再上传。"  # noqa: S105  words for people
OLD_OFFICE = "旧格式（.doc、.xls）或加了密码的文件不接收，请另存为不加密的 DOCX 或 XLSX。"
MARKED = "含有密级标志“{}”。本系统为非涉密系统，不得上传。"


class Refused(ValueError):
    """The file is not kept; the text says why and what to do."""


@dataclass(frozen=True)
class Accepted:
    """A file as it is kept: its bytes, and its name with the ending that its content calls for."""

    name: str
    kind: str
    data: bytes


def accepted(upload: BinaryIO, name: str) -> Accepted:
    """The file as it may be kept. Raises Refused."""
    stem = clean_text(PurePath(name.replace("\\", "/")).stem)
    _check_text(stem)
    data = upload.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Refused("文件超过 10 MB，请压缩或拆分后再上传。")
    kind, data = _checked(data)
    return Accepted(f"{stem[: LONGEST_NAME - 10] or '附件'}.{kind}", kind, data)


def _checked(data: bytes) -> tuple[str, bytes]:
    """What the content is, and the bytes to keep."""
    if data.startswith(b"%PDF-"):
        _check_pdf(data)
        return "pdf", data
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return "jpg", _picture(data)
    if data.startswith(b"PK\x03\x04"):
        return _office_kind(data), data
    raise Refused(OLD_OFFICE if data.startswith(b"\xd0\xcf\x11\xe0") else UNKNOWN)


def _check_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:] or b"startxref" not in data:
        raise Refused(DAMAGED)
    if re.search(rb"/Encrypt\b", data):
        raise Refused(PASSWORD)
    if re.search(rb"/(JavaScript|Launch|EmbeddedFile)\b", data):
        raise Refused("PDF 里含有脚本或附件，请重新打印为 PDF 后再上传。")


def _picture(data: bytes) -> bytes:
    try:
        check_picture(BytesIO(data))
    except NotAPicture as problem:
        raise Refused(str(problem)) from None
    return reencoded(BytesIO(data), longest=LONGEST_SIDE).read()


def _office_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _kind_of(archive)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        zlib.error,
        struct.error,
        EOFError,
    ):
        raise Refused(DAMAGED) from None


def _kind_of(archive: zipfile.ZipFile) -> str:
    parts = archive.infolist()
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise Refused("文件展开后过大，请精简后再上传。")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused(PASSWORD)
    names = {part.filename.replace("\\", "/").lower(): part for part in parts}
    found = [OFFICE[main] for main in OFFICE if main in names]
    if len(found) != 1 or "[content_types].xml" not in names:
        raise Refused(UNKNOWN)
    types = _text(archive, names["[content_types].xml"]).lower()
    if re.search("macroenabled|vbaproject|macrosheet|activex", types) or any(map(_runs, names)):
        raise Refused(MACRO)
    kind, texts = found[0]
    for name, part in names.items():
        if texts.fullmatch(name):
            _check_text(plain_text(_text(archive, part)))
    return kind


def _runs(name: str) -> bool:
    return bool(re.search(r"vbaproject|(^|/)(macrosheets|activex|customui)/|oleobject\d*\.bin$", name))


def _text(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> str:
    """The beginning of a part, never more than it says and never more than the limit."""
    with archive.open(part) as stream:
        return stream.read(TEXT_LIMIT).decode(errors="replace")


def plain_text(markup: str) -> str:
    """The words of an Office part, a line for each paragraph or cell."""
    return html.unescape(TAGS.sub("", ENDS_OF_LINES.sub("\n", markup)))


def _check_text(text: str) -> None:
    if marking := find_marking(text):
        raise Refused(MARKED.format(marking))
