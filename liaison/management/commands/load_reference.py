"""Load the reference data that ships with the product (as owner; safe to repeat)."""

from typing import Any

from django.core.management.base import BaseCommand

from liaison.reference import load_reference


class Command(BaseCommand):
    help = "Load units, honours, disciplines and holidays that are not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        added = load_reference()
        self.stdout.write(", ".join(f"{count} {name}" for name, count in added.items()) + " added")
