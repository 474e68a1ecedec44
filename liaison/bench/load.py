"""Filling an empty database with units, users and experts by COPY: a million in a few minutes.

As owner, in one transaction. Indexes, triggers and constraints that work row by row are put aside and made
again at the end, which checks every row.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.actions import create_unit
from accounts.enums import Clearance, Duty, UnitKind
from accounts.models import RoleAssignment, Unit, User
from accounts.roles import Role
from activities.models import Contact, Pairing
from audit.actions import record
from audit.verbs import Verb
from core.bulk import Lines, copy_text, copy_to_temporary, lines_of, take_ids
from core.chinese import employer_tokens, search_tokens
from experts.actions.scoping import current_rule
from experts.enums import Label, SensitiveField
from experts.models import (
    Award,
    Expert,
    Holder,
    NeedToKnow,
    Proposal,
    ProposalKind,
    ProposalState,
    RosterEntry,
    SearchToken,
    SensitiveValue,
)
from experts.models.expert import key_of
from experts.sensitive import SensitiveInput, seal
from liaison.bench.contacts import COLUMNS, Contacts, add_pairings, add_people, work_out_coverage
from liaison.bench.people import Draw, Person, Profile
from liaison.bench.tables import put_aside

BATCH = 50_000
SUBORDINATES = 400
# Who looks at the pages: username, unit, and the part of all experts that the unit's subtree holds.
READERS = {"bench_all": ("BJ", 1.0), "bench_tenth": ("D04", 0.1), "bench_hundredth": ("D03", 0.01)}
SHARED, RESTRICTED, SENSITIVE, WITH_PHONE = 0.2, 0.01, 0.05, 0.05  # parts of all experts
FIRST_DAY = date(2014, 5, 6)
LISTED = 100  # restricted records that a reader may see
EXPERT = (
    "id", "uuid", "record_number", "name", "gender", "birth", "employer", "unit_id", "unit_order", "label",
    "sort_key", "confirmed_on", "held",
    # the same for all with one profile
    "birth_day_known", "former_names", "nationality", "political_affiliation", "post", "title",
    "discipline_id", "education", "fields_of_work", "email", "office_phone", "address",
    "works_in_beijing", "is_frontline", "photo", "id_type", "category", "scope", "scope_basis", "scope_rule",
    "scope_decided_at", "version", "created_at", "updated_at",
)  # fmt: skip
LOCK = ("expert_id", "label", "unit_order", "held")
HOLDER = ("expert_id", "label", "sort_key", "unit_id", "unit_order")
AWARD = (*LOCK, "honour_id", "year", "uuid", "text", "issuer", "level", "document", "state")
ENTRY = (
    *LOCK, "unit_id", "place", "sort_key", "uuid", "scope", "category", "basis", "since", "until",
    "opened_by_id", "closed_by_id",
)  # fmt: skip
SECRET = (*LOCK, "field", "ciphertext", "key_id")
NULL = "\\N"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """A person with what the database adds."""

    id: int
    person: Person
    unit: Unit
    other: Unit | None
    label: int

    @property
    def held(self) -> str | None:
        return f"{{[{self.other.order},{self.other.order}]}}" if self.other else None

    @property
    def lock(self) -> tuple[int, int, int, str | None]:
        return self.id, self.label, self.unit.order, self.held

    @property
    def sort_key(self) -> str:
        return key_of(self.person.name, self.person.number)


@transaction.atomic
def load(*, count: int, seed: int, entries: bool = True, contacts: bool = True, say: Say = print) -> None:
    """Add `count` experts, the units that hold them and the users who look at them; with `entries` three on
    rosters for each, whose exclusion constraint takes longer than all the rest; with `contacts` pairings,
    five contacts each, and their coverage."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'; SET LOCAL work_mem = '256MB'")
    rng = Random(seed)  # noqa: S311
    places = Places(rng)
    readers = _add_readers()
    say(f"{SUBORDINATES} units and {len(readers)} users")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    models = (Expert, Award, Holder, SensitiveValue, SearchToken, RosterEntry, Contact, Pairing)
    proposals = _proposals(readers) if entries else {}
    drawn = Contacts(Random(seed), add_people()) if contacts else None  # noqa: S311
    with put_aside([model._meta.db_table for model in models]):
        _Loader(rng, places, Draw(seed, timezone.localdate()), proposals, drawn, say).run(count)
        _add_tokens()
        say("search tokens")
        if contacts:
            add_pairings()
    say("indexes and constraints")
    _tally()
    if contacts:
        work_out_coverage(say)
    _restrict(readers)
    record(Verb.IMPORT, by=None, kind="bench", counts={"experts": count, "seed": seed})


