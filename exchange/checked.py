"""A row of a roster after checking, and what of it two rows of one person must agree in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange.honour_text import HonourClaim

# The longest text that the register holds, by field.
LONGEST = {
    "nationality": 40,
    "phone": 60,
    "email": 120,
    "employer": 120,
    "post": 80,
    "title": 60,
    "education": 40,
    "fields_of_work": 200,
}

# Fields in which two rows of one person must agree; honours unite, the others are kept from the first.
COMPARED = (
    "gender",
    "birth",
    "nationality",
    "political_affiliation",
    "phone",
    "email",
    "employer",
    "post",
    "title",
    "discipline",
    "education",
    "category",
    "works_in_beijing",
    "frontline",
)
FILLED = (*COMPARED, "id_number", "former_names", "fields_of_work")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is held (or, among notices, what deserves a look): field, text of the cell, reason."""

    column: str
    value: str
    reason: str


@dataclass(slots=True)
class CheckedRow:
    """One row after checking.

    `values` holds clean text by field: birth as YYYY-MM or YYYY-MM-DD, id_number with id_type,
    works_in_beijing and frontline as "yes" or "no". A row with problems is held. A row with
    `duplicate_of` adds its honours, and the values in `fills`, to the row of that number.
    """

    row: int
    raw: Mapping[str, str]
    values: dict[str, str]
    honours: tuple[HonourClaim, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    duplicate_of: int | None = None
    fills: dict[str, str] = field(default_factory=dict)

    def hold(self, column: str, value: str, reason: str) -> None:
        self.problems.append(Problem(column, value, reason))
