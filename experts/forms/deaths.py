"""Forms of deaths: registered with day and source, corrected with a reason."""

from django import forms

from core.forms import StyledForm
from experts.forms.exits import PastDayField, TextField


class RegisterDeathForm(StyledForm, forms.Form):
    died_on = PastDayField(label="去世日期")
    source = TextField(label="信息来源", rows=1, max_length=200, help_text="如：所在单位讣告、家属告知。")


class CorrectDeathForm(StyledForm, forms.Form):
    reason = TextField(label="更正理由", rows=2, max_length=200)
