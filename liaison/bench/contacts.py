"""Who keeps in touch with the people of the bench, when and how: pairings, contacts, and the coverage that
follows from them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from accounts.models import User
from activities.enums import Hindrance
from experts.models import Expert
from liaison.bench.tables import without_triggers

if TYPE_CHECKING:
    from liaison.bench.load import Row, Say

NULL = "\\N"
MOST = 10  # contacts of one expert; half of that on average
USUAL = 400  # days: how long ago a contact was, on average
FARTHEST = 2_500
AHEAD = 60
BATCH = 5_000  # experts whose coverage is worked out at once
COLUMNS = (
    "expert_id", "label", "unit_order", "held", "unit_id", "place", "uuid", "kind", "state", "way", "on",
    "hindrance", "planned_by_id", "recorded_by_id", "recorded_at", "created_at",
    # the same for all
    "occasion", "venue", "accompanying", "heard", "condolence_item", "next_step", "note", "version",
)  # fmt: skip
SAME = "routine\t\t\t\t\t\t\t1\n"
KINDS = {"leader": "visit", "officer": "visit", "remote": "phone", "symposium": "symposium"}  # by way
# How many of a hundred.
WAYS = {"officer": 50, "remote": 20, "leader": 15, "symposium": 15}
STATES = {"done": 88, "missed": 4, "cancelled": 4, "planned": 4}

# Three officers and three leaders of every unit; one of the leaders has left.
PEOPLE = """
WITH made AS (
    INSERT INTO accounts_user (username, password, display_name, position, phone, email, unit_id, duty,
        clearance, is_active, is_demo, must_change_password, failed_sign_ins, date_joined)
    SELECT 'bench_' || unit.code || '_' || number, '!', CASE WHEN number < 4 THEN '联络员' ELSE '领导' END,
        '', '', '', unit.id, 'work', 1, true, false, false, 0, now()
    FROM accounts_unit unit, generate_series(1, 6) number RETURNING id, unit_id, display_name, username)
INSERT INTO accounts_roleassignment (user_id, role, unit_id, since, until)
SELECT id, CASE display_name WHEN '领导' THEN 'leader' ELSE 'liaison_officer' END, unit_id, date '2020-01-01',
    CASE WHEN username LIKE '%\\_6' THEN date '2024-01-01' END FROM made
"""
# An officer for everybody, a leader for three of four; of three hundred one had the leader who has left.
PAIRINGS = """
INSERT INTO activities_pairing (uuid, expert_id, unit_id, place, sort_key, kind, person_id, since,
    opened_by_id, "end", label, unit_order, held)
SELECT gen_random_uuid(), expert.id, expert.unit_id, expert.unit_order, expert.sort_key, kind,
    people.ids[CASE WHEN kind = 'officer' THEN 1 + expert.id % 3 WHEN expert.id % 300 = 1 THEN 3
        ELSE 1 + expert.id % 2 END], date '2020-01-01', people.ids[1], '', expert.label, expert.unit_order,
    expert.held
FROM experts_expert expert JOIN (
    SELECT account.unit_id, CASE role WHEN 'leader' THEN role ELSE 'officer' END AS kind,
        array_agg(account.id ORDER BY account.id) AS ids
    FROM accounts_user account JOIN accounts_roleassignment ON user_id = account.id
    WHERE starts_with(username, 'bench_') AND password = '!' GROUP BY 1, 2) people
ON people.unit_id = expert.unit_id WHERE kind = 'officer' OR expert.id % 4 > 0
"""
KEY_SINCE = """
INSERT INTO activities_keyperiod (expert_id, unit_id, label, unit_order, held, since)
SELECT id, unit_id, label, unit_order, held, date '2020-01-01' FROM experts_expert WHERE scope = 'key'
"""
WORKED_OUT = ("activities_keyperiod", "activities_coverage")


def add_people() -> dict[int, list[int]]:
    """Officers and leaders; returns the keys of each unit's officers."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE)
    found: dict[int, list[int]] = defaultdict(list)
    officers = User.objects.filter(username__regex="^bench_.*_[123]$").order_by("id")
    for unit_id, key in officers.values_list("unit_id", "id"):
        found[unit_id].append(key)
    return found


def add_pairings() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PAIRINGS)


class Contacts:
    """Draws the contacts of one expert after the other."""

    def __init__(self, rng: Random, officers: dict[int, list[int]]) -> None:
        self.rng, self.officers = rng, officers
        self.today, self.now = timezone.localdate(), timezone.now()

    def lines(self, row: "Row") -> Iterator[str]:
        number, label, order, held = row.lock
        head = f"{number}\t{label}\t{order}\t{held or NULL}\t{row.unit.pk}\t{order}"
        by = self.officers[row.unit.pk][number % 3]
        for _ in range(self.rng.randint(0, MOST)):
            yield f"{head}\t{self.rng.getrandbits(128):032x}\t{self._drawn(by)}\t{self.now}\t{SAME}"

    def _drawn(self, by: int) -> str:
        state, way = _pick(self.rng, STATES), _pick(self.rng, WAYS)
        hindrance = self.rng.choice(Hindrance.values) if state in ("missed", "cancelled") else ""
        counts, recorded = (way, f"{by}\t{self.now}") if state == "done" else ("", f"{NULL}\t{NULL}")
        return f"{KINDS[way]}\t{state}\t{counts}\t{self._day(state)}\t{hindrance}\t{by}\t{recorded}"

    def _day(self, state: str) -> date:
        if state == "planned":
            return self.today + timedelta(days=self.rng.randrange(AHEAD))
        return self.today - timedelta(days=min(int(self.rng.expovariate(1 / USUAL)), FARTHEST))


def _pick(rng: Random, weighted: dict[str, int]) -> str:
    return rng.choices(list(weighted), list(weighted.values()))[0]


def work_out_coverage(say: "Say") -> None:
    """What the triggers would have made of it, by the product's own functions, in the end and at once."""
    with without_triggers(WORKED_OUT), connection.cursor() as cursor:
        cursor.execute(KEY_SINCE)
        cursor.execute("ANALYZE")
        keys = list(Expert.objects.order_by("id").values_list("id", flat=True))
        for start in range(0, len(keys), BATCH):
            cursor.execute("SELECT activities_refresh(%s)", [keys[start : start + BATCH]])
            if start % (BATCH * 10) == 0:
                say(f"coverage of {start:,} experts")
    with connection.cursor() as cursor:
        cursor.execute("SELECT activities_fill_tallies()")
    say("tallies of coverage")
