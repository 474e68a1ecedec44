"""`migrate`, and then what the migrated tables need: context key, privileges, the rules of the reminders."""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection

from core.rls import install_context_key
from liaison.privileges import apply_privileges, tables
from reminders.functions import install_rules


class Command(MigrateCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if (
            {"core_context_key", "audit_event"} <= tables()
            and not options["plan"]
            and not options["check_unapplied"]
        ):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(20140506)")
            try:
                install_context_key()
                apply_privileges()
                install_rules()
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(20140506)")
