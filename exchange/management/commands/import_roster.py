"""Check a roster, and with --commit write it, as a user would on the page; prints JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
from core.crypto import sm3
from core.jobs import JobState
from core.origin import coming_from
from core.rls import set_actor, working_as
from exchange.actions import owner_unit
from exchange.models import RosterImport, RowAction, RowState, Stage
from exchange.pipeline.planning import Plan, Planner
from exchange.pipeline.source import data_rows, head_of, remembered
from exchange.pipeline.writing import Writer, planned_writes
from exchange.reading import RosterRefused, read_roster
from experts.models import Origin


class Command(BaseCommand):
    help = "Import a roster of experts into a unit, with the rights of a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--unit", required=True, help="code of the unit that manages new experts")
        parser.add_argument("--by", required=True, help="username whose rights apply")
        parser.add_argument(
            "--commit", action="store_true", help="write; without it the file is only checked"
        )
        parser.add_argument("--json", action="store_true", help="print the outcome of every row as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['by']!r}.")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path} is not a file.")
        try:
            with working_as(user, channel="command"):
                plan = self._import(user, path, options)
        except RosterRefused as refusal:
            raise CommandError(str(refusal)) from None
        if options["json"]:
            self.stdout.write(json.dumps(outcome(plan), ensure_ascii=False))
        else:
            self.stdout.write(", ".join(f"{name} {count}" for name, count in plan.counts.items()))

    def _import(self, user: User, path: Path, options: dict[str, Any]) -> Plan:
        unit = Unit.objects.filter(code=options["unit"]).first()
        if unit is None or not user.may("change", unit.order):
            raise CommandError(f"{user.username} may not import into unit {options['unit']!r}.")
        planner = Planner(user)
        with read_roster(path, path.name) as sheet:
            layout, head = head_of(sheet)
            layout = remembered(layout, owner_unit(user, unit).pk)
            plan = planner.plan(data_rows(sheet, layout, head), layout, {}, lambda count: renew(user, count))
        if options["commit"]:
            self._commit(user, unit, path, planner, plan)
        return plan

    def _commit(self, user: User, unit: Unit, path: Path, planner: Planner, plan: Plan) -> None:
        number = uuid4()
        with coming_from(Origin.IMPORT, str(number)):
            done = Writer(user, unit, planner).write(planned_writes(plan), lambda count: renew(user, count))
        roster = RosterImport.objects.create(
            uuid=number,
            unit=unit,
            owner_unit=owner_unit(user, unit),
            uploaded_by=user,
            file_name=path.name[-200:],
            file_digest=sm3(path.read_bytes()),
            stage=Stage.COMMITTED,
            job_state=JobState.DONE,
            counts=plan.counts,
            committed_at=timezone.now(),
        )
        record(Verb.IMPORT, by=user, kind="roster", reference=str(roster.uuid),
               counts=plan.counts | done | {"sm3": roster.file_digest})  # fmt: skip


def renew(user: User, count: int) -> None:
    """The context of a long import is renewed as it goes."""
    if count % 5000 == 0:
        set_actor(user.pk)


def outcome(plan: Plan) -> dict[str, Any]:
    """What became of every row, with the row numbers of the spreadsheet."""
    people, rejected, duplicates = [], [], []
    for number, state, action, duplicate_of, _, row in plan.rows():
        if state == RowState.HELD:
            rejected += [{"row": number, **problem} for problem in row.problems]
        elif state == RowState.DUPLICATE:
            duplicates.append({"row": number, "of_row": duplicate_of})
        else:
            people.append(
                {
                    "row": number,
                    "name": row.facts["name"],
                    "birth": row.facts.get("birth", "")[:7],
                    "employer": row.facts.get("employer", ""),
                    "honours": sorted({claim["code"] for claim in row.honours}),
                    "scope": row.scope,
                    "category": row.category or None,
                    "action": RowAction(action).value,
                }
            )
    return {"rows": len(plan.packed), "people": people, "rejected": rejected, "duplicates": duplicates}
