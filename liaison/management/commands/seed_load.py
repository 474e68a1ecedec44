"""Fill a database that is kept for measuring (as owner)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from accounts.models import Unit
from experts.models import Expert
from liaison.bench.load import READERS, load

MARK = "liaison bench"
IS_MARKED = """
SELECT shobj_description(oid, 'pg_database') IS NOT DISTINCT FROM %s
FROM pg_database WHERE datname = current_database()
"""


class Command(BaseCommand):
    help = (
        "Add fictional units, users and experts by the hundred thousand, to a database marked as a bench;"
        " --mark marks one that holds nobody but the demo's people."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--experts", type=int, required=True, help="how many, for instance 1000000")
        parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same people")
        parser.add_argument(
            "--entries", action="store_true", help="also three roster entries for each expert"
        )
        parser.add_argument(
            "--contacts", action="store_true", help="also pairings, five contacts each, and their coverage"
        )
        parser.add_argument("--mark", action="store_true", help="mark this database as a bench first")

        parser.add_argument("--once", action="store_true", help="do nothing when it is filled already")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["experts"] < 1:
            raise CommandError("--experts must be a positive number.")
        if options["mark"] and not is_marked():
            mark()
        if not is_marked():
            raise CommandError(
                "This database is not marked as a bench, so it may hold real experts. Use one of its own"
                " (LIAISON_DATA=var/bench), and mark it with --mark."
            )
        if Unit.objects.filter(code__startswith="BENCH").exists():
            if options["once"]:
                return
            raise CommandError("This bench is filled already; start with a new database.")
        parts = {name: options[name] for name in ("entries", "contacts")}
        load(count=options["experts"], seed=options["seed"], **parts, say=self.stdout.write)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        self.stdout.write(f"Done. Readers: {', '.join(READERS)}.")


def is_marked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_MARKED, [MARK])
        return bool(cursor.fetchone()[0])


def mark() -> None:
    """Mark the database. CommandError when it holds an expert whom not the demo made."""
    if Expert.objects.exclude(created_by__is_demo=True).exists():
        raise CommandError("This database holds experts who are not the demo's: it cannot become a bench.")
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {name} IS %s", [MARK])
