"""How the rules stand in a unit, for its page."""

from dataclasses import dataclass

from accounts.models import Unit
from accounts.unit_settings import SettingValue, effective_all
from reminders.registry import REGISTRY, SECTION, Number, Rule


@dataclass(frozen=True)
class RuleLine:
    """One rule in one unit: whether it is on, its numbers, and where both come from."""

    rule: Rule
    switch: SettingValue
    numbers: list[tuple[Number, SettingValue]]

    @property
    def is_on(self) -> bool:
        return self.switch.value == 1

    @property
    def origin(self) -> str:
        """The nearest place that says something about the rule."""
        values = [self.switch, *(value for _, value in self.numbers)]
        sources = [value for value in values if value.source is not None]
        return max(sources, key=lambda value: value.source.order).origin if sources else self.switch.origin  # type: ignore[union-attr]


def lines_of(unit: Unit) -> list[RuleLine]:
    """Every rule that units tune, in the order of their declaration."""
    values = {value.kind.key: value for value in effective_all(unit, SECTION)}
    return [
        RuleLine(rule, values[rule.switch], [(each, values[rule.setting(each)]) for each in rule.numbers])
        for rule in REGISTRY.rules.values()
        if rule.is_tunable
    ]
