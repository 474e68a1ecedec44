"""What a stored row holds, encrypted as a whole."""

import json
from dataclasses import dataclass, field
from typing import Any

from core.crypto import decrypt, encrypt
from exchange.models import RosterImport, RosterRow


@dataclass(slots=True)
class RowContent:
    """One row of a roster after checking. Sensitive texts stand only here, never in a column."""

    cells: list[str] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)
    fixes: dict[str, str] = field(default_factory=dict)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    honours: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    unknown_awards: list[str] = field(default_factory=list)
    changes: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    scope: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The filled fields, JSON-ready."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    @property
    def category(self) -> str:
        return str(self.facts.get("category", ""))


def bound_to(roster: RosterImport, number: int | str) -> str:
    """The associated data that ties a ciphertext to its place."""
    return f"exchange_rosterrow|{roster.uuid}|{number}"


def seal(roster: RosterImport, number: int, content: RowContent) -> tuple[bytes, str]:
    return encrypt(json.dumps(content.as_dict(), ensure_ascii=False), bound_to=bound_to(roster, number))


def content(row: RosterRow) -> RowContent:
    """The row in clear. Only people of the uploader's unit reach rows at all."""
    text = decrypt(row.sealed, key_id=row.key_id, bound_to=bound_to(row.roster, row.number))
    return RowContent(**json.loads(text))
