"""`migrate`, and then the context key and the privileges that the migrated tables need."""

from typing import Any

from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connection

from core.rls import install_context_key
from liaison.privileges import apply_privileges, tables


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
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(20140506)")
