"""What stands in the calendar, whatever it comes from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from accounts.models import Unit, User

MOST = 600  # entries that one source gives for one page


@dataclass(frozen=True)
class Asked:
    """Which days, both included; one's own things, or those of a unit with all below it, or all visible."""

    first: date
    last: date
    mine: bool = True
    unit: Unit | None = None


@dataclass(frozen=True)
class Entry:
    """One thing on one day (or to `last`), at a time or all day. `title` may name an expert and stays inside;
    `outside` is what leaves the system, and names nobody."""

    kind: str
    key: str
    on: date
    title: str
    outside: str
    url: str
    version: int
    changed_at: datetime
    starts: time | None = None
    ends: time | None = None
    last: date | None = None
    detail: str = ""
    state: str = ""
    is_dropped: bool = False
    is_done: bool = False
    is_tentative: bool = False  # not approved yet
    room: str = ""  # only where it says nothing of an expert

    @property
    def order(self) -> tuple[date, time, str, str]:
        return self.on, self.starts or time.min, self.kind, self.key

    @property
    def hours(self) -> str:
        if self.starts is None:
            return ""
        return f"{self.starts:%H:%M}" + (f"—{self.ends:%H:%M}" if self.ends else "")


@dataclass(frozen=True)
class Source:
    """Where entries come from: the kinds that it gives, with their names, and how."""

    kinds: dict[str, str]
    entries: Callable[[User, Asked, set[str]], Iterable[Entry]]
