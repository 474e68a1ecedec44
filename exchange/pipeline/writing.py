"""Writing a plan into the register: all rows or none, new records by COPY."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import F, Model
from django.utils import timezone

from accounts.models import Unit, User
from core.bulk import copy_text, insert_lines, lines_of, take_ids
from core.chinese import employer_tokens, search_tokens
from core.id_numbers import identity_key
from exchange.convert import as_attribute
from exchange.models import RowAction, RowState
from exchange.pipeline.matching import differences
from exchange.pipeline.planning import Plan, Planner, Write
from exchange.rows import RowContent
from experts.actions.scoping import current_rule, decide_scope
from experts.enums import Label, SensitiveField
from experts.freshness import Source, confirm_fields, whole
from experts.models import Award, Expert, SearchToken, SensitiveValue
from experts.models.expert import key_of, new_record_number
from experts.scope import decide
from experts.search import TOKEN_LENGTH, token_rows
from experts.sensitive import SensitiveInput, seal, sealed

BATCH = 5000
EXPERT_ATTRIBUTES = [field.attname for field in Expert._meta.concrete_fields]
FORMER_NAMES = EXPERT_ATTRIBUTES.index("former_names")
COLUMNS: dict[type[Model], list[str]] = {
    Expert: [str(field.column) for field in Expert._meta.concrete_fields],
    Award: [
        "uuid",
        "expert_id",
        "honour_id",
        "text",
        "issuer",
        "level",
        "year",
        "document",
        "state",
        "label",
        "unit_order",
    ],
    SensitiveValue: ["expert_id", "field", "ciphertext", "key_id", "blind_index", "label", "unit_order"],
    SearchToken: ["token", "sort_key", "expert_id", "label", "unit_order"],
}


class ChangedMeanwhile(Exception):
    """A record was changed by someone after the preview; nothing is written."""


@dataclass(slots=True)
class Newcomer:
    """A new record before it is written: its columns by attribute name, and what hangs on it."""

    values: dict[str, Any]
    claims: list[dict[str, Any]]
    secrets: list[SensitiveInput]


def secrets_of(content: RowContent) -> list[SensitiveInput]:
    values, found = content.values, []
    if number := values.get("id_number"):
        found.append(
            SensitiveInput(
                SensitiveField.ID_NUMBER, number, match=identity_key(number), kind=values.get("id_type", "")
            )
        )
    if phone := values.get("phone"):
        found.append(SensitiveInput(SensitiveField.PHONE, phone))
    return found


class Writer:
    """Writes for one user into one unit, within the caller's transaction."""

    def __init__(self, by: User, unit: Unit, planner: Planner) -> None:
        self.by, self.unit, self.planner = by, unit, planner
        self.rule, self.now, self.today = current_rule(), timezone.now(), timezone.localdate()
        self.blank = self._blank()
        self.created: list[tuple[int, int]] = []  # row number and key of every new record

    def write(self, rows: Iterable[Write], report: Callable[[int], None]) -> dict[str, int]:
        """Write what the rows ask for; returns how many new and updated records there are.

        While PostgreSQL inserts one batch, a thread prepares the next; only this thread talks to it.
        """
        done = {RowAction.CREATE.value: 0, RowAction.UPDATE.value: 0}
        waiting, ready = iter(rows), None
        with ThreadPoolExecutor(max_workers=1) as pool:
            while batch := list(islice(waiting, BATCH)):
                new = [
                    (number, content) for number, action, *_, content in batch if action == RowAction.CREATE
                ]
                ids, contents = take_ids(Expert, len(new)), [content for _, content in new]
                self.created += zip((number for number, _ in new), ids, strict=True)
                upcoming = pool.submit(self._prepare, contents, ids)
                if ready is not None:
                    _insert(ready.result())
                ready = upcoming
                for _, action, expert, version, content in batch:
                    if action == RowAction.UPDATE:
                        self._update(expert, version, content)
                done[RowAction.CREATE.value] += len(contents)
                done[RowAction.UPDATE.value] += len(batch) - len(contents)
                report(sum(done.values()))
            if ready is not None:
                _insert(ready.result())
        return done

    def _prepare(self, contents: list[RowContent], ids: list[int]) -> dict[type[Model], list[str]]:
        """The lines of COPY for new records and all that hangs on them."""
        newcomers = [self._newcomer(content, pk) for content, pk in zip(contents, ids, strict=True)]
        return {
            Expert: list(lines_of(_expert_values(newcomer.values) for newcomer in newcomers)),
            Award: list(lines_of(self._award_values(newcomers))),
            SensitiveValue: list(lines_of(_sensitive_values(newcomers))),
            SearchToken: sorted(_token_lines(newcomers)),  # in the order of their index
        }

    def _label(self, awards: Iterable[Award], current: int = Label.INTERNAL) -> int:
        """Some programmes make a record sensitive by default, if the user may see it then."""
        wanted = max([award.honour.default_label for award in awards], default=Label.INTERNAL)
        return max(current, wanted) if wanted <= self.by.clearance else current

    def _blank(self) -> dict[str, Any]:
        """The columns of an expert about whom nothing is known but who enters them, when and where."""
        expert = Expert(unit=self.unit, created_by=self.by, updated_by=self.by, confirmed_by=self.by)
        expert.created_at = expert.updated_at = expert.scope_decided_at = self.now
        expert.confirmed_on, expert.scope_rule = self.today, self.rule
        expert.confirmations = json.dumps(whole(self.by, Source.IMPORT))
        expert.unit_order = self.unit.order
        return {field.attname: getattr(expert, field.attname) for field in Expert._meta.concrete_fields}

    def _newcomer(self, content: RowContent, pk: int) -> Newcomer:
        number = new_record_number()
        awards = [self.planner.weighed(claim) for claim in content.honours]
        values = self.blank | content.facts
        decision = decide(awards, works_in_beijing=values["works_in_beijing"], day=self.today)
        secrets = secrets_of(content)
        values |= {
            "id": pk,
            "uuid": uuid.uuid4(),
            "record_number": number,
            "sort_key": key_of(values["name"], number),
            "label": int(self._label(awards)),
            "scope": decision.scope.value,
            "scope_basis": json.dumps(decision.basis, ensure_ascii=False),
            "id_type": next((secret.kind for secret in secrets if secret.kind), ""),
        }
        return Newcomer(values, content.honours, secrets)

    def _award_values(self, newcomers: list[Newcomer]) -> Iterator[tuple[Any, ...]]:
        for newcomer in newcomers:
            seen = set()
            for claim in newcomer.claims:
                award = self.planner.weighed(claim)
                if (award.honour_id, award.text) in seen:
                    continue
                seen.add((award.honour_id, award.text))
                yield (
                    uuid.uuid4(),
                    newcomer.values["id"],
                    award.honour_id,
                    award.text,
                    award.issuer,
                    award.level,
                    award.year,
                    "",
                    award.state,
                    *_lock(newcomer),
                )

    def _update(self, pk: int | None, version: int | None, content: RowContent) -> None:
        """Bring one record up to what the roster says, if nobody changed it since the preview."""
        expert = (
            Expert.objects.changeable_by(self.by).select_for_update(of=("self",)).filter(pk=pk or 0).first()
        )
        if expert is None or (version is not None and expert.version != version):
            raise ChangedMeanwhile
        changed = {
            name: as_attribute(name, value) for name, value in differences(expert, content.facts).items()
        }
        for name, value in changed.items():
            setattr(expert, name, value)
        added = self._add_awards(expert, content)
        expert.label = Label(self._label(added, expert.label))
        expert.version = F("version") + 1
        expert.updated_at, expert.updated_by = self.now, self.by
        told = [name.removesuffix("_id") for name in content.facts]
        confirmed = confirm_fields(expert, told, by=self.by, source=Source.IMPORT)
        for secret in secrets_of(content):
            if secret.kind:
                expert.id_type = secret.kind
            expert.sensitive_values.filter(field=secret.field).delete()
            sealed(expert, secret).save(force_insert=True)
        names = {"version", "updated_at", "updated_by", "label", "id_type", *confirmed}
        expert.save(update_fields=names | {name.removesuffix("_id") for name in changed})
        if changed.keys() & {"employer", "former_names"}:
            expert.tokens.all().delete()
            SearchToken.objects.bulk_create(token_rows(expert))
        decide_scope(expert)

    def _add_awards(self, expert: Expert, content: RowContent) -> list[Award]:
        """Record honours that are new, and years that were missing; returns the new ones."""
        held = {(award.honour_id, award.text): award for award in Award.objects.filter(expert=expert)}
        added = []
        for claim in content.honours:
            award = self.planner.award(claim)
            stored = held.get((award.honour_id, award.text))
            if stored is None:
                award.expert = expert
                award.save(force_insert=True)
                added.append(award)
            elif award.year and stored.year is None:
                stored.year = award.year
                stored.save(update_fields=["year"])
        return added


