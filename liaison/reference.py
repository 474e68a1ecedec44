"""Reference data that ships with the product: units, honours, disciplines, holidays. Safe to load again."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
from django.conf import settings
from django.db import transaction

from accounts.actions import create_unit
from accounts.models import Unit
from core.models import Holiday
from experts.actions.catalogue import new_version
from experts.enums import HonourCondition, Label
from experts.models import Discipline, Honour

FOLDER = settings.BASE_DIR / "data" / "reference"
HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}


def rows(name: str, folder: Path = FOLDER) -> Iterator[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as handle:
        yield from csv.DictReader(handle)


@transaction.atomic
def load_reference() -> dict[str, int]:
    """Add what is missing and leave alone what people have edited; returns how many rows were added."""
    return {
        "units": _load_units(),
        "disciplines": _load_disciplines(),
        "honours": _load_honours(),
        "holidays": _load_holidays(),
    }


def _load_units() -> int:
    known = {unit.code: unit for unit in Unit.objects.all()}
    added = 0
    for row in rows("units"):
        if row["code"] in known:
            continue
        known[row["code"]] = create_unit(
            by=None,
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            kind=row["kind"],
            parent=known[row["parent_code"]] if row["parent_code"] else None,
            area=row["area"],
        )
        added += 1
    return added


def _load_disciplines() -> int:
    known = set(Discipline.objects.values_list("code", flat=True))
    missing = [Discipline(**row) for row in rows("disciplines") if row["code"] not in known]
    Discipline.objects.bulk_create(missing)
    return len(missing)


def _load_honours() -> int:
    known = set(Honour.objects.values_list("code", flat=True))
    missing = [_honour(row) for row in rows("honours") if row["code"] not in known]
    Honour.objects.bulk_create(missing)
    if missing:
        new_version(by=None, summary="随系统提供的称号目录")
    return len(missing)


def _honour(row: dict[str, str]) -> Honour:
    return Honour(
        code=row["code"],
        name=row["name"],
        level=row["level"],
        scope=row["scope"],
        condition=HonourCondition(row["condition"]) if row["condition"] else "",
        default_label=Label.SENSITIVE if row["default_label"] == "sensitive" else Label.INTERNAL,
        clause=row["clause"],
        category_hint=row["category_hint"],
        aliases=[alias for alias in row["aliases"].split("|") if alias],
    )


def _load_holidays() -> int:
    """Seed the years that the library knows; the table is edited by people afterwards."""
    if Holiday.objects.exists():
        return 0
    first, last = date(2020, 1, 1), max(chinese_calendar.constants.holidays)
    last = date(last.year, 12, 31)
    found = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        works = chinese_calendar.is_workday(day)
        if works != (day.weekday() < 5):
            english = chinese_calendar.get_holiday_detail(day)[1]
            found.append(Holiday(day=day, name=HOLIDAY_NAMES.get(english or "", "节假日"), is_workday=works))
    Holiday.objects.bulk_create(found)
    return len(found)
