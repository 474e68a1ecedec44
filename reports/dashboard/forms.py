"""What is asked of a dashboard: the unit, or one's own experts, and the period."""

from datetime import date
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.forms import DayInput, SearchSelect, StyledForm
from experts.forms.roster import FIRST_DAY
from reports.dashboard.own import Shown
from reports.dashboard.periods import Period, Span, until

MINE, WHOLE = "mine", "unit"


class DashboardForm(StyledForm, forms.Form):
    """Left empty it asks for this year of the highest unit in reach."""

    of = forms.ChoiceField(
        label="看谁的", choices=[(WHOLE, "单位（含所属单位）"), (MINE, "我联系的专家")], required=False
    )
    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label="单位",
        to_field_name="code",
        required=False,
        error_messages={"invalid_choice": "没有这个单位，请重新选择。"},
    )
    span = forms.ChoiceField(
        label="时段",
        choices=Span.choices,
        required=False,
        widget=forms.Select({"data-shows": "span"}),
        error_messages={"invalid_choice": "没有这种时段，请重新选择。"},
    )
    show = forms.ChoiceField(
        label="名单",
        choices=Shown.choices,
        required=False,
        error_messages={"invalid_choice": "没有这份名单，请重新选择。"},
    )
    first = forms.DateField(label="自", widget=DayInput, required=False)
    last = forms.DateField(label="至", widget=DayInput, required=False)

    def __init__(self, user: User, data: Any) -> None:
        super().__init__(data)
        self.reach = Unit.objects.reached_by(user, "view").order_by("order")
        unit = self.fields["unit"]
        assert isinstance(unit, forms.ModelChoiceField)
        unit.queryset = self.reach
        code = self.data.get("unit", "").replace("\0", "")
        chosen = [(each.code, each.short_name) for each in self.reach.filter(code=code)] if code else []
        address = reverse("accounts:unit_options")
        unit.widget = SearchSelect({"data-options-url": address}, choices=[("", "最上级单位"), *chosen])

    def clean_first(self) -> date | None:
        return _within(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        return _within(self.cleaned_data["last"])

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("span") != Span.CHOSEN:
            return
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        for name, day in (("first", first), ("last", last)):
            if day is None and name not in self.errors:
                self.add_error(name, "自选日期须填起止两天。")
        if first and last and first > last:
            self.add_error("first", "起始日期不能晚于结束日期。")

    def period(self) -> Period:
        """What a valid form asks for."""
        span = Span(self.cleaned_data["span"] or Span.YEAR)
        if span == Span.CHOSEN:
            return Period(span, self.cleaned_data["first"], self.cleaned_data["last"])
        return until(timezone.localdate(), span)

    def chosen_unit(self) -> Unit:
        return self.cleaned_data["unit"] or self.reach[0]

    def shown(self) -> Shown:
        return Shown(self.cleaned_data["show"])

    def is_mine(self) -> bool:
        return self.cleaned_data["of"] == MINE


def _within(day: date | None) -> date | None:
    if day and day < FIRST_DAY:
        raise forms.ValidationError("意见自 2014 年 5 月 6 日起施行，请选这一天或以后的日期。")
    if day and day > timezone.localdate():
        raise forms.ValidationError("请选今天或以前的日期。")
    return day
