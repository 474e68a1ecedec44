"""Answering whether one's unit takes an expert over."""

from django import forms

from core.forms import StyledForm

ACCEPT, DECLINE = "accept", "decline"


class AnswerForm(StyledForm, forms.Form):
    decision = forms.ChoiceField(
        choices=[(ACCEPT, "接转"), (DECLINE, "不接转")],
        error_messages={"required": "请选择是否接转。", "invalid_choice": "请选择是否接转。"},
    )
    note = forms.CharField(
        label="答复意见",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text="不接转的，请写明原因。",
    )
