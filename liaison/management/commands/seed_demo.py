"""Add the demo data (as owner; does nothing when it is there)."""

from typing import Any

from django.core.management.base import BaseCommand

from liaison.demo.seed import seed


class Command(BaseCommand):
    help = "Add fictional units, accounts and experts to try the product with. Safe to repeat."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        added = seed()
        line = ", ".join(f"{count} {name}" for name, count in added.items())
        self.stdout.write(f"{line} added" if added else "The demo data is there already.")
