"""Forms of the yearly review: opening a round and closing it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.chinese import as_written
from core.forms import DayInput, SearchSelect, StyledForm
from core.markings import MARKED, find_marking
from experts.models import Expert

FURTHEST = timedelta(days=366)
DAY = {"required": "请填日期。", "invalid": "请填日期，如 2026-11-20。"}


class RoundForm(StyledForm, forms.Form):
    """Which unit, and when; a first day to come plans the round."""

    unit = forms.ChoiceField(
        label="单位",
        widget=SearchSelect,
        error_messages={"required": "请选择单位。", "invalid_choice": "请从名单中选择您负责审批的单位。"},
    )
    starts_on = forms.DateField(
        label="开始日期", widget=DayInput, error_messages=DAY, help_text="这一天以后的核实算作本轮。"
    )
    due_on = forms.DateField(
        label="截止日期",
        widget=DayInput,
        required=False,
        error_messages=DAY,
        help_text="留空按单位参数推算。",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = Unit.objects.reached_by(user, "approve").active()
        wanted = self.data.get("unit", "").replace("\0", "") or (user.unit.code if user.unit else "")
        chosen = [(unit.code, str(unit)) for unit in self.units.filter(code=wanted)]
        self.fields["unit"].choices = chosen  # type: ignore[attr-defined]
        self.fields["unit"].widget.attrs["data-options-url"] = (
            reverse("accounts:unit_options") + "?right=approve"
        )
        self.initial.update({"unit": wanted, "starts_on": timezone.localdate()})

    def clean_unit(self) -> Unit:
        return self.units.get(code=self.cleaned_data["unit"])

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if abs(day - timezone.localdate()) > FURTHEST:
            raise ValidationError("开始日期请填前后一年以内的日子。")
        return day

    def clean(self) -> dict[str, Any]:
        start, due = self.cleaned_data.get("starts_on"), self.cleaned_data.get("due_on")
        if start and due and not start <= due <= start + FURTHEST:
            self.add_error("due_on", "截止日期请填开始日期之后、一年以内的日子。")
        return self.cleaned_data


class CorrectForm(StyledForm, forms.ModelForm):
    """One line of those corrected together: the key fields that change most. `version` is the record's as the
    line showed it; a line that is left as it is says that all of it still holds."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    stale = False  # somebody saved meanwhile, and this is the record as it stands

    class Meta:
        model = Expert
        fields = ["employer", "post", "title", "category"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version
        self.fields["category"].required = True
        for name in self.Meta.fields:
            self.fields[name].widget.attrs["aria-label"] = f"{self.instance.name}的{self.fields[name].label}"

    def clean(self) -> dict[str, Any]:
        super().clean()
        for name in ("employer", "post", "title"):
            self.cleaned_data[name] = value = as_written(self.cleaned_data.get(name, ""))
            if find_marking(value):
                self.add_error(name, MARKED)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


def correct_forms(experts: Iterable[Expert], data: QueryDict | None = None) -> list[CorrectForm]:
    return [CorrectForm(data, instance=expert, prefix=str(expert.uuid)) for expert in experts]


class CloseForm(StyledForm, forms.Form):
    note = forms.CharField(
        label="小结",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 3}),
        help_text="如未核实的原因和后续安排；不写专家姓名和个人情况。",
    )
