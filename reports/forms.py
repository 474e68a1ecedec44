"""What is asked before anything leaves."""

from django import forms
from django.core.exceptions import ValidationError

from core.forms import StyledForm
from core.markings import find_marking


class ExportForm(StyledForm, forms.Form):
    reason = forms.CharField(
        label="事由", max_length=200, error_messages={"required": "请写明导出事由，例如：准备专家座谈会。"}
    )
    query = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.HiddenInput,
        error_messages={"max_length": "筛选条件太长，请减少条件再导出。"},
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if find_marking(reason):
            raise ValidationError("含有密级标志。本系统为非涉密系统，不得录入。")
        return reason
