"""What the dashboard says of a unit with its subtree: numbers of a period beside those of the one before,
charts, and the units that need attention. Everything comes from rollups as the reader may know them; each
number leads to the list behind it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import Unit, User
from activities import coverage
from activities.coverage import Numbers, Share
from activities.coverage_page import percent
from activities.models import Coverage
from activities.months import add_months
from core.moments import due_text
from experts.forms.roster import FIRST_DAY
from experts.models import Movement
from experts.movements import movements_url
from reports.dashboard.periods import ONE_DAY, Period

LOW = 90  # percent of coverage below which a unit is painted red
ATTENTION_SHOWN = 3  # units of one matter; the page is printed on one sheet
CHART_SHOWN = 10
# Since when, by name of the list.
WAITING: dict[str, Callable[[date, date], str]] = {
    "late": lambda since, today: due_text(since, today=today),
    "unled": lambda since, today: f"已空缺 {(today - since).days} 天",
}

Links = Mapping[str, str]  # addresses of lists by name; one that is missing is no link


@dataclass(frozen=True)
class Piece:
    """Words below a number; with a URL they lead to the list behind the number that is in them."""

    text: str
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Tile:
    """A number, what it is made of, and the list behind it."""

    label: str
    value: str | int
    pieces: tuple[Piece, ...]
    url: str = ""
    unit: str = ""
    tone: str = ""

    @property
    def hint(self) -> str:
        """All words below the number."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Line:
    """A unit that needs attention, and what for."""

    unit: Unit
    matter: str
    number: int
    earliest: str
    url: str


def difference(now: float, then: float, noun: str) -> str:
    """较去年 comes before it: +3 人, −12 人, or 持平."""
    change = now - then
    if not change:
        return "持平"
    amount = f"{abs(change):.1f}".removesuffix(".0")
    return f"{'+' if change > 0 else '−'}{amount} {noun}"


def coverage_url(unit: Unit, day: date, **params: str) -> str:
    return f"{reverse('coverage:unit', args=[unit.code])}?{urlencode({'day': day.isoformat()} | params)}"


def _points(share: Share) -> float:
    """Percent, rounded down as `percent` writes it."""
    return share.covered * 1000 // max(share.expected, 1) / 10


def coverage_links(unit: Unit, day: date) -> Links:
    """The lists behind the numbers of coverage of a unit; none of days before the opinion."""
    if day < FIRST_DAY:
        return {}
    asked = {
        "expected": {"state": "expected"},
        "covered": {"state": "covered"},
        "gap": {},
        "late": {"listed": "on"},
        "general": {"scope": "general"},
        "unled": {"state": "unled"},
    }
    return {name: coverage_url(unit, day, **params) for name, params in asked.items()}


def coverage_tile(now: Share, then: Share, links: Links, before: Links, compared: str) -> Tile:
    """The share of key experts kept in touch with on the last day."""
    pieces = [Piece(f"{now.covered}", links["covered"]), Piece(" / ")]
    pieces += [Piece(f"{now.expected} 人", links["expected"])]
    if now.gap:
        pieces += [Piece("，"), Piece(f"还差 {now.gap} 人", links["gap"], "bad")]
    if now.rate is not None and then.rate is not None:
        change = difference(_points(now), _points(then), "个百分点")
        pieces += [Piece("；"), Piece(f"{compared} {change}", before.get("gap", ""))]
    return Tile("重点联系专家覆盖率", percent(now), tuple(pieces), links["gap"])


def overdue_tile(now: Numbers, then: Numbers, links: Links, before: Links, compared: str) -> Tile:
    """Key experts on a roster whose contact was due and is not done; how many general ones beside."""
    late = now.key.overdue
    pieces = (
        Piece("名单上的重点专家；"),
        Piece(f"普遍联系 {now.general.gap} 人", links["general"]),
        Piece("；"),
        Piece(f"{compared} {difference(late, then.key.overdue, '人')}", before.get("late", "")),
    )
    return Tile("逾期未联系", late, pieces, links["late"], "人", "bad" if late else "")


def movement_tile(now: Counter[str], then: Counter[str], unit: Unit, period: Period) -> Tile:
    """Who came onto the rosters in the period, who left, and whose scope changed."""
    links = {kind: movements_url(unit, kind, period.days) for kind in Movement}
    before = period.before()
    earlier = movements_url(unit, Movement.ENTERED, before.days) if before.first >= FIRST_DAY else ""
    came = now[Movement.ENTERED]
    pieces = (
        Piece(f"退出 {now[Movement.LEFT]}", links[Movement.LEFT]),
        Piece("，"),
        Piece(f"调整范围 {now[Movement.RESCOPED]}", links[Movement.RESCOPED]),
        Piece("；"),
        Piece(f"列入{period.compared} {difference(came, then[Movement.ENTERED], '人次')}", earlier),
    )
    return Tile("新列入名单", came, pieces, links[Movement.ENTERED], "人次")


