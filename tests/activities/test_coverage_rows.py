"""What the database keeps of coverage is what plain Python makes of the raw rows, whatever was written."""

import random
from datetime import timedelta

import pytest
from django.db.models import Sum

from accounts.models import Unit
from activities.models import Coverage, CoverageTally
from experts.models import Expert
from tests.activities import oracle
from tests.activities.histories import CODES, FIRST, History
from tests.factories import make_expert, unit

pytestmark = pytest.mark.django_db


def counted(code, day, source):
    return {state: source(unit(code), state, day) for state in ("fresh", "covered", "gap", "unled")}


def by_tally(at, state, day):
    parts = CoverageTally.objects.filter(unit=at, scope="key", state=state).up_to(day)
    return sum(part.aggregate(n=Sum("change"))["n"] or 0 for part in parts)


def by_rows(at, state, day):
    rows = Coverage.objects.within(at).key().filter(label__lt=2, **{f"{state}__holds_day": day})
    assert rows.count() == rows.values("expert").distinct().count()
    return rows.count()


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_tallies_are_the_raw_rows_recomputed(seed):
    rng = random.Random(seed)
    experts = [make_expert(f"王{n}", rng.choice(CODES), awards=["CAE"][: n % 2]) for n in range(5)]
    history = History(rng, experts)
    for step in range(40):
        history.write()
        if step % 4 == 3:
            told = Expert.objects.filter(label__lt=2)
            for day in rng.sample(oracle.days(FIRST - timedelta(days=5), 420), 4):
                for code in CODES:
                    units = list(Unit.objects.within(unit(code)))
                    units = [each for each in units if each.code in CODES]
                    expected = oracle.coverage(told, units, day)
                    expected["unled"] = sum(oracle.unled(each, units, day) for each in told)
                    assert counted(code, day, by_rows) == expected, (step, code, day)
                    assert counted(code, day, by_tally) == expected, (step, code, day)
