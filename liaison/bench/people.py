"""Fictional people by the hundred thousand: names, workplaces and honours, drawn from a seeded generator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from experts.enums import AwardState, Gender
from experts.models import Award, Honour
from experts.scope import Decision, decide
from liaison.demo import people
from liaison.demo.trades import NONE, TRADES, Trade

COMMON_NAME = "王砚"  # two characters, and among the most frequent
COMMON_INITIALS = "wy"


@dataclass(frozen=True)
class Person:
    """What one line of the register tells; `profile` is shared by all who hold the same honours."""

    number: str
    uuid: str
    name: str
    gender: Gender
    birth: date
    employer: str
    profile: "Profile"
    confirmed_on: date


@dataclass(frozen=True)
class Profile:
    """Honours that people hold together, and the scope that follows from them (三（二）)."""

    trade: Trade
    awards: tuple[tuple[int, int], ...]  # honour id, year
    decision: Decision


class Draw:
    """A stream of people; the same for the same seed and day."""

    def __init__(self, seed: int, today: date) -> None:
        self.rng = Random(seed)  # noqa: S311
        self.today = today
        self.numbers: set[str] = set()
        self.surnames = Ranked(list(people.SURNAMES))
        self.given = {gender: Ranked(_given_names(gender)) for gender in people.SECOND}
        self.employers = [place + kind for place in _places(self.rng) for kind in KINDS]
        self.profiles = list(_profiles(self.rng, today))

    def people(self, count: int) -> Iterator[Person]:
        rng = self.rng
        oldest = self.today - timedelta(days=72 * 365)
        for _ in range(count):
            gender = Gender.MALE if rng.random() < 0.6 else Gender.FEMALE
            yield Person(
                number=self._number(),
                uuid=f"{rng.getrandbits(128):032x}",
                name=self.surnames.pick(rng) + self.given[gender].pick(rng),
                gender=gender,
                birth=oldest + timedelta(days=rng.randrange(38 * 365)),
                employer=rng.choice(self.employers),
                profile=rng.choice(self.profiles),
                confirmed_on=self.today - timedelta(days=rng.randrange(1000)),
            )

    def _number(self) -> str:
        while (number := people.record_number(self.rng)) in self.numbers:
            pass
        self.numbers.add(number)
        return number


class Ranked:
    """Choices whose weight falls with their rank, as names do: thousands bear some, few bear most."""

    def __init__(self, choices: list[str]) -> None:
        self.choices = choices
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(choices))))

    def pick(self, rng: Random) -> str:
        return rng.choices(self.choices, cum_weights=self.weights)[0]


def _given_names(gender: Gender) -> list[str]:
    """Of one character, then of two."""
    second = people.SECOND[gender]
    return [*second, *(first + last for first in people.FIRST for last in second)]


KINDS = (
    "大学",
    "理工大学",
    "研究院",
    "研究所",
    "医院",
    "中医医院",
    "集团",
    "科技公司",
    "中学",
    "实验小学",
    "艺术院",
    "出版社",
    "图书馆",
    "律师事务所",
    "农科院",
    "设计院",
    "博物馆",
    "检测中心",
    "制造公司",
    "能源公司",
)


def _places(rng: Random) -> list[str]:
    """Made-up place names of two characters."""
    first, second = "云松柏岚澄晴霁溪泽岭陵原川湖洲湾浦桥亭苑", "阳宁安平和清远兴隆泰昌华光明德信义嘉祥瑞"
    pairs = [a + b for a in first for b in second]
    return rng.sample(pairs, 150)


def _profiles(rng: Random, today: date) -> Iterator[Profile]:
    """A few hundred sets of honours over all walks of life, in the proportions of the demo."""
    honours = {honour.code: honour for honour in Honour.objects.all()}
    for trade in TRADES.values():
        codes, weights = list(trade.honours), list(trade.honours.values())
        for _ in range(60):
            drawn = {code for code in rng.choices(codes, weights, k=2) if code != NONE}
            facts: list[dict[str, Any]] = [
                {"honour": honours[code], "year": rng.randint(1995, today.year - 1)} for code in sorted(drawn)
            ]
            awards = [Award(state=AwardState.RECORDED, **fact) for fact in facts]
            yield Profile(
                trade,
                tuple((fact["honour"].pk, fact["year"]) for fact in facts),
                decide(awards, works_in_beijing=True, day=today),
            )
