"""Numbers of identity documents: kinds, check digits, what they say about birth and gender."""

import datetime
import re
import unicodedata
from operator import mul

from django.db.models import TextChoices

from core.dates import Birth, today_in_beijing


class IdNumberType(TextChoices):
    RESIDENT_18 = "resident18", "居民身份证（18位）"
    RESIDENT_15 = "resident15", "居民身份证（15位）"
    PASSPORT = "passport", "护照"
    HK_MACAO_PERMIT = "hk_macao", "港澳居民来往内地通行证"
    TAIWAN_PERMIT = "taiwan", "台湾居民来往大陆通行证"
    FOREIGN_PERMANENT = "foreign_pr", "外国人永久居留身份证"


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_PROVINCES = frozenset(
    str(code)
    for codes in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 84))
    for code in range(*codes)
)
_LABEL = re.compile(
    r"^(?:居民|中华人民共和国)?(?:身份证件?|护照|通行证|回乡证|台胞证|永久居留证?|证件|ID)(?:号码?)?[:：]?",
    re.I,
)
_HINTS = (
    ("护照", IdNumberType.PASSPORT),
    ("PASSPORT", IdNumberType.PASSPORT),
    ("台", IdNumberType.TAIWAN_PERMIT),
    ("港澳", IdNumberType.HK_MACAO_PERMIT),
    ("回乡", IdNumberType.HK_MACAO_PERMIT),
    ("永久", IdNumberType.FOREIGN_PERMANENT),
    ("身份证", IdNumberType.RESIDENT_18),
)
_NOISE = re.compile(r"[\s'‘’\-—.·]")
_RESIDENT = re.compile(r"\d{17}[\dX]")
_RESIDENT_OLD = re.compile(r"\d{15}")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d{2}")


def parse_id_number(
    text: str, *, hint: str = "", today: datetime.date | None = None
) -> tuple[IdNumberType, str]:
    """The kind and the normalised number; ValueError with a Chinese reason when it is not valid.

    `hint` is the kind of document as the roster words it, for numbers that fit several kinds.
    """
    plain = unicodedata.normalize("NFKC", text[:100]).strip().upper()
    if _RESIDENT.fullmatch(plain):
        return _eighteen(plain, today)
    wanted = _hinted(hint.upper()) or _hinted(_label_of(plain))
    number = _NOISE.sub("", _LABEL.sub("", plain)).replace("×", "X")
    if _SCIENTIFIC.fullmatch(plain.strip(" '‘’")):
        raise ValueError("证件号码被表格软件转成了科学计数法，末几位已丢失，请按文本重填")
    if _RESIDENT.fullmatch(number):
        return _eighteen(number, today)
    if wanted in (None, IdNumberType.RESIDENT_18) and _RESIDENT_OLD.fullmatch(number):
        _birth_or_error("19" + number[6:12], today)
        _known_province(number)
        return IdNumberType.RESIDENT_15, number
    return _other(number, wanted)


def _label_of(plain: str) -> str:
    match = _LABEL.match(plain)
    return match[0] if match else ""


def _hinted(text: str) -> IdNumberType | None:
    return next((kind for word, kind in _HINTS if word in text), None)


def check_digit(body: str) -> str:
    """The check character of 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK[sum(map(mul, map(int, body), _WEIGHTS)) % 11]


def _eighteen(number: str, today: datetime.date | None) -> tuple[IdNumberType, str]:
    if number[0] != "9":
        _known_province(number)
    _birth_or_error(number[6:14], today)
    if check_digit(number[:17]) != number[17]:
        raise ValueError("身份证号的校验码不对，请核对各位数字")
    return (IdNumberType.FOREIGN_PERMANENT if number[0] == "9" else IdNumberType.RESIDENT_18), number


def _known_province(number: str) -> None:
    if number[:2] not in _PROVINCES:
        raise ValueError("身份证号开头的地区代码不存在")


def _birth_or_error(digits: str, today: datetime.date | None) -> datetime.date:
    try:
        born = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        raise ValueError("身份证号里的出生日期不存在") from None
    if born.year < 1900 or born > (today or today_in_beijing()):
        raise ValueError("身份证号里的出生日期不可能")
    return born


def _other(number: str, wanted: IdNumberType | None) -> tuple[IdNumberType, str]:
    if wanted in (None, IdNumberType.FOREIGN_PERMANENT) and re.fullmatch(r"[A-Z]{3}\d{12}", number):
        return IdNumberType.FOREIGN_PERMANENT, number
    if wanted in (None, IdNumberType.HK_MACAO_PERMIT) and re.fullmatch(r"[HM](?:\d{8}|\d{10})", number):
        return IdNumberType.HK_MACAO_PERMIT, number
    if wanted in (None, IdNumberType.TAIWAN_PERMIT) and re.fullmatch(
        r"\d{8}|\d{10}(?:\([A-Z]\)|[A-Z])?|T\d{8,9}", number
    ):
        return IdNumberType.TAIWAN_PERMIT, number
    if wanted in (None, IdNumberType.PASSPORT) and _looks_like_passport(number, certain=wanted is not None):
        return IdNumberType.PASSPORT, number
    if number.isdigit() and len(number) > 12:
        raise ValueError(f"身份证号应为18位，这里是{len(number)}位")
    raise ValueError("不是能识别的证件号码")


def _looks_like_passport(number: str, *, certain: bool) -> bool:
    if not re.fullmatch(r"[A-Z0-9]{6,12}", number) or sum(map(str.isdigit, number)) < 3:
        return False
    return certain or bool(re.search("[A-Z]", number)) or len(number) == 9


def identity_key(number: str) -> str:
    """The form in which two numbers are compared: 15-digit numbers in their 18-digit form."""
    if _RESIDENT_OLD.fullmatch(number):
        body = number[:6] + "19" + number[6:]
        return body + check_digit(body)
    return number


def birth_of(number: str) -> Birth | None:
    """The birth that a resident number (or an 18-digit residence card) carries, else None."""
    full = identity_key(number)
    if not _RESIDENT.fullmatch(full):
        return None
    return Birth(int(full[6:10]), int(full[10:12]), int(full[12:14]))


def gender_of(number: str) -> str | None:
    """男 or 女 as the number says, None where it does not."""
    full = identity_key(number)
    if not _RESIDENT.fullmatch(full):
        return None
    return "男" if int(full[16]) % 2 else "女"