def _array(texts: list[str]) -> str:
    """A text array literal."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def _insert(prepared: dict[type[Model], list[str]]) -> None:
    for model, lines in prepared.items():
        if lines:
            insert_lines(model, COLUMNS[model], lines)


def _expert_values(values: dict[str, Any]) -> list[Any]:
    row = [values[name] for name in EXPERT_ATTRIBUTES]
    row[FORMER_NAMES] = _array(row[FORMER_NAMES])
    return row


def _lock(newcomer: Newcomer) -> tuple[int, int]:
    """The copies of label and unit that every child carries."""
    return newcomer.values["label"], newcomer.values["unit_order"]


def _sensitive_values(newcomers: list[Newcomer]) -> Iterator[tuple[Any, ...]]:
    for newcomer in newcomers:
        for secret in newcomer.secrets:
            ciphertext, key_id, index = seal(newcomer.values["uuid"], secret)
            yield newcomer.values["id"], secret.field.value, ciphertext, key_id, index, *_lock(newcomer)


def _token_lines(newcomers: list[Newcomer]) -> Iterator[str]:
    """Lines of COPY, made directly: twenty an expert, the bulk of what an import writes."""
    employers: dict[str, set[str]] = {}
    for newcomer in newcomers:
        values = newcomer.values
        employer = values["employer"]
        if employer not in employers:
            employers[employer] = {copy_text(token[:TOKEN_LENGTH]) for token in employer_tokens(employer)}
        label, order = _lock(newcomer)
        rest = f"\t{copy_text(values['sort_key'])}\t{values['id']}\t{label}\t{order}\n"
        names = search_tokens(values["name"], values["former_names"])
        for token in {copy_text(token[:TOKEN_LENGTH]) for token in names} | employers[employer]:
            yield token + rest


def planned_writes(plan: Plan) -> Iterator[Write]:
    """What a plan that was just made asks to write; no version to hold it to."""
    for number, state, action, _, expert, content in plan.rows():
        if state == RowState.OK and action != RowAction.UNCHANGED:
            yield number, action, expert, None, content
