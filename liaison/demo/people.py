"""Fictional names and numbers, drawn from a seeded generator."""

from datetime import date
from random import Random

from core.id_numbers import check_digit
from experts.enums import Gender

# Surnames whose reading as a surname differs from the character's usual one; each occurs in the demo.
POLYPHONES = "单解仇曾区朴查盖翟覃"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "慕容", "尉迟")
# Characters rarely met in the names of people of note, so that no demo expert bears one of theirs.
FIRST = "予以若知亦景清望既令书言思修怀嘉承允维启墨云星闻初未伯仲疏行"
SECOND = {
    Gender.MALE: "砚屿澈翊珩衡舟朔岑川恺祺楷骁楠铮岳峙昱烨",
    Gender.FEMALE: "棠筠禾宁岚瑶苓薇芷蓁漪琬绮瑾黛菀珞汀蕴婵",
}
UNASSIGNED_AREA = "110199"
RECORD_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def full_name(rng: Random, gender: Gender, surname: str = "") -> str:
    """A surname and one or two characters."""
    surname = surname or (rng.choice(_COMPOUND) if rng.random() < 0.02 else rng.choice(SURNAMES))
    second = rng.choice(SECOND[gender])
    return surname + (second if rng.random() < 0.15 else rng.choice(FIRST) + second)


def born(rng: Random, today: date, ages: tuple[int, int]) -> date:
    """A day that makes someone of these ages today."""
    return date(today.year - rng.randint(*ages) - 1, rng.randint(1, 12), rng.randint(1, 28))


def resident_number(rng: Random, birth: date, gender: Gender) -> str:
    """Eighteen digits with a right check character over an area that does not exist."""
    odd = 1 if gender == Gender.MALE else 0
    body = f"{UNASSIGNED_AREA}{birth:%Y%m%d}{rng.randint(0, 99):02}{rng.randint(0, 4) * 2 + odd}"
    return body + check_digit(body)


def old_resident_number(number: str) -> str:
    """The same in the fifteen digits of before 1999."""
    return number[:6] + number[8:17]


def mobile_phone(rng: Random) -> str:
    """No network has the prefix 100."""
    return f"1000000{rng.randint(0, 9999):04}"


def office_phone(rng: Random) -> str:
    """No telephone number of Beijing begins with 0."""
    return f"010-0000{rng.randint(0, 9999):04}"


def record_number(rng: Random) -> str:
    return "ZJ-" + "".join(rng.choices(RECORD_ALPHABET, k=8))
