"""Chinese text: cleaning of names and cells, pinyin order, search tokens.

Search goes through a token table by equality, so a name is broken into few tokens here and a
typed query is broken into the tokens that must all be there.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from core.readings import COMPOUND_SURNAMES, GIVEN_NAMES, SIMPLIFIED, SURNAMES

HAN = "㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff〇"
TOKEN_LENGTH = 40  # what the token table holds
SORT_KEY_LENGTH = 200
_DOT = "·"
_DOTS = re.compile("[·•‧∙⋅・･ᐧ●˙‑]")
_HAN_STOP = re.compile(f"(?<=[{HAN}])[.。．](?=[{HAN}])")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe]"
)
_EMPTY_LINES = re.compile("\n{3,}")
_SPACES = re.compile(r"[^\S\n]+")
_SPACE_AT_HAN = re.compile(f"(?<=[{HAN}·])\\s+|\\s+(?=[{HAN}·])")
_NAME_NOTE = re.compile(
    r"[(\[](?:[男女]|[^()\[\],、;/ ]{0,6}族)(?:[,、;/ ](?:[男女]|[^()\[\],、;/ ]{0,6}族))*[)\]]$"
)
_HAN_CHAR = re.compile(f"[{HAN}]")
_HAN_RUN = re.compile(f"[{HAN}]+")
_WORD = re.compile(f"[{HAN}]+|[a-z0-9]+")
_ACCENTED = re.compile("[\u00c0-\u036f\u1e00-\u1eff]")
_LATIN = re.compile("[a-z0-9]+")


def clean_text(text: str) -> str:
    """The text of a cell: NFKC, no invisible characters, single spaces, trimmed lines."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    if plain.isalnum():
        return plain
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(line for line in (_SPACES.sub(" ", part).strip() for part in plain.split("\n")) if line)


def as_written(text: str) -> str:
    """Prose: words, punctuation and paragraphs as they were typed, without invisible characters, blanks
    around lines, and more than one empty line at once."""
    plain = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in plain.split("\n"))).strip()


def clean_name(text: str) -> str:
    """A person's name as it is stored: no spaces within Chinese, one space between other words."""
    name = clean_text(text)
    if name.isalpha():
        return name
    name = _DOTS.sub(_DOT, name.replace("\n", " "))
    name = _HAN_STOP.sub(_DOT, name)
    name = _SPACE_AT_HAN.sub("", name)
    name = _NAME_NOTE.sub("", name)
    return re.sub("·+", _DOT, name).strip(" ·'*＊")


def simplify(text: str) -> str:
    """Traditional forms replaced by simplified ones; for comparing and searching, never stored."""
    return text.translate(SIMPLIFIED)


def fold(text: str) -> str:
    """The form in which text is compared: half-width, lower case, simplified, ü as v, no accents."""
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain.isascii():
        return plain
    plain = simplify(plain)
    if _ACCENTED.search(plain):
        plain = re.sub("[üǖǘǚǜ]", "v", plain)
        plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
        plain = unicodedata.normalize("NFC", plain)
    return plain


@lru_cache(maxsize=60_000)
def _syllable(char: str) -> str:
    return GIVEN_NAMES.get(char) or "".join(_LATIN.findall(lazy_pinyin(char, style=Style.NORMAL)[0]))


def _surname_length(name: str) -> int:
    return 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1


def _han_syllables(name: str, *, surname: bool) -> list[str]:
    readings = [_syllable(char) for char in name]
    if surname and name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        readings[:2] = COMPOUND_SURNAMES[name[:2]]
    elif surname and name[0] in SURNAMES:
        readings[0] = SURNAMES[name[0]]
    return readings


@lru_cache(maxsize=1_024)
def syllables(name: str) -> tuple[str, ...]:
    """Pinyin of a name in order, Latin words whole: ("ou", "yang", "na"), ("john", "smith")."""
    found: list[str] = []
    folded = fold(name)
    has_dot = _DOT in folded
    for number, word in enumerate(_WORD.findall(folded)):
        if _HAN_CHAR.match(word):
            found += _han_syllables(word, surname=number == 0 and not has_dot)
        else:
            found.append(word)
    return tuple(found)


def sort_key(name: str) -> str:
    """A key that orders names by pinyin under plain byte order.

    Syllables are separated by one space and the name follows after two spaces and a bar, so that
    张伟 stands before 张伟国 and equal readings keep a stable order.
    """
    return (" ".join(syllables(name)) + "  |" + name)[:SORT_KEY_LENGTH]


def initials(name: str) -> str:
    """First letters: 张伟国 → "zwg", John Smith → "js"."""
    return "".join(part[0] for part in syllables(name) if part)


def _bigrams(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _pinyin_tokens(name: str, parts: tuple[str, ...]) -> set[str]:
    """Readings at syllable bounds, each syllable, the given name's, and initials."""
    folded = fold(name)
    surname = _surname_length(folded)
    if len(parts) > 4:  # a long foreign name: no prefixes, only its words and the whole
        words = {"".join(syllables(word)) for word in folded.split(_DOT)}
        return {"".join(parts), "".join(part[0] for part in parts if part), *words, *parts}
    letters = "".join(part[0] for part in parts if part)
    tokens = {"".join(parts[:n]) for n in range(1, len(parts) + 1)} | set(parts)
    tokens |= {"".join(parts[surname:]), letters, letters[:2], letters[surname:]}
    return {token for token in tokens if len(token) > 1}


def _latin_tokens(words: list[str]) -> set[str]:
    return {*words, "".join(words), "".join(word[0] for word in words)}


def _name_tokens(name: str) -> set[str]:
    folded = fold(name)
    runs = _HAN_RUN.findall(folded)
    if not runs:
        return _latin_tokens(_LATIN.findall(folded))
    han = "".join(runs)
    tokens = {*han, *_bigrams(han), han} | set(_LATIN.findall(folded))
    return tokens | _pinyin_tokens(name, syllables(name))


def search_tokens(name: str, former_names: Iterable[str] = ()) -> set[str]:
    """What a person is found by: characters, bigrams, pinyin at syllable bounds, initials."""
    tokens = _name_tokens(name)
    for former in former_names:
        tokens |= _name_tokens(former)
    return {token[:TOKEN_LENGTH] for token in tokens if token}


def query_tokens(text: str) -> list[str]:
    """The tokens a person must have, all of them, to match what was typed."""
    tokens: list[str] = []
    words = _WORD.findall(_joined_spaces(fold(text).replace("'", "").replace("’", "")))
    for word in words:
        if _HAN_CHAR.match(word) and len(word) > 2:
            tokens += _bigrams(word)
        else:
            tokens.append(word[:TOKEN_LENGTH])
    return list(dict.fromkeys(tokens))


def _joined_spaces(text: str) -> str:
    """Spaces and dots between Chinese characters are typing habits, not words."""
    return re.sub(f"(?<=[{HAN}])[\\s·.]+(?=[{HAN}])", "", text)


def employer_tokens(text: str) -> set[str]:
    """What an employer is found by: bigrams and Latin words, marked "e:"."""
    return {f"e:{token}" for token in _employer_parts(_joined_spaces(fold(text)))}


def employer_query_tokens(text: str) -> list[str]:
    """The employer tokens that must all be there, word by word; empty when too little was typed."""
    return [f"e:{token}" for token in dict.fromkeys(_employer_parts(fold(text)))]


def _employer_parts(text: str) -> list[str]:
    parts: list[str] = []
    for word in _WORD.findall(text):
        parts += _bigrams(word) if _HAN_CHAR.match(word) else [word[: TOKEN_LENGTH - 2]]
    return parts
