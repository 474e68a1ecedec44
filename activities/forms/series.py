"""The form of a series of meetings: its rhythm and what every meeting has."""

from typing import Any

from django import forms

from accounts.models import Unit, User
from activities.enums import Every, Weekday, WeekOfMonth
from activities.forms.choosing import ChoosingForm, ClockField, UnitField, UnitsField
from activities.forms.gatherings import DayField, HoursForm
from activities.models import Series
from experts.forms.need_to_know import PeopleField
from experts.people import people_named

BY_WEEKDAY, BY_DAY = "weekday", "day"
OWN = ("title", "every", "first_on", "moves_off_holidays", "starts", "ends", "room", "agenda")


class SeriesForm(HoursForm, ChoosingForm):
    unit = UnitField(right="change", label="召集单位")
    title = forms.CharField(
        label="名称", max_length=80, error_messages={"required": "请填名称，如：专家工作例会。"}
    )
    every = forms.TypedChoiceField(label="多久一次", choices=Every.choices, coerce=int)
    by = forms.ChoiceField(
        label="哪一天",
        choices=[(BY_WEEKDAY, "按星期"), (BY_DAY, "按日期")],
        widget=forms.Select({"data-shows": "by"}),
    )
    week = forms.TypedChoiceField(label="第几个", choices=WeekOfMonth.choices, coerce=int, required=False)
    weekday = forms.TypedChoiceField(label="星期几", choices=Weekday.choices, coerce=int, required=False)
    day = forms.IntegerField(
        label="几日", min_value=1, max_value=31, required=False, help_text="没有这一天的月份，取最后一天。"
    )
    moves_off_holidays = forms.BooleanField(
        label="遇周末和节假日顺延到下一个工作日", required=False, initial=True
    )
    first_on = DayField(label="从哪天起", help_text="从这个月算起。")
    starts = ClockField("开始")
    ends = ClockField("结束")
    room = forms.CharField(label="地点", max_length=120, required=False)
    people = PeopleField(right="view", label="每次邀请的人员", required=False)
    units = UnitsField(right="any", label="每次邀请的单位", required=False)
    agenda = forms.CharField(
        label="常设议题",
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="一行一项，写进每一次的议程。",
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, series: Series | None = None, user: User, **kwargs: Any) -> None:
        if series is not None:
            kwargs["initial"] = as_initial(series)
        super().__init__(*args, user=user, **kwargs)
        if series is not None:
            del self.fields["unit"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("by") == BY_DAY and not data.get("day") and "day" not in self.errors:
            self.add_error("day", "请填几日。")
        for name in ("week", "weekday"):
            if data.get("by") == BY_WEEKDAY and not data.get(name) and name not in self.errors:
                self.add_error(name, "请选择。")
        if len([line for line in data.get("agenda", "").splitlines() if len(line) > 200]):
            self.add_error("agenda", "每项议题最多 200 字。")
        return data

    def facts(self) -> dict[str, Any]:
        """Columns of Series, without the unit."""
        data = self.cleaned_data
        by_day = data["by"] == BY_DAY
        return {name: data[name] for name in OWN} | {
            "day": data["day"] if by_day else None,
            "week": None if by_day else data["week"],
            "weekday": None if by_day else data["weekday"],
            "people": [each.pk for each in data["people"]],
            "units": [each.pk for each in data["units"]],
        }


def as_initial(series: Series) -> dict[str, Any]:
    return {name: getattr(series, name) for name in (*OWN, "day", "week", "weekday", "version")} | {
        "by": BY_DAY if series.day else BY_WEEKDAY,
        "people": list(people_named(series.people)),
        "units": list(Unit.objects.filter(pk__in=series.units)),
    }
