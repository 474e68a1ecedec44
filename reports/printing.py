"""An export as a printed document: a form with data, set as PDF or Word."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.moments import moment_text
from core.sheets import NOTICE
from reports.models import DocumentTemplate, Export, Format
from reports.sources import Source
from reports.typesetting import Refused
from reports.typesetting.press import TooMuch, pressed

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ufffe\uffff]+")


class Unprintable(ValueError):
    """There can be no document; the text says why."""


def shipped(document: str) -> bytes:
    """The Word template that comes with the product."""
    return bytes((settings.BASE_DIR / "templates" / "documents" / f"{document}.docx").read_bytes())


def template_of(document: str) -> bytes:
    """The one in use: an administrator's, or the shipped one."""
    found = DocumentTemplate.objects.in_use(document).values_list("content", flat=True).first()
    return shipped(document) if found is None else bytes(found)


def common(export: Export) -> dict[str, str]:
    """What every document says of itself."""
    unit = f"（{export.user.unit.short_name}）" if export.user.unit else ""
    return {
        "number": export.number,
        "exporter": f"{export.user}{unit}",
        "exported_at": moment_text(timezone.now()),
        "notice": NOTICE,
    }


def plain(value: Any) -> Any:
    """The data without control characters, which Word files cannot hold or take for new paragraphs."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return CONTROL.sub(" ", value) if isinstance(value, str) else value


def print_document(
    export: Export, source: Source, rows: list[Any], wanted: Callable[[], None] = lambda: None
) -> bytes:
    """The file. Unprintable, in plain words, when it is too much or a template does not fit."""
    data = plain(common(export) | {"title": source.title(export)} | source.printed(rows))
    template = template_of(source.document) if export.format == Format.WORD else None
    try:
        return pressed(source.document, data, template=template, wanted=wanted)
    except TooMuch as problem:
        raise Unprintable(str(problem)) from None
    except Refused as refused:
        raise Unprintable(f"Word 模板不能用了，请联系系统管理员：{refused}") from None
