"""What the apps above declare here in `AppConfig.ready`: rules, who sees an expert, and how one is named.

A rule is a query of the whole table at once (docs/architecture.md, Reminders). It is written in SQL because
it becomes a function of the database (reminders/functions.py) that runs as owner and answers numbers only: so
the worker that plans needs no right to anything that the query reads.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.enums import Duty
from accounts.unit_settings import SettingKind, declare_settings, flag
from reminders.enums import MailMode

if TYPE_CHECKING:
    from accounts.models import User

NEUTRAL = "您有一项联系任务"
SECTION = "reminders"  # of the settings of a unit
ON_OFF = ("关", "开")


@dataclass(frozen=True)
class Number:
    """A number that a unit may tune; the query reads it as `tuning.<key>`."""

    key: str
    label: str
    default: int
    minimum: int
    maximum: int
    unit_of_measure: str = "天"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When somebody is reminded of what.

    `query` yields (subject, recipient, due_at, expert_id or null, uuid of the page or null) of what is to be
    done now; reminders/functions.py says what it may read. Only the latest moment that is due counts for each
    subject and recipient. A reminder is delivered if the query still yields it then, so whatever makes it
    untrue belongs into the query. `page` is the route that it leads to.
    """

    key: str
    name: str
    about: str  # when and to whom, for the page of preferences
    clause: str
    text: str  # the line in the inbox; names nobody
    query: str
    page: str
    fragment: str = ""
    is_on: bool = True
    numbers: tuple[Number, ...] = ()
    is_daily: bool = True  # due at 8:00 of a day, else at any moment
    mail: MailMode = MailMode.DIGEST
    duties: frozenset[Duty] = frozenset({Duty.WORK})
    is_guarded: bool = False  # about need-to-know lists: left out of the administrator's numbers
    is_tunable: bool = True  # by units
    is_private: bool = False  # its text may be hidden until opened (birthdays)

    @property
    def switch(self) -> str:
        """The setting of a unit that switches the rule on or off."""
        return f"reminder_{self.key}"

    def setting(self, number: Number) -> str:
        return f"reminder_{self.key}_{number.key}"

    def settings(self) -> list[SettingKind]:
        """What units may set: the switch, then the numbers."""
        name = f"提醒“{self.name}”"
        on_off = flag(
            self.switch, name, default=self.is_on, words=ON_OFF, clause=self.clause, section=SECTION
        )
        return [on_off] + [
            SettingKind(
                self.setting(each), f"{name}：{each.label}", each.default, each.minimum, each.maximum,
                each.unit_of_measure, self.clause, SECTION,
            )
            for each in self.numbers
        ]  # fmt: skip


@dataclass(frozen=True)
class Sight:
    """Whether `person` (accounts: id, clearance, reach) may be told of the expert `found.expert_id` now, in
    SQL: a join, a condition, and what marks a restricted one. The same rule as the app's `visible_to`."""

    join: str
    condition: str
    restricted: str


@dataclass(frozen=True)
class Named:
    """An expert as a line of the inbox names them."""

    name: str
    is_restricted: bool


Naming = Callable[["User", Collection[int]], dict[int, Named]]
# Does what a reminder asks for; ValidationError or PermissionDenied when it cannot be done by this person.
Act = Callable[["User", int], None]


@dataclass
class Registry:
    """Everything declared; one for the whole product."""

    rules: dict[str, Rule] = field(default_factory=dict)
    acts: dict[str, tuple[str, Act]] = field(default_factory=dict)  # by rule: the button, what it does
    sight: Sight | None = None
    naming: Naming | None = None

    def declare(self, *rules: Rule) -> None:
        """Each key once, whoever declares it."""
        for rule in rules:
            if rule.key in self.rules:
                raise ValueError(f"The reminder rule {rule.key} is declared twice.")
            self.rules[rule.key] = rule
            if rule.is_tunable:
                declare_settings(rule.settings())

    def act_for(self, key: str, label: str) -> Callable[[Act], Act]:
        """A decorator: what the button `label` of the rule's messages does."""

        def register(act: Act) -> Act:
            self.acts[key] = (label, act)
            return act

        return register

    def names_of(self, user: "User", experts: Collection[int]) -> dict[int, Named]:
        """Those of the experts that the user sees."""
        return self.naming(user, experts) if self.naming and experts else {}


REGISTRY = Registry()
