"""Whether two honours go by the same name: names and aliases, compared as rosters are read."""

import re
from collections.abc import Iterable

from core.chinese import fold, initials
from experts.models import Honour

_NOT_LETTERS = re.compile(r"[\W_]+")


def comparable(text: str) -> str:
    """The form in which names are compared: no quotes, spaces or punctuation, half-width, simplified."""
    return _NOT_LETTERS.sub("", fold(text))


def owners(except_for: int | None = None) -> dict[str, Honour]:
    """Which honour goes by which name or alias, one honour left out."""
    others = Honour.objects.exclude(pk=except_for) if except_for else Honour.objects.all()
    return {comparable(text): honour for honour in others for text in [honour.name, *honour.aliases]}


def taken(texts: Iterable[str], *, except_for: int | None = None) -> list[tuple[str, Honour]]:
    """Those among the texts that another honour goes by already, each with that honour."""
    known = owners(except_for)
    return [(text, known[comparable(text)]) for text in texts if comparable(text) in known]


def without_repeats(name: str, aliases: Iterable[str]) -> list[str]:
    """The aliases that say something new beside the name, in their order."""
    seen, kept = {comparable(name), ""}, []
    for alias in aliases:
        if comparable(alias) not in seen:
            seen.add(comparable(alias))
            kept.append(alias)
    return kept


def new_code(name: str) -> str:
    """A code nobody has, from the initials of the name."""
    stem = re.sub("[^A-Z0-9]", "", initials(name).upper())[:24] or "HONOUR"
    stem = stem if stem[0].isalpha() else f"H{stem}"
    codes = set(Honour.objects.filter(code__startswith=stem).values_list("code", flat=True))
    numbered = (stem if number == 1 else f"{stem}_{number}" for number in range(1, len(codes) + 2))
    return next(code for code in numbered if code not in codes)
