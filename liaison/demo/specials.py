"""What the demo must show at least once: rare honours, foreign experts, namesakes, other readings, …"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from core.chinese import syllables
from experts.enums import AwardState, Gender, HonourLevel
from experts.models.catalogue import MUNICIPAL_AWARD
from liaison.demo import people
from liaison.demo.drafts import Draft, award

EVERY_HONOUR = (
    "NATIONAL_OUTSTANDING",
    "THOUSAND_TALENTS",
    "TEN_THOUSAND_TALENTS",
    "STATE_ALLOWANCE",
    "CAPITAL_OUTSTANDING",
    "BJ_STM",
    "BJ_RURAL",
    "BJ_SKILL",
    "BJ_YOUTH",
    "HAIJU",
    "GAOCHUANG",
)
MUNICIPAL_TEXTS = (
    ("示范市科学技术进步奖一等奖", "示范市人民政府", HonourLevel.MUNICIPAL),
    ("示范杯职业技能大赛金奖", "示范市总工会", HonourLevel.MUNICIPAL),
    ("示范文学奖", "示范市文学艺术界联合会", HonourLevel.MUNICIPAL),
    ("全国示范医师奖", "示范医学会", HonourLevel.NATIONAL),
)
FOREIGNERS = (
    ("艾玛·桑普尔", "Emma Sample", "美国", Gender.FEMALE, "ZZ0000101"),
    ("约恩·贝斯皮尔", "Joern Beispiel", "德国", Gender.MALE, "ZZ0000102"),
    ("保罗·埃森皮奥", "Paolo Esempio", "意大利", Gender.MALE, "ZZ0000103"),
    ("让·埃格赞普尔", "Jean Exemple", "法国", Gender.MALE, "ZZ0000104"),
    ("例田一郎", "Ichiro Reida", "日本", Gender.MALE, "ZZ0000105"),
    ("安娜·普里梅罗娃", "Anna Primerova", "俄罗斯", Gender.FEMALE, "ZZ0000106"),
)
PERMITS = ("H00000001", "M00000002", "T00000003")
FORMER = "陳張劉葉蘇趙馬鄭"


def add_specials(rng: Random, drafts: list[Draft], today: date) -> None:
    """Change and complete the drawn experts in place; nobody is special twice."""
    plain = [draft for draft in drafts if draft.unit != "DEMO"]
    rng.shuffle(plain)
    _name_polyphones(rng, _take(plain, "D04"))
    _academicians(rng, plain, today)
    for code, draft in zip(EVERY_HONOUR, _take(plain, "D0"), strict=False):
        draft.awards = [award(rng, draft.facts, code, today)]
    _unlisted_awards(rng, _take(plain, ""), today)
    _foreigners(_take(plain, ""))
    _former_names(rng, _take(plain, ""))
    _namesakes(_take(plain, ""))
    _duplicates(_take(plain, "D04"))
    _shared(plain)


def _take(plain: list[Draft], unit: str) -> Iterator[Draft]:
    """Experts of units whose code begins so, each given out once."""
    while match := next((draft for draft in plain if draft.unit.startswith(unit)), None):
        plain.remove(match)
        yield match


def _rename(draft: Draft, name: str) -> None:
    draft.facts |= {"name": name, "email": f"{''.join(syllables(name))}@demo.example"}


def _name_polyphones(rng: Random, drafts: Iterator[Draft]) -> None:
    for surname, draft in zip(people.POLYPHONES * 2, drafts, strict=False):
        _rename(draft, people.full_name(rng, draft.facts["gender"], surname))


def _academicians(rng: Random, plain: list[Draft], today: date) -> None:
    """Four in Beijing, key; three who work elsewhere, general until that changes."""
    scientists = [
        draft for draft in plain if draft.trade == "science" and draft.unit in {"BJ", "D04", "U03"}
    ][:7]
    for number, draft in enumerate(scientists):
        plain.remove(draft)
        draft.facts["birth"] = date(1938 + number * 3, rng.randint(1, 12), rng.randint(1, 28))
        draft.facts["works_in_beijing"] = number < 4
        draft.facts["works_in_beijing_confirmed_on"] = today - timedelta(days=30 + number * 11)
        draft.awards = [award(rng, draft.facts, "CAE" if number % 2 else "CAS", today)]


def _unlisted_awards(rng: Random, drafts: Iterator[Draft], today: date) -> None:
    """Awards known only by their text: twelve wait, five hold, one does not."""
    states = [AwardState.PENDING] * 12 + [AwardState.VERIFIED] * 5 + [AwardState.REJECTED]
    for number, (state, draft) in enumerate(zip(states, drafts, strict=False)):
        text, issuer, level = MUNICIPAL_TEXTS[number % len(MUNICIPAL_TEXTS)]
        entry = award(
            rng, draft.facts, MUNICIPAL_AWARD, today, text=text, issuer=issuer, level=level, state=state
        )
        draft.awards = [entry]


def _foreigners(drafts: Iterator[Draft]) -> None:
    for (name, latin, nationality, gender, passport), draft in zip(FOREIGNERS, drafts, strict=False):
        _rename(draft, name)
        draft.facts |= {"former_names": [latin], "nationality": nationality, "gender": gender}
        draft.facts["political_affiliation"] = ""
        draft.document = passport
    for permit, draft in zip(PERMITS, drafts, strict=False):
        draft.facts["political_affiliation"] = ""
        draft.document = permit


def _former_names(rng: Random, drafts: Iterator[Draft]) -> None:
    for number, draft in zip(range(20), drafts, strict=False):
        former = people.full_name(rng, draft.facts["gender"], FORMER[number % len(FORMER)])
        draft.facts["former_names"] = [former]


def _namesakes(drafts: Iterator[Draft]) -> None:
    """Two pairs that share a name and nothing else."""
    for _, first, second in zip(range(2), drafts, drafts, strict=False):
        _rename(second, first.facts["name"])


def _duplicates(drafts: Iterator[Draft]) -> None:
    """One person entered twice, the second time without an ID number."""
    first, second = next(drafts), next(drafts)
    _rename(second, first.facts["name"])
    second.facts |= {name: first.facts[name] for name in ("birth", "gender", "employer")}
    second.unnumbered = True


def _shared(plain: list[Draft]) -> None:
    """Experts whom a second unit lists too: the city's and other districts' experts in Haidian and so on."""
    wishes = (
        ("BJ", "D04", 5),
        ("D03", "D04", 6),
        ("U03", "D03", 6),
        ("M18", "D04", 5),
        ("D04", "BJ", 8),
        ("U01", "D05", 4),
    )
    for manager, holder, count in wishes:
        for _, draft in zip(range(count), _take(plain, manager), strict=False):
            draft.held_by = [holder]


def sensitive_by_honour(draft: Draft, labels: dict[str, int]) -> Draft:
    """Some programmes make a record sensitive (experts.actions.awards does the same when one is entered)."""
    label = max([draft.facts["label"], *(labels[each["code"]] for each in draft.awards)])
    return replace(draft, facts=draft.facts | {"label": label})
