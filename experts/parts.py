"""Where upper apps add to the page of an expert (core/parts.py): cards below the facts, facts, buttons in its
head, and tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.models import User
from core.parts import Part, Place
from experts.models import Expert


@dataclass(frozen=True)
class Fact:
    """One fact in the card at the left; `state` is late, soon or empty."""

    label: str
    value: Any
    hint: str = ""
    state: str = ""


@dataclass(frozen=True)
class Act:
    """A button in the head of the page."""

    label: str
    url: str
    icon: str = ""
    variant: str = ""


@dataclass(frozen=True)
class Tab:
    """A tab of the page: `template` is included while it is open, with what `context` gives."""

    key: str
    label: str
    template: str
    context: Callable[[User, Expert, QueryDict], dict[str, Any]]


CARDS: Place[Expert, Part] = Place()
FACTS: Place[Expert, Fact] = Place()
ACTS: Place[Expert, Act] = Place()
TABS: list[Tab] = []
