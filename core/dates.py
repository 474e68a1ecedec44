"""Dates of birth as offices write them: to the month, sometimes to the day."""

import datetime
import re
import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_BEIJING = ZoneInfo("Asia/Shanghai")
_EARLIEST = 1900
_LONGEST = 40
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_TAIL = re.compile(r"(?:生|出生|生人|[（(].*[)）])$")
_SEPARATED = re.compile(
    r"(\d{4})\s*[-.。/年,、\s_\\]\s*(\d{1,2})(?:\s*[-.。/月,、\s_\\]\s*(\d{1,2}))?\s*[月日号.]*"
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_CHINESE_NUMBER = re.compile(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)")


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth to the month; the day where it is known."""

    year: int
    month: int
    day: int | None = None

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    def date(self) -> datetime.date:
        """The day, or the first of the month where no day is known."""
        return datetime.date(self.year, self.month, self.day or 1)


def today_in_beijing() -> datetime.date:
    return datetime.datetime.now(tz=_BEIJING).date()


def parse_month(value: object, *, today: datetime.date | None = None) -> Birth:
    """Read a birth in any form offices use; ValueError with a Chinese reason if there is none."""
    if isinstance(value, datetime.date):
        return _checked(value.year, value.month, value.day, str(value), today)
    text = _plain(value)
    if len(text) > _LONGEST:
        raise ValueError(_hint(text))
    if match := _SERIAL.fullmatch(text):
        day = _EXCEL_EPOCH + datetime.timedelta(days=int(match[1]))
        return _checked(day.year, day.month, day.day, text, today)
    match = _COMPACT.fullmatch(text) or _SEPARATED.fullmatch(text)
    if match is None:
        raise ValueError(_hint(text))
    return _checked(int(match[1]), int(match[2]), int(match[3]) if match[3] else None, text, today)


def _plain(value: object) -> str:
    text = unicodedata.normalize("NFKC", str(value)[: 2 * _LONGEST]).strip().strip("'‘’").strip()
    if re.fullmatch(r"\d+\.0+", text):
        text = text.split(".")[0]
    text = _TAIL.sub("", text).strip()
    if re.search("[〇○零一二三四五六七八九十]", text):
        text = _CHINESE_NUMBER.sub(_ten, text).translate(_CHINESE_DIGITS)
    return text


def _ten(match: re.Match[str]) -> str:
    tens = match[1].translate(_CHINESE_DIGITS) or "1"
    return tens + (match[2].translate(_CHINESE_DIGITS) or "0")


def _hint(text: str) -> str:
    if re.fullmatch(r"\d{4}年?", text):
        return f"“{text}”只有年份，请补上月份"
    if re.match(r"\d{2}[-./年]\d{1,2}", text):
        return f"“{text}”的年份须写四位"
    return f"“{text[:30]}”不是能识别的出生年月"


def _checked(year: int, month: int, day: int | None, text: str, today: datetime.date | None) -> Birth:
    now = today or today_in_beijing()
    if not 1 <= month <= 12:
        raise ValueError(f"“{text}”的月份不存在")
    if year < _EARLIEST:
        raise ValueError(f"“{text}”早于{_EARLIEST}年")
    try:
        moment = datetime.date(year, month, day or 1)
    except ValueError:
        raise ValueError(f"“{text}”的日期不存在") from None
    if moment > now:
        raise ValueError(f"“{text}”晚于今天")
    return Birth(year, month, day)
