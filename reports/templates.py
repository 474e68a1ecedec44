"""Which Word templates of documents are accepted. Typst templates ship with the product and cannot be
replaced."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.core.exceptions import ValidationError

from experts import evidence
from reports.models import Document
from reports.samples import REQUIRED, meanings, sample
from reports.typesetting import Refused
from reports.typesetting.press import TooMuch, pressed

LARGEST = 2 * evidence.MEGABYTE
SECONDS = 20  # what setting the sample may take
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RELATIONS = re.compile(r".*\.rels", re.IGNORECASE)
TEXTS = re.compile(r"word/[^/]*\.xml")
# Relations and fields by which a document takes in or starts something else.
TAKING_IN = frozenset(
    {
        "afchunk", "attachedtemplate", "audio", "control", "frame", "oleobject", "package", "subdocument",
        "vbaproject", "video", "wordvbadata",
    }
)  # fmt: skip
FIELDS = re.compile(r"DDE|INCLUDE|LINK|IMPORT|EMBED|MACRO|DATABASE|AUTOTEXT|[{}]", re.IGNORECASE)
NOT_WORD = "请上传 Word 文档（.docx）。"
OUTSIDE = "模板引用了外部文件或嵌入了对象，请在 Word 里去掉链接、嵌入的文件和附加的模板后再上传。"
FIELD = "模板里有会引用外部内容的域（{}），请去掉后再上传；页码、页数可以保留。"
BROKEN = "文件已损坏，打不开，请在 Word 里另存后再上传。"
MISSING = "模板里必须有{}：{{{{ {} }}}}。"


@dataclass(frozen=True)
class Checked:
    """A template that may be used."""

    document: Document
    name: str
    data: bytes


def checked(document: Document, upload: BinaryIO, name: str) -> Checked:
    """The template, if it is harmless, fits the document and keeps the notice, number and exporter.
    ValidationError says everything that stands against it."""
    try:
        file = evidence.accepted(upload, name)
    except evidence.Refused as problem:
        said = str(problem)
        raise ValidationError(NOT_WORD if said == evidence.UNKNOWN else said) from None
    if file.kind != "docx":
        raise ValidationError(NOT_WORD)
    if len(file.data) > LARGEST:
        raise ValidationError(f"模板超过 {LARGEST // evidence.MEGABYTE} MB，请去掉大图片后再上传。")
    _check_parts(file.data)
    _check_sample(document, file.data)
    return Checked(document, file.name, file.data)


def _check_parts(data: bytes) -> None:
    """Nothing that is fetched, embedded or started when the document is opened."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = archive.namelist()
        if any("/embeddings/" in name.lower() for name in names):
            raise ValidationError(OUTSIDE)
        for name in names:
            if RELATIONS.fullmatch(name):
                _check_relations(_root(archive, name))
            elif TEXTS.fullmatch(name):
                _check_fields(_root(archive, name))


def _root(archive: zipfile.ZipFile, name: str) -> Element:
    try:
        root: Element = fromstring(archive.read(name))
    except (ParseError, DefusedXmlException):
        raise ValidationError(BROKEN) from None
    return root


def _check_relations(root: Element) -> None:
    for relation in root.iter():
        kind = relation.get("Type", "").rpartition("/")[2].lower()
        if relation.get("TargetMode", "").lower() == "external" or kind in TAKING_IN:
            raise ValidationError(OUTSIDE)


def _check_fields(root: Element) -> None:
    """Codes may be spread over many runs, so they are looked at together."""
    codes = "".join(node.text or "" for node in root.iter(f"{WORD}instrText"))
    codes += " ".join(node.get(f"{WORD}instr", "") for node in root.iter(f"{WORD}fldSimple"))
    if found := FIELDS.search(codes):
        raise ValidationError(FIELD.format(found[0]))


def _check_sample(document: Document, data: bytes) -> None:
    try:
        made = pressed(document, sample(document), template=data, seconds=SECONDS)
    except Refused as refused:
        raise ValidationError(refused.problems) from None
    except TooMuch:
        raise ValidationError("用样例排版时用时过长，请简化模板里的循环。") from None
    except RuntimeError:
        raise ValidationError(BROKEN) from None
    text = "".join(_texts(made))
    words = dict(meanings(document))
    if missing := [name for name, value in REQUIRED.items() if value not in text]:
        raise ValidationError([MISSING.format(words[name], name) for name in missing])


def _texts(made: bytes) -> Iterator[str]:
    with zipfile.ZipFile(BytesIO(made)) as archive:
        for name in archive.namelist():
            if re.fullmatch(r"word/(document|header\d*|footer\d*)\.xml", name):
                yield evidence.plain_text(archive.read(name).decode(errors="replace"))
