"""What people write down of a contact."""

from typing import Any

from django.core.exceptions import ValidationError

from core.chinese import as_written
from core.markings import MARKED, find_marking


def checked(facts: dict[str, Any]) -> dict[str, Any]:
    """The same with texts tidied. ValidationError by field where one bears a secrecy marking."""
    tidy = {name: as_written(value) if isinstance(value, str) else value for name, value in facts.items()}
    marked = {name: MARKED for name, value in tidy.items() if isinstance(value, str) and find_marking(value)}
    if marked:
        raise ValidationError(marked)
    return tidy
