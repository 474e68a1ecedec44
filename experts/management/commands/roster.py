"""Print a unit's roster of any day, as a user sees it."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Unit, User
from audit.actions import record
from audit.verbs import Verb
from core.rls import working_as
from experts.roster import Listing, described


class Command(BaseCommand):
    help = "Print who was on a unit's roster on a day, with the rights of a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--unit", required=True, help="code of the unit")
        parser.add_argument(
            "--as-of", type=date.fromisoformat, default=None, help="YYYY-MM-DD; today if left out"
        )
        parser.add_argument("--by", required=True, help="username whose rights apply")
        parser.add_argument("--json", action="store_true", help="print every entry as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['by']!r}.")
        with working_as(user, channel="command"):
            unit = Unit.objects.reached_by(user, "view").filter(code=options["unit"]).first()
            if unit is None:
                raise CommandError(f"{user.username} may not see unit {options['unit']!r}.")
            listing = Listing(user, unit, options["as_of"] or timezone.localdate())
            entries = listing.entries().select_related("expert").order_by("sort_key", "id")
            lines = [described(entry) for entry in entries.iterator(chunk_size=2000)]
            record(Verb.EXPORT, by=user, kind="roster_list", reference=unit.code, counts={"rows": len(lines)})
        if options["json"]:
            self.stdout.write(json.dumps(lines, ensure_ascii=False))
        else:
            self.stdout.write(f"{unit.code} {listing.day}: {len(lines)}")
