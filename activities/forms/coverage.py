"""What is asked of coverage: the day, which of its numbers, and the cause of gaps."""

from datetime import date

from django import forms
from django.utils import timezone

from activities.enums import CoverageList, GapCause
from core.forms import DayInput, StyledForm
from experts.enums import Scope
from experts.forms.roster import FIRST_DAY

# Newly listed experts are no gap, so no gap has this cause.
CAUSES = [choice for choice in GapCause.choices if choice[0] != GapCause.NEWLY_LISTED]


class CoverageForm(StyledForm, forms.Form):
    """Left empty it asks for today's gaps among key experts."""

    day = forms.DateField(label="哪一天", widget=DayInput, required=False)
    scope = forms.ChoiceField(label="联系范围", choices=Scope.choices, required=False)
    state = forms.ChoiceField(label="名单", choices=CoverageList.choices, required=False)
    cause = forms.ChoiceField(label="未联系原因", choices=[("", "全部"), *CAUSES], required=False)
    listed = forms.BooleanField(label="只看名单上的", required=False)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"] or timezone.localdate()
        if not FIRST_DAY <= day <= timezone.localdate():
            raise forms.ValidationError("请选 2014 年 5 月 6 日（意见施行）到今天之间的日期。")
        return day

    def clean_scope(self) -> Scope:
        return Scope(self.cleaned_data["scope"] or Scope.KEY)

    def clean_state(self) -> CoverageList:
        return CoverageList(self.cleaned_data["state"] or CoverageList.GAP)

    def clean_cause(self) -> GapCause | None:
        return GapCause(self.cleaned_data["cause"]) if self.cleaned_data["cause"] else None

    def clean(self) -> None:
        super().clean()
        state = self.cleaned_data.get("state")
        if self.cleaned_data.get("cause") and state != CoverageList.GAP:
            self.add_error("cause", "只有“未联系”的名单才有原因，请先选“未联系”。")
        if state == CoverageList.UNLED and self.cleaned_data.get("scope") != Scope.KEY:
            self.add_error("scope", "联系领导只为重点联系的专家指定，请选“重点联系”。")