def shares(below: list[tuple[Unit, Numbers]], unit: Unit, day: date) -> dict[str, Any]:
    """The chart of the coverage of the units below: the lowest last, low ones red."""
    counted = [(each, found.key) for each, found in below if found.key.expected]
    ranked = sorted(counted, key=lambda pair: (-(pair[1].rate or 0), pair[0].order))
    shown = ranked if len(ranked) <= CHART_SHOWN else ranked[-CHART_SHOWN:]
    data = {
        "kind": "bars",
        "low": LOW,
        "labels": [each.short_name for each, _ in shown],
        "values": [_points(share) for _, share in shown],
        "details": [f"{percent(share)}，{share.covered} / {share.expected} 人" for _, share in shown],
        "urls": [coverage_url(each, day) for each, _ in shown],
    }
    return {
        "data": data,
        "title": "各单位重点联系覆盖率" if shown == ranked else f"覆盖率最低的 {CHART_SHOWN} 个单位",
        "summary": _shares_in_words(ranked),
        "more": f"看全部 {len(below)} 个单位",
        "url": coverage_url(unit, day),
        "all": [
            (each.short_name, percent(share), f"{share.covered} / {share.expected} 人")
            for each, share in ranked
        ],
    }


def _shares_in_words(ranked: list[tuple[Unit, Share]]) -> str:
    if not ranked:
        return "没有可比的单位。"
    (best, high), (worst, low) = ranked[0], ranked[-1]
    below = sum((share.rate or 0) * 100 < LOW for _, share in ranked)
    return (
        f"{len(ranked)} 个单位的重点联系覆盖率，最高 {best.short_name} {percent(high)}，"
        f"最低 {worst.short_name} {percent(low)}，低于 {LOW}% 的 {below} 个。"
    )


def months(user: User, unit: Unit, period: Period) -> dict[str, Any]:
    """Contacts by month, of all ways."""
    found = coverage.contacts_by_month(user, unit, period.first, period.last)
    totals = [sum(ways.values()) for _, ways in found]
    same_year = period.first.year == period.last.year
    labels = [f"{month.month}月" if same_year else f"{month:%Y-%m}" for month, _ in found]
    urls = [_contacts_of(unit, month, period) for month, _ in found]
    data = {"kind": "line", "unit": "人次", "labels": labels, "values": totals, "urls": urls}
    return {
        "data": data,
        "summary": f"{period.words}共联系 {sum(totals)} 人次，按月列出。",
        "url": _contacts_url(unit, period.first, period.last),
    }


def _contacts_of(unit: Unit, month: date, period: Period) -> str:
    last = min(add_months(month, 1) - ONE_DAY, period.last)
    return _contacts_url(unit, max(month, period.first), last)


def _contacts_url(unit: Unit, first: date, last: date) -> str:
    """The contacts that were made on these days and are counted: a visit of nobody who counts is none."""
    asked = {
        "state": "done",
        "way": "any",
        "unit": unit.code,
        "since": first.isoformat(),
        "until": last.isoformat(),
    }
    return f"{reverse('contacts:list')}?{urlencode(asked)}"


def attention(user: User, below: list[tuple[Unit, Numbers]], day: date) -> list[Line]:
    """The units with most to mend: experts not kept in touch with, without a leader, on no roster."""
    late = _most((each, found.key.overdue) for each, found in below)
    unled = _most((each, found.key.unled) for each, found in below)
    lacking = _most((each, found.key.unlisted_gap) for each, found in below)
    since = earliest(user, {each for each, _ in late + unled}, day)
    return [
        *(
            Line(each, matter, number, since.get((each.pk, name), "—"), coverage_links(each, day)[name])
            for name, matter, counted in (
                ("late", "重点联系专家逾期未联系", late),
                ("unled", "重点联系专家未指定联系领导", unled),
            )
            for each, number in counted
        ),
        *(
            Line(each, "符合条件未列入名单", number, "—", coverage_url(each, day, cause="not_on_roster"))
            for each, number in lacking
        ),
    ]


def _most(counted: Iterable[tuple[Unit, int]]) -> list[tuple[Unit, int]]:
    ranked = sorted((pair for pair in counted if pair[1]), key=lambda pair: (-pair[1], pair[0].order))
    return ranked[:ATTENTION_SHOWN]


def earliest(user: User, units: set[Unit], day: date) -> dict[tuple[int, str], str]:
    """By unit and name of the list, how long its longest-waiting key expert is overdue, or without a leader.
    Both are known of today alone. One statement, one step along an index of dates for each unit of the
    subtrees."""
    if not units or day != timezone.localdate():
        return {}
    rows = Coverage.objects.visible_to(user).key().filter(place=OuterRef("order"))
    first = {
        (name, alone): Subquery(rows.filter(is_alone=alone).order_by(on).values(on)[:1])
        for name, on, rows in (
            ("late", "due_on", rows.filter(due_on__lt=day)),
            ("unled", "unled_since", rows.filter(unled_since__lte=day)),
        )
        for alone in (False, True)
    }
    subtrees = reduce(or_, (Q(order__range=(each.order, each.order_end)) for each in units))
    found: dict[tuple[int, str], list[date]] = defaultdict(list)
    for order, *days in Unit.objects.filter(subtrees).values_list("order", *first.values()):
        unit = next(each for each in units if each.contains(order))
        for (name, alone), on in zip(first, days, strict=True):
            if on and (unit.order == order or not alone):
                found[unit.pk, name].append(on)
    return {(key, name): WAITING[name](min(days), day) for (key, name), days in found.items()}
