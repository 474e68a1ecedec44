"""Choices of a person, numbers of a unit, the test of the mail server."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from accounts.models import Unit, User
from accounts.unit_settings import SettingValue, effective_all
from core.forms import StyledForm
from reminders.enums import MailMode
from reminders.inbox import rules_for
from reminders.models import Habit, Letter, Preference
from reminders.registry import REGISTRY, SECTION, Rule

TIME = "填如 21:00 的时间。"


class ClockInput(forms.TimeInput):
    """A time of day picked in the browser's own way."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class ChoicesForm(StyledForm, forms.Form):
    """One field for each rule that can concern the user, and the habits."""

    quiet_from = forms.TimeField(label="从", widget=ClockInput, error_messages={"invalid": TIME})
    quiet_until = forms.TimeField(label="到", widget=ClockInput, error_messages={"invalid": TIME})
    hides_birthdays = forms.BooleanField(label="生日提醒在打开之前只写“您有一项联系任务”", required=False)

    def __init__(self, user: User, data: Any = None) -> None:
        habit = Habit.objects.visible_to(user).first() or Habit(user=user)
        chosen = dict(Preference.objects.visible_to(user).values_list("rule", "mail"))
        self.rules = rules_for(user)
        initial = {f"mail_{rule.key}": chosen.get(rule.key, rule.mail) for rule in self.rules}
        for name in ("quiet_from", "quiet_until", "hides_birthdays"):
            initial[name] = getattr(habit, name)
        super().__init__(data, initial=initial)
        for rule in self.rules:
            field = forms.ChoiceField(label=rule.name, choices=MailMode.choices)
            self.fields[f"mail_{rule.key}"] = field

    def lines(self) -> list[tuple[Rule, BoundField]]:
        return [(rule, self[f"mail_{rule.key}"]) for rule in self.rules]

    @property
    def mail(self) -> dict[str, MailMode]:
        return {rule.key: MailMode(self.cleaned_data[f"mail_{rule.key}"]) for rule in self.rules}


class StopForm(StyledForm, forms.Form):
    """Which rules of a letter are to send no more e-mail. Whoever has the letter sees this without a sign-in,
    so rules about need-to-know lists are not named, and go together."""

    UNNAMED = "其他事项"
    stopped = forms.MultipleChoiceField(
        label="停发的事项",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少勾选一项。", "invalid_choice": "请在列出的事项里勾选。"},
    )

    def __init__(self, letter: Letter, data: Any = None) -> None:
        rules = [REGISTRY.rules[key] for key in letter.rules if key in REGISTRY.rules]
        self.groups = {rule.name: [rule] for rule in rules if not rule.is_guarded}
        if guarded := [rule for rule in rules if rule.is_guarded]:
            self.groups[self.UNNAMED] = guarded
        super().__init__(data, initial={"stopped": list(self.groups)})
        field = self.fields["stopped"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in self.groups]

    def rules_of(self, names: Iterable[str]) -> list[Rule]:
        return [rule for name in names for rule in self.groups[name]]


class RuleForm(StyledForm, forms.Form):
    """The switch and the numbers of one rule for one unit."""

    def __init__(self, rule: Rule, unit: Unit, data: Any = None) -> None:
        self.values: dict[str, SettingValue] = {
            value.kind.key: value
            for value in effective_all(unit, SECTION)
            if value.kind.key in {kind.key for kind in rule.settings()}
        }
        self.rule = rule
        initial = {key: value.value for key, value in self.values.items()}
        super().__init__(data, initial=initial)
        self.fields[rule.switch] = forms.TypedChoiceField(
            label="提醒",
            choices=self.values[rule.switch].kind.choices,
            coerce=int,
            help_text=self._origin(rule.switch),
        )
        for number in rule.numbers:
            key = rule.setting(number)
            message = f"请填 {number.minimum} 到 {number.maximum} 之间的整数。"
            self.fields[key] = forms.IntegerField(
                label=f"{number.label}（{number.unit_of_measure}）",
                min_value=number.minimum,
                max_value=number.maximum,
                help_text=f"可填 {number.minimum} 到 {number.maximum}。{self._origin(key)}",
                error_messages=dict.fromkeys(["required", "invalid", "min_value", "max_value"], message),
            )

    def _origin(self, key: str) -> str:
        value = self.values[key]
        return f"现在的值：{value.origin}，系统缺省 {value.kind.in_words(value.kind.default)}。"

    @property
    def changed(self) -> dict[str, int]:
        """What differs from what applies already."""
        return {key: value for key, value in self.cleaned_data.items() if value != self.values[key].value}


class TestLetterForm(StyledForm, forms.Form):
    address = forms.EmailField(
        label="收件邮箱",
        error_messages={
            "required": "请填收件邮箱。",
            "invalid": "请填完整的邮箱，例如 name@example.gov.cn。",
        },
    )