class Places:
    """Which unit holds an expert: the readers' own subtrees get their part, all others the rest."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        below = list(Unit.objects.filter(parent__code="BJ").order_by("code"))
        for number in range(SUBORDINATES):
            _add_unit(number, rng.choice(below))
        subtrees = {code: list(Unit.objects.within(Unit.objects.get(code=code))) for code, _ in _parts()}
        taken = {unit.pk for units in subtrees.values() for unit in units}
        rest = [unit for unit in Unit.objects.exclude(code="BJ") if unit.pk not in taken]
        self.subtrees = [*subtrees.values(), rest]
        self.weights = [part for _, part in _parts()]
        self.weights.append(1 - sum(self.weights))

    def draw(self) -> Unit:
        return self.rng.choice(self.rng.choices(self.subtrees, self.weights)[0])


def _parts() -> list[tuple[str, float]]:
    return [(code, part) for code, part in READERS.values() if part < 1]


def _add_unit(number: int, parent: Unit) -> None:
    create_unit(
        by=None,
        code=f"BENCH{number:03}",
        name=f"中共测试单位{number:03}委员会",
        short_name=f"测试单位{number:03}",
        kind=UnitKind.SUBORDINATE,
        parent=parent,
    )


def _proposals(readers: list[User]) -> dict[int, int]:
    """One approved admission for each unit, by unit."""
    submitter, approver = readers[:2]
    acts = {"submitted_by": submitter, "reviewed_by": approver, "approved_by": approver}
    made = Proposal.objects.bulk_create(
        Proposal(
            number=f"TA-{FIRST_DAY:%Y%m%d}-{count:06}",  # drawn at random, two of so many may be the same
            unit=unit,
            place=unit.order,
            kind=ProposalKind.ADMIT,
            state=ProposalState.APPROVED,
            effective_on=FIRST_DAY,
            drafted_by=submitter,
            approved_at=timezone.now(),
            **acts,
        )
        for count, unit in enumerate(Unit.objects.all())
    )
    return {proposal.unit_id: proposal.pk for proposal in made}


TALLY = """
INSERT INTO experts_rostertally (unit_id, place, label, scope, day, change)
SELECT unit_id, place, label, scope, day, sum(n) FROM (
    SELECT unit_id, place, label, scope, since AS day, 1 AS n FROM experts_rosterentry
    UNION ALL SELECT unit_id, place, label, scope, until, -1 FROM experts_rosterentry WHERE until IS NOT NULL
) moved GROUP BY unit_id, place, label, scope, day HAVING sum(n) <> 0
"""


def _tally() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TALLY)


def _add_readers() -> list[User]:
    """Liaison officers without a password: only the bench signs them in."""
    found = []
    for username, (code, _) in READERS.items():
        unit = Unit.objects.get(code=code)
        user = User(username=username, display_name=username, unit=unit)
        user.duty, user.clearance = Duty.WORK, Clearance.SENSITIVE
        user.set_unusable_password()
        user.save()
        RoleAssignment.objects.create(user=user, role=Role.LIAISON_OFFICER, unit=unit)
        found.append(user)
    return found


class _Loader:
    """Copies people and what hangs on them, batch by batch."""

    def __init__(
        self,
        rng: Random,
        places: Places,
        draw: Draw,
        proposals: dict[int, int],
        contacts: Contacts | None,
        say: Say,
    ) -> None:
        self.rng, self.places, self.draw, self.say = rng, places, draw, say
        self.proposals, self.contacts, self.city = proposals, contacts, Unit.objects.get(code="BJ")
        self.rule, self.now = current_rule(), timezone.now()
        self.tails = {id(profile): self._tail(profile) for profile in draw.profiles}

    def run(self, count: int) -> None:
        people, done = self.draw.people(count), 0
        while batch := list(islice(people, BATCH)):
            ids = take_ids(Expert, len(batch))
            self._write([self._row(*pair) for pair in zip(ids, batch, strict=True)])
            done += len(batch)
            self.say(f"{done:,} experts")

    def _row(self, number: int, person: Person) -> Row:
        drawn, label = self.rng.random(), Label.INTERNAL
        if drawn < RESTRICTED:
            label = Label.RESTRICTED
        elif drawn < RESTRICTED + SENSITIVE:
            label = Label.SENSITIVE
        unit, other = self.places.draw(), self.places.draw()
        shared = self.rng.random() < SHARED and other.pk != unit.pk
        return Row(number, person, unit, other if shared else None, label.value)

    def _write(self, rows: list[Row]) -> None:
        copy(Expert, EXPERT, (self._line(row) for row in rows))
        copy(Award, AWARD, (line for row in rows for line in self._awards(row)))
        copy(Holder, HOLDER, lines_of(self._holder(row, row.other) for row in rows if row.other))
        copy(SensitiveValue, SECRET, lines_of(filter(None, map(self._secret, rows))))
        if self.proposals:
            copy(RosterEntry, ENTRY, (line for row in rows for line in self._entries(row)))
        if self.contacts:
            copy(Contact, COLUMNS, (line for row in rows for line in self.contacts.lines(row)))

    def _line(self, row: Row) -> str:
        """One expert. Nothing drawn here needs escaping; what may is in the profile's tail."""
        person, (number, label, order, held) = row.person, row.lock
        return (
            f"{number}\t{person.uuid}\t{person.number}\t{person.name}\t{person.gender.value}\t{person.birth}\t"
            f"{person.employer}\t{row.unit.pk}\t{order}\t{label}\t{row.sort_key}\t"
            f"{person.confirmed_on}\t{held or NULL}\t{self.tails[id(person.profile)]}\n"
        )

    def _tail(self, profile: Profile) -> str:
        """The columns that are the same for everybody with this profile."""
        trade, decision = profile.trade, profile.decision
        work = trade.posts, trade.titles, trade.disciplines, trade.educations, trade.fields
        post, title, discipline, education, field = map(self.rng.choice, work)
        values = [
            False, "{}", "中国", "", post, title, discipline, education, field, "", "", "", True, False,
            "", "", trade.category.value, decision.scope.value, decision.basis, self.rule, self.now, 1,
            self.now, self.now,
        ]  # fmt: skip
        return "\t".join(map(copy_text, values))

    def _awards(self, row: Row) -> Iterator[str]:
        number, label, order, held = row.lock
        for honour, year in row.person.profile.awards:
            uuid = f"{self.rng.getrandbits(128):032x}"
            yield f"{number}\t{label}\t{order}\t{held or NULL}\t{honour}\t{year}\t{uuid}\t\t\t\t\trecorded\n"

    def _holder(self, row: Row, unit: Unit) -> tuple[object, ...]:
        return row.id, row.label, row.sort_key, unit.pk, unit.order

    def _entries(self, row: Row) -> Iterator[str]:
        """Three entries: general and then as decided on the unit's roster, and on the city's."""
        first = FIRST_DAY + timedelta(days=self.rng.randrange(2000))
        second = first + timedelta(days=self.rng.randrange(30, 2000))
        scope = row.person.profile.decision.scope.value
        yield self._entry(row, row.unit, "general", first, second)
        yield self._entry(row, row.unit, scope, second, None)
        yield self._entry(row, self.city, scope, second, None)

    def _entry(self, row: Row, unit: Unit, scope: str, since: date, until: date | None) -> str:
        number, label, order, held = row.lock
        proposal = self.proposals[unit.pk]
        uuid = f"{self.rng.getrandbits(128):032x}"
        closed = f"{until}\t{proposal}\t{proposal}" if until else f"{NULL}\t{proposal}\t{NULL}"
        return (
            f"{number}\t{label}\t{order}\t{held or NULL}\t{unit.pk}\t{unit.order}\t{row.sort_key}\t{uuid}\t"
            f"{scope}\t{row.person.profile.trade.category.value}\t[]\t{since}\t{closed}\n"
        )

    def _secret(self, row: Row) -> tuple[object, ...] | None:
        if self.rng.random() >= WITH_PHONE:
            return None
        phone = SensitiveInput(SensitiveField.PHONE, f"1000000{self.rng.randint(0, 9999):04}")
        ciphertext, key_id, _ = seal(UUID(row.person.uuid), phone)
        return *row.lock, phone.field.value, ciphertext, key_id


