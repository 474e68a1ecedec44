"""What else happens when a unit changes a setting: apps above register in `AppConfig.ready`, and are called
inside the transaction of the act."""

from dataclasses import dataclass

from accounts.models import Unit
from core.effects import Effect


@dataclass(frozen=True)
class SettingChanged:
    """The unit has set a value of its own for itself and its subtree, or taken it back."""

    unit: Unit
    key: str


on_setting: Effect[SettingChanged] = Effect()
