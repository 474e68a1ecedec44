"""Open the first three administrator accounts of a new installation (as owner)."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.actions import create_user, grant_role
from accounts.models import RoleAssignment, Unit, User
from accounts.roles import ROLES, Role

KINDS = {
    "system": Role.SYSTEM_ADMIN,
    "security": Role.SECURITY_ADMIN,
    "auditor": Role.SECURITY_AUDITOR,
}


class Command(BaseCommand):
    help = "Open the accounts of the three administrators and print a one-time password for each."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for kind, role in KINDS.items():
            parser.add_argument(
                f"--{kind}", required=True, nargs=2, metavar=("USERNAME", "NAME"), help=f"the {role.value}"
            )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        root = Unit.objects.filter(parent=None).first()
        if root is None:
            raise CommandError("There are no units yet. Run `manage.py load_reference` first.")
        if RoleAssignment.objects.in_force().filter(role__in=KINDS.values(), user__is_demo=False).exists():
            raise CommandError("There are administrators already; they open further accounts themselves.")
        for kind, role in KINDS.items():
            username, name = options[kind]
            password = secrets.token_urlsafe(12)
            user = self._open(username, name, password, role, root)
            grant_role(by=None, user=user, role=role, unit=root)
            self.stdout.write(f"{role.value}\t{username}\t{password}")

    def _open(self, username: str, name: str, password: str, role: Role, unit: Unit) -> User:
        try:
            return create_user(
                by=None,
                username=username,
                password=password,
                display_name=name,
                unit=unit,
                duty=ROLES[role].duty,
                must_change_password=True,
            )
        except ValidationError as problem:
            raise CommandError(f"{username}: {' '.join(problem.messages)}") from None
