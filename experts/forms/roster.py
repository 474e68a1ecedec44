"""What is asked of a roster: the day, an earlier day to compare with, the units below."""

from datetime import date

from django import forms
from django.utils import timezone

from core.forms import DayInput, StyledForm
from experts.enums import Scope

FIRST_DAY = date(2014, 5, 6)  # the opinion's own


class RosterForm(StyledForm, forms.Form):
    day = forms.DateField(label="哪一天的名单", widget=DayInput, required=False)
    since = forms.DateField(label="与哪一天相比", widget=DayInput, required=False)
    scope = forms.ChoiceField(label="联系范围", choices=[("", "全部"), *Scope.choices], required=False)
    below = forms.BooleanField(label="含所属单位", required=False)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"] or timezone.localdate()
        return _within(day)

    def clean_since(self) -> date | None:
        since: date | None = self.cleaned_data["since"]
        return _within(since) if since else None

    def clean(self) -> None:
        super().clean()
        day, since = self.cleaned_data.get("day"), self.cleaned_data.get("since")
        if day and since and since >= day:
            self.add_error("since", "相比的日期须早于名单的日期。")


class MovementForm(StyledForm, forms.Form):
    """A stretch of days; left empty this month."""

    since = forms.DateField(label="从", widget=DayInput, required=False)
    until = forms.DateField(label="到", widget=DayInput, required=False)

    def clean_since(self) -> date:
        return _within(self.cleaned_data["since"] or timezone.localdate().replace(day=1))

    def clean_until(self) -> date:
        return _within(self.cleaned_data["until"] or timezone.localdate())

    def clean(self) -> None:
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("since", "起始日期不能晚于结束日期。")


def _within(day: date) -> date:
    if day < FIRST_DAY:
        raise forms.ValidationError("意见自 2014 年 5 月 6 日起施行，请选这一天或以后的日期。")
    if day > timezone.localdate():
        raise forms.ValidationError("请选今天或以前的日期。")
    return day
