"""Writing the demo data: as owner, all or nothing, once."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
from experts.actions.awards import starting_state
from experts.actions.scoping import current_rule
from experts.enums import AwardState
from experts.freshness import ALL, Source
from experts.identity import note_pairs
from experts.models import Award, Expert, Holder, Honour, ReviewRound, SearchToken, SensitiveValue
from experts.models.locked import LockedChild
from experts.scope import decide
from experts.search import token_rows
from experts.sensitive import sealed
from liaison.demo import DEMO_UNIT, SEED
from liaison.demo.accounts import ACCOUNTS, OFFICER, add_accounts, add_demo_unit, nearest
from liaison.demo.canary import ask_to_restrict, canary_draft, list_persons
from liaison.demo.changes import add_changes
from liaison.demo.contacts import add_contacts
from liaison.demo.drafts import Draft, add_secrets, draw
from liaison.demo.exits import add_exits
from liaison.demo.gatherings import add_gatherings
from liaison.demo.pairings import add_pairings
from liaison.demo.priorities import add_priorities
from liaison.demo.rosters import add_rosters
from liaison.demo.specials import add_specials, sensitive_by_honour
from liaison.demo.training import add_training

Row = TypeVar("Row", bound=LockedChild)
BATCH = 2000


def is_seeded() -> bool:
    """Whether the demo data is there; it is written in one transaction, so its unit stands for all of it."""
    return Unit.objects.filter(code=DEMO_UNIT).exists()


@transaction.atomic
def seed(*, today: date | None = None) -> dict[str, int]:
    """Add units, accounts and experts; returns how many of each, or nothing when they are there already."""
    if is_seeded():
        return {}
    today = today or timezone.localdate()
    add_demo_unit()
    units = {unit.code: unit for unit in Unit.objects.all()}
    users = add_accounts(units, today)
    writer = _Writer(units, users, today)
    experts = writer.write(make_drafts(today))
    note_pairs(*experts)
    list_persons(experts[-1], users, today)
    ask_to_restrict(experts, users, today)
    add_exits(experts, users, today)
    add_priorities(units, users, today)
    add_rosters(experts, units, users, today)
    add_changes(units, users, today)
    add_pairings(units, users, today)
    add_training(units, users, today)
    add_contacts(users, today)
    add_gatherings(units, users, today)
    open_review(units["D04"], users["director_haidian"], today)
    counts = {"units": 1, "accounts": len(ACCOUNTS), "experts": len(experts)}
    record(Verb.IMPORT, by=None, kind="demo", counts=counts)
    return counts


def open_review(unit: Unit, head: User, today: date) -> None:
    """A round that a part of the unit's experts has been through."""
    start = today - timedelta(days=120)
    ReviewRound.objects.create(
        unit=unit, year=start.year, starts_on=start, due_on=today + timedelta(days=20), opened_by=head,
        opened_at=timezone.make_aware(datetime.combine(start, time(9))),
    )  # fmt: skip


def make_drafts(today: date) -> list[Draft]:
    """The same people for the same day; the restricted one comes last."""
    rng = Random(SEED)  # noqa: S311
    drafts = draw(rng, today)
    add_specials(rng, drafts, today)
    for draft in drafts:
        add_secrets(rng, draft)
    return [*drafts, canary_draft(rng, today)]


class _Writer:
    """Turns drafts into rows, with what each row needs to know about units, users and honours."""

    def __init__(self, units: dict[str, Unit], users: dict[str, User], today: date) -> None:
        self.units, self.users, self.today = units, users, today
        self.honours = {honour.code: honour for honour in Honour.objects.all()}
        self.rule = current_rule()
        self.now = timezone.now()

    def write(self, drafts: list[Draft]) -> list[Expert]:
        labels = {code: honour.default_label for code, honour in self.honours.items()}
        drafts = [sensitive_by_honour(draft, labels) for draft in drafts]
        awards = [[self._award(draft, facts) for facts in draft.awards] for draft in drafts]
        experts = Expert.objects.bulk_create(
            [self._expert(draft, its) for draft, its in zip(drafts, awards, strict=True)], BATCH
        )
        for expert, its in zip(experts, awards, strict=True):
            for award in its:
                award.expert = expert
        Award.objects.bulk_create([_locked(award) for its in awards for award in its], BATCH)
        self._write_children(drafts, experts)
        return experts

    def _write_children(self, drafts: list[Draft], experts: list[Expert]) -> None:
        pairs = list(zip(drafts, experts, strict=True))
        secrets = [_locked(sealed(expert, value)) for draft, expert in pairs for value in draft.secrets]
        SensitiveValue.objects.bulk_create(secrets, BATCH)
        tokens = [_locked(row) for expert in experts for row in token_rows(expert)]
        SearchToken.objects.bulk_create(tokens, BATCH)
        holders = [self._holder(expert, code) for draft, expert in pairs for code in draft.held_by]
        Holder.objects.bulk_create(holders, BATCH)

    def _award(self, draft: Draft, facts: dict[str, Any]) -> Award:
        code = facts["code"]
        rest = {name: value for name, value in facts.items() if name != "code"}
        rest.setdefault("state", starting_state(code=code, text=facts.get("text", "")))
        award = Award(honour=self.honours[code], **rest)
        if award.state in {AwardState.VERIFIED, AwardState.REJECTED}:
            award.verified_by, award.verified_at = self._officer(draft.unit), self.now
        return award

    def _expert(self, draft: Draft, awards: list[Award]) -> Expert:
        unit, officer = self.units[draft.unit], self._officer(draft.unit)
        expert = Expert(
            **draft.facts,
            unit=unit,
            unit_order=unit.order,
            created_by=officer,
            updated_by=officer,
            scope_rule=self.rule,
        )
        expert.sort_key = expert.keyed()
        expert.confirmed_by = officer if expert.confirmed_on else None
        day = expert.confirmed_on or self.today - timedelta(days=1600)
        entered = min(day, self.today - timedelta(days=200))
        expert.created_at = timezone.make_aware(datetime.combine(entered, time(10)))
        expert.updated_at = min(timezone.make_aware(datetime.combine(day, time(10))), self.now)
        if expert.confirmed_on:
            source = Source.ENTRY if entered == day else Source.REVIEW
            expert.confirmations = {ALL: [day.isoformat(), officer.pk, source.value]}
        decision = decide(awards, works_in_beijing=expert.works_in_beijing, day=self.today)
        expert.scope, expert.scope_basis, expert.scope_decided_at = decision.scope, decision.basis, self.now
        return expert

    def _holder(self, expert: Expert, code: str) -> Holder:
        unit = self.units[code]
        return Holder(
            expert=expert, unit=unit, unit_order=unit.order, label=expert.label, sort_key=expert.sort_key
        )

    def _officer(self, code: str) -> User:
        """Who enters the unit's experts."""
        return self.users[nearest(OFFICER, code)]


def _locked(row: Row) -> Row:
    """With the copies of label and unit that the locks look at."""
    expert: Expert = row.expert  # type: ignore[attr-defined]
    row.label, row.unit_order = expert.label, expert.unit_order
    return row