def copy(model: type[Model], columns: tuple[str, ...], lines: Iterable[str]) -> None:
    """COPY into the table itself: the owner walks past row-level security, nobody else may."""
    quote = connection.ops.quote_name
    listed = ", ".join(map(quote, columns))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {quote(model._meta.db_table)} ({listed}) FROM STDIN", Lines(lines))


def _restrict(readers: list[User]) -> None:
    """Two people on the list of every restricted record; the readers on a few."""
    listed = [_listed(number) for number in (1, 2)]
    approver = readers[0]
    permission = Permission.objects.get(content_type__app_label="experts", codename="view_expert")
    until = timezone.localdate() + timedelta(days=365)
    restricted = list(
        Expert.objects.filter(label=Label.RESTRICTED).order_by("id").values_list("id", flat=True)
    )
    pairs = [(user, number) for user in listed for number in restricted]
    pairs += [
        (user, number) for user in readers[1:] for number in restricted[:: len(restricted) // LISTED + 1]
    ]
    NeedToKnow.objects.bulk_create(
        (
            NeedToKnow(
                user=user,
                content_object_id=number,
                permission=permission,
                reason="测试",
                approved_by=approver,
                expires_on=until,
            )
            for user, number in pairs
        ),
        5_000,
    )


def _listed(number: int) -> User:
    user = User(username=f"bench_listed_{number}", display_name=f"知悉人{number}", duty=Duty.WORK)
    user.unit = Unit.objects.get(code="BJ")
    user.set_unusable_password()
    user.save()
    return user


TOKENS = """
INSERT INTO experts_searchtoken (expert_id, label, unit_order, held, sort_key, token)
SELECT expert.id, expert.label, expert.unit_order, expert.held, expert.sort_key, found.token
FROM experts_expert expert JOIN pg_temp.bench_tokens found ON found.text = expert.{column}
"""


def _add_tokens() -> None:
    """Every name and every employer is broken up once, however many bear it."""
    for column, tokens_of in (("name", search_tokens), ("employer", employer_tokens)):
        texts = list(Expert.objects.order_by().values_list(column, flat=True).distinct())
        pairs = ((text, token) for text in texts for token in tokens_of(text))
        copy_to_temporary("bench_tokens", {"text": "varchar", "token": "varchar"}, lines_of(pairs))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE pg_temp.bench_tokens")
            cursor.execute(TOKENS.format(column=column))
