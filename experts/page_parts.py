"""What apps above this one show on an expert's page: they fill these lists in `AppConfig.ready` and the page
asks, as acts do with effects.py. Whatever is given here has been read through the locks by who gives it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.models import User
from experts.models import Expert


@dataclass(frozen=True)
class Tab:
    """A tab of the page: `template` is included while it is open, with what `context` gives."""

    key: str
    label: str
    template: str
    context: Callable[[User, Expert, QueryDict], dict[str, Any]]


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


TABS: list[Tab] = []
FACTS: list[Callable[[User, Expert], Iterable[Fact]]] = []
ACTS: list[Callable[[User, Expert], Iterable[Act]]] = []


def facts_of(user: User, expert: Expert) -> list[Fact]:
    return [fact for give in FACTS for fact in give(user, expert)]


def acts_on(user: User, expert: Expert) -> list[Act]:
    return [act for give in ACTS for act in give(user, expert)]
