"""What is asked before anything leaves."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.forms import StyledForm
from core.markings import find_marking
from reports.models import Format


class ExportForm(StyledForm, forms.Form):
    """Why, and in which of the `formats` that there are; the first if nothing is said."""

    reason = forms.CharField(
        label="事由", max_length=200, error_messages={"required": "请写明导出事由，例如：准备专家座谈会。"}
    )
    query = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.HiddenInput,
        error_messages={"max_length": "筛选条件太长，请减少条件再导出。"},
    )

    format = forms.ChoiceField(required=False, error_messages={"invalid_choice": "没有这种格式，请另选。"})

    def __init__(self, *args: Any, formats: Sequence[Format], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.formats = formats
        self.fields["format"].choices = [(each.value, each.label) for each in formats]  # type: ignore[attr-defined]

    def clean_format(self) -> str:
        return self.cleaned_data["format"] or self.formats[0].value

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if find_marking(reason):
            raise ValidationError("含有密级标志。本系统为非涉密系统，不得录入。")
        return reason
