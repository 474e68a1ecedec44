"""PDF by Typst. The templates ship with the product; data reaches them as JSON, never as markup."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "documents"
MOST_TAGGED = (
    500  # rows up to which a document is marked up for screen readers: beyond, that is most of the file
)


@cache
def drawn() -> frozenset[str]:
    """The characters that the product's own font has, and the dot in names, which a font of Typst's has."""
    return frozenset((TEMPLATES / "fonts" / "characters.txt").read_text(encoding="utf-8")) | {"·"}


def undrawn(data: str) -> str:
    """Characters that only a font of the machine may have: Typst leaves them out without a word."""
    rare = {each for each in data if not each.isascii() and not each.isspace()} - drawn()
    return "、".join(f"U+{ord(each):04X}" for each in sorted(rare))


def set_pdf(document: str, data: Mapping[str, Any]) -> bytes:
    """The document, in the fonts of the machine where it has them and in those of the product otherwise."""
    told = json.dumps(data, ensure_ascii=False)
    return typst.compile(
        TEMPLATES / f"{document}.typ",
        root=TEMPLATES,
        font_paths=[TEMPLATES / "fonts"],
        format="pdf",
        sys_inputs={"data": told, "rare": undrawn(told)},
        pdf_tags=len(data.get("rows", ())) <= MOST_TAGGED,
    )
