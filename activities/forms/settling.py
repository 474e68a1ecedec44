"""What becomes of a planned contact, of a wrong record, and of what was heard."""

from typing import Any

from django import forms

from activities.enums import ContactState, Hindrance
from activities.forms.contacts import DAY_WORDS, TIME_WORDS, check_times
from core.forms import DayInput, StyledForm


class VersionForm(StyledForm, forms.Form):
    """`version` is that of the contact as the page showed it."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class MoveForm(VersionForm):
    on = forms.DateField(label="改到哪天", widget=DayInput, error_messages=DAY_WORDS)
    starts = forms.TimeField(
        label="开始", required=False, widget=forms.TimeInput({"type": "time"}), error_messages=TIME_WORDS
    )
    ends = forms.TimeField(
        label="结束", required=False, widget=forms.TimeInput({"type": "time"}), error_messages=TIME_WORDS
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        check_times(self, data)
        return data


class CallOffForm(VersionForm):
    outcome = forms.ChoiceField(
        label="结果",
        choices=[
            (ContactState.CANCELLED.value, "取消，不再进行"),
            (ContactState.MISSED.value, "到了日子没有成行"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择结果。", "invalid_choice": "请选择结果。"},
    )
    hindrance = forms.ChoiceField(
        label="原因",
        choices=[("", "请选择"), *Hindrance.choices],
        error_messages={"required": "请选择原因。", "invalid_choice": "请选择原因。"},
    )
    note = forms.CharField(
        label="说明", required=False, max_length=200, help_text="原因是“其他”的，请写明。不写病情。"
    )


class VoidForm(VersionForm):
    note = forms.CharField(label="哪里有误", max_length=200, error_messages={"required": "请写明哪里有误。"})


class OutcomeForm(StyledForm, forms.Form):
    outcome = forms.CharField(
        label="办理结果",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "请写明办理结果。"},
    )
