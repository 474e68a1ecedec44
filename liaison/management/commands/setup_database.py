"""Make the database roles and the database, or say which statements a superuser must run."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from liaison import database_roles
from liaison.problems import Problem


class Command(BaseCommand):
    help = "Create or check the database roles and the database. Safe to run again."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changes = database_roles.prepare_from_environment()
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write("\n".join(changes) or "Roles and database are as they should be.")
