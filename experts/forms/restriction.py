"""Forms of a request to restrict a record or to lift the restriction."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.chinese import clean_text
from core.forms import DayInput, StyledForm
from experts.enums import Label
from experts.forms.need_to_know import EndDayField, PeopleField, PeopleForm, ReasonField
from experts.models import RestrictionState
from experts.models.need_to_know import FEWEST


class ConfirmedForm(PeopleForm):
    """What both requests need: why, and who confirmed in writing that no state secret is in the record."""

    reason = ReasonField("申请理由")
    secrecy_officer = forms.CharField(
        label="保密干部姓名",
        max_length=60,
        help_text="已书面确认这份档案不含国家秘密的人。",
        error_messages={"required": "请填保密干部姓名。"},
    )
    confirmed_on = forms.DateField(
        label="书面确认日期",
        widget=DayInput,
        error_messages={"required": "请填书面确认日期。", "invalid": "请填日期，如 2026-11-20。"},
    )

    def clean_secrecy_officer(self) -> str:
        name = clean_text(self.cleaned_data["secrecy_officer"])
        if not name:
            raise ValidationError("请填保密干部姓名。")
        return name

    def clean_confirmed_on(self) -> date:
        day: date = self.cleaned_data["confirmed_on"]
        if day > timezone.localdate():
            raise ValidationError("书面确认日期不能晚于今天。")
        return day

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class RestrictForm(ConfirmedForm):
    persons = PeopleField(
        right="view",
        label="知悉人",
        help_text="至少两人；批准人不能在其中。您自己需要继续查看的，也要选上。",
    )
    expires_on = EndDayField()
    reason = ReasonField("申请理由", help_text="安全管理员会看到，请不要写专家的姓名和资料。")
    field_order = ["persons", "expires_on", "reason", "secrecy_officer", "confirmed_on"]

    def clean_persons(self) -> list[int]:
        persons = sorted(person.pk for person in self.cleaned_data["persons"])
        if len(persons) < FEWEST:
            raise ValidationError("请至少选择两人。")
        return persons


class LiftForm(ConfirmedForm):
    new_label = forms.TypedChoiceField(
        label="解除后的标签",
        coerce=int,
        choices=[(Label.SENSITIVE.value, "敏感"), (Label.INTERNAL.value, "内部")],
        error_messages={"required": "请选择解除后的标签。", "invalid_choice": "请选择内部或敏感。"},
    )
    field_order = ["new_label", "reason", "secrecy_officer", "confirmed_on"]


class DecideForm(StyledForm, forms.Form):
    decision = forms.ChoiceField(
        choices=[
            choice for choice in RestrictionState.choices if choice[0] != RestrictionState.PENDING.value
        ],
        error_messages={"required": "请选择批准或不批准。", "invalid_choice": "请选择批准或不批准。"},
    )
    note = forms.CharField(
        label="办理意见",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text="不批准的，请写明理由。",
    )

    def clean_decision(self) -> RestrictionState:
        return RestrictionState(self.cleaned_data["decision"])
