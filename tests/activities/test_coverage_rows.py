"""What the database keeps of coverage is what plain Python makes of the raw rows, whatever was written."""

import random
from datetime import date, timedelta

import pytest
from django.db.models import Sum

from accounts.actions import move_unit
from accounts.models import Unit, UnitSetting
from activities.actions.coverage import settle
from activities.models import Contact, Coverage, CoverageTally, KeyPeriod
from experts.models import Expert, RosterEntry
from tests.activities import oracle
from tests.factories import enter, make_contact, make_expert, make_user, unit

FIRST = date(2025, 11, 28)  # month ends, a leap day's neighbours, a year's turn
CODES = ("BJ", "D04", "D04-01", "D03")
pytestmark = pytest.mark.django_db


def counted(code, day, source):
    return {state: source(unit(code), state, day) for state in ("fresh", "covered", "gap")}


def by_tally(at, state, day):
    rows = CoverageTally.objects.filter(unit=at, scope="key", state=state).up_to(day)
    return rows.aggregate(n=Sum("change"))["n"] or 0


def by_rows(at, state, day):
    rows = Coverage.objects.within(at).key().filter(**{f"{state}__holds_day": day})
    assert rows.count() == rows.values("expert").distinct().count()
    return rows.count()


def write(rng, experts, by):
    """One random write of the kinds that move coverage."""
    expert = rng.choice(experts)
    day = FIRST + timedelta(days=rng.randrange(0, 400))
    act = rng.choice(
        [
            "enter",
            "enter",
            "leave",
            "meet",
            "meet",
            "meet",
            "unmeet",
            "period",
            "rule",
            "setting",
            "label",
            "move",
            "die",
            "settle",
        ]
    )
    entries = list(RosterEntry.objects.filter(expert=expert))
    if act == "enter":
        code, scope = rng.choice(CODES), rng.choice(["key", "key", "general"])
        until = day + timedelta(days=rng.randrange(1, 200)) if rng.random() < 0.5 else None
        if not any(
            e.unit.code == code and (until is None or e.since < until) and (e.until is None or e.until > day)
            for e in entries
        ):
            enter(expert, code, scope, day, until)
    elif act == "leave" and entries:
        entry = rng.choice(entries)
        if entry.until is None:
            until = entry.since + timedelta(days=rng.randrange(1, 300))
            RosterEntry.objects.filter(pk=entry.pk).update(until=until, closed_by=entry.opened_by_id)
    elif act == "meet":
        make_contact(
            by, expert, day, rng.choice(CODES), way=rng.choice(["leader", "officer", "remote", "symposium"])
        )
    elif act == "unmeet":
        found = Contact.objects.filter(expert=expert).first()
        if found:
            Contact.objects.filter(pk=found.pk).update(
                **rng.choice(
                    [{"on": day}, {"state": "cancelled", "way": "", "hindrance": "ours"}, {"way": "leader"}]
                )
            )
    elif act == "period":
        KeyPeriod.objects.filter(expert=expert).update(
            since=day, until=day + timedelta(days=rng.randrange(1, 250))
        )
    elif act == "rule":
        Expert.objects.filter(pk=expert.pk).update(scope=rng.choice(["key", "general"]))
    elif act == "setting":
        key, value = rng.choice(
            [
                ("key_contact_months", rng.randrange(1, 7)),
                ("remote_contact_counts", 1),
                ("officer_contact_counts", 0),
            ]
        )
        UnitSetting.objects.update_or_create(unit=unit(rng.choice(CODES)), key=key, defaults={"value": value})
    elif act == "move":
        parent = rng.choice(["D04", "D03"])
        if unit("D04-01").parent.code != parent:
            move_unit(unit("D04-01"), unit(parent))
    elif act == "die":
        Expert.objects.filter(pk=expert.pk).update(died_on=rng.choice([day, None]))
    elif act == "settle":
        settle()
    elif act == "label":
        Expert.objects.filter(pk=expert.pk).update(label=rng.choice([0, 1]))


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_tallies_are_the_raw_rows_recomputed(seed):
    rng = random.Random(seed)
    by = make_user()
    experts = [make_expert(f"王{n}", rng.choice(CODES), awards=["CAE"][: n % 2]) for n in range(5)]
    for step in range(40):
        write(rng, experts, by)
        if step % 4 == 3:
            for day in rng.sample(oracle.days(FIRST - timedelta(days=5), 420), 4):
                for code in CODES:
                    units = list(Unit.objects.within(unit(code)))
                    expected = oracle.coverage(experts, [u for u in units if u.code in CODES], day)
                    assert counted(code, day, by_rows) == expected, (step, code, day)
                    assert counted(code, day, by_tally) == expected, (step, code, day)
