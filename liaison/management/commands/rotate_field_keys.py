"""Re-encrypt everything that is not under the newest of FIELD_KEYS (as owner; safe to repeat)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actions import record
from audit.verbs import Verb
from core.context import Acting, acting_as
from liaison.key_rotation import Outcome, Rotation
from liaison.problems import Problem


class Command(BaseCommand):
    help = "Re-encrypt stored values under the newest of FIELD_KEYS, and prove that they are unchanged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the rows under each key")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotation = Rotation()
        except Problem as problem:
            raise CommandError(str(problem)) from None
        if options["dry_run"]:
            for outcome in rotation.outcomes:
                self.stdout.write(f"{outcome.place.name}: {counted(outcome.before)}")
            return
        try:
            for outcome in rotation.outcomes:
                rotation.run(outcome)
                self._tell(outcome)
        finally:
            note(rotation)
        self._conclude(rotation)

    def _tell(self, outcome: Outcome) -> None:
        self.stdout.write(f"{outcome.place.name}: {counted(outcome.before)}")
        self.stdout.write(f"  re-encrypted {len(outcome.kept)}; now {counted(outcome.after)}")
        self.stdout.write(f"  digest before {shown(outcome.expected)}, after {shown(outcome.found)}")
        if outcome.changed_meanwhile:
            self.stdout.write(f"  {outcome.changed_meanwhile} of them changed or deleted by users meanwhile")

    def _conclude(self, rotation: Rotation) -> None:
        problems = [line for outcome in rotation.outcomes for line in outcome.lines_of_problems()]
        if problems:
            raise CommandError("\n".join(["These were left as they are; remove no key:", *problems]))
        removable = ", ".join(rotation.removable())
        self.stdout.write(
            f"Everything opens under {rotation.newest}. "
            + (
                f"Once every process has been restarted with it and --dry-run shows no other key, "
                f"remove from FIELD_KEYS: {removable}."
                if removable
                else "There is no older key to remove."
            )
        )


def counted(keys: dict[str, int]) -> str:
    return ", ".join(f"{key_id} {rows}" for key_id, rows in keys.items()) or "nothing stored"


def shown(digest: int) -> str:
    return f"{digest % 2**64:016x}"


def note(rotation: Rotation) -> None:
    """On the record, also when the run was broken off."""
    counts = {outcome.place.name: len(outcome.kept) for outcome in rotation.outcomes}
    wrong = sum(len(outcome.problems) for outcome in rotation.outcomes)
    with acting_as(Acting(channel="command")):
        record(
            Verb.CHANGE,
            by=None,
            kind="field_keys",
            reference=rotation.newest,
            result="failed" if wrong else "ok",
            counts=counts | {"problems": wrong},
        )
