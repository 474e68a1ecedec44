"""What is asked of coverage: the day, which of its numbers, and the cause of gaps."""

from datetime import date

from django import forms
from django.utils import timezone

from activities.enums import CoverageState, GapCause
from core.forms import DayInput, StyledForm
from experts.enums import Scope
from experts.forms.roster import FIRST_DAY

# Newly listed experts are no gap, so no gap has this cause.
CAUSES = [choice for choice in GapCause.choices if choice[0] != GapCause.NEWLY_LISTED]
STATES = [(CoverageState.GAP.value, "未联系"), (CoverageState.COVERED.value, "已联系"),
          (CoverageState.FRESH.value, "新列入")]  # fmt: skip


class CoverageForm(StyledForm, forms.Form):
    """Left empty it asks for today's gaps among key experts."""

    day = forms.DateField(label="哪一天", widget=DayInput, required=False)
    scope = forms.ChoiceField(label="联系范围", choices=Scope.choices, required=False)
    state = forms.ChoiceField(label="名单", choices=STATES, required=False)
    cause = forms.ChoiceField(label="未联系原因", choices=[("", "全部"), *CAUSES], required=False)
    listed = forms.BooleanField(label="只看名单上的", required=False)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"] or timezone.localdate()
        if not FIRST_DAY <= day <= timezone.localdate():
            raise forms.ValidationError("请选 2014 年 5 月 6 日（意见施行）到今天之间的日期。")
        return day

    def clean_scope(self) -> Scope:
        return Scope(self.cleaned_data["scope"] or Scope.KEY)

    def clean_state(self) -> CoverageState:
        return CoverageState(self.cleaned_data["state"] or CoverageState.GAP)

    def clean_cause(self) -> GapCause | None:
        return GapCause(self.cleaned_data["cause"]) if self.cleaned_data["cause"] else None

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("cause") and self.cleaned_data.get("state") != CoverageState.GAP:
            self.add_error("cause", "只有“未联系”的名单才有原因，请先选“未联系”。")
