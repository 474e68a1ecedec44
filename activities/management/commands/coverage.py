"""Print how well a unit kept in touch with its key experts on any day, as a user sees it."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Unit, User
from activities.coverage import gaps, numbers
from audit.actions import record
from audit.verbs import Verb
from core.rls import working_as


def described(user: User, unit: Unit, day: date) -> dict[str, Any]:
    """Key experts of the unit with its subtree as `--json` prints them. `rate` is 0 to 1 with four digits,
    None where nobody was expected; `gaps` names exactly those of `key` who are not in `covered`."""
    share = numbers(user, unit, day).key
    rows = gaps(user, unit, day).order_by("sort_key", "id")
    return {
        "key": share.expected,
        "covered": share.covered,
        "rate": None if share.rate is None else round(share.rate, 4),
        "gaps": [{"expert": row.expert.record_number, "cause": row.cause} for row in rows.iterator(2000)],
    }


class Command(BaseCommand):
    help = "Print the coverage of a unit with its subtree on a day, with the rights of a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, help="code of the unit")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, default=None, help="YYYY-MM-DD; today if left out"
        )
        parser.add_argument("--by", required=True, help="username whose rights apply")
        parser.add_argument("--json", action="store_true", help="print numbers and gaps as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['by']!r}.")
        day = options["as_of"] or timezone.localdate()
        with working_as(user, channel="command"):
            unit = Unit.objects.reached_by(user, "view").filter(code=options["unit"]).first()
            if unit is None:
                raise CommandError(f"{user.username} may not see unit {options['unit']!r}.")
            found = described(user, unit, day)
            counts = {"rows": len(found["gaps"])}
            record(Verb.EXPORT, by=user, kind="coverage", reference=unit.code, counts=counts)
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.stdout.write(f"{unit.code} {day}: {found['covered']} / {found['key']}")
