"""Forms of meetings and symposia: filters of their list, planning, agenda, invitations, replies, minutes."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.enums import Attendance, GatheringKind, GatheringState, Reply
from activities.forms.choosing import ChoosingForm, ClockField, UnitField, UnitsField
from activities.models import Gathering, Guest, Invitation
from activities.models.gathering import GatheringQuerySet
from core.forms import DayInput, SearchSelect, StyledForm
from experts.filters import chosen_unit
from experts.forms.need_to_know import PeopleField, PersonField
from experts.forms.plain import PlainForm

EARLIEST = date(2014, 5, 6)  # the day of the policy
FURTHEST = timedelta(days=3 * 366)
MINE, COMING, PAST = "mine", "coming", "past"


class GatheringFilter(django_filters.FilterSet):
    """Filters of the list, kept in the URL. `queryset` is what the user may see already."""

    box = django_filters.ChoiceFilter(
        label="与我有关", choices=[(MINE, "我召集或受邀的")], method="by_box", empty_label="全部活动"
    )
    when = django_filters.ChoiceFilter(
        label="时间",
        choices=[(COMING, "今天及以后"), (PAST, "今天以前")],
        method="by_time",
        empty_label="全部时间",
    )
    kind = django_filters.ChoiceFilter(label="类型", choices=GatheringKind.choices, empty_label="类型")
    state = django_filters.ChoiceFilter(label="状态", choices=GatheringState.choices, empty_label="状态")
    unit = django_filters.ChoiceFilter(label="召集单位（含所属）", method="by_unit", empty_label="召集单位")
    since = django_filters.DateFilter(field_name="on", lookup_expr="gte", label="从", widget=DayInput)
    until = django_filters.DateFilter(field_name="on", lookup_expr="lte", label="到", widget=DayInput)

    class Meta:
        model = Gathering
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Gathering], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        extra = self.filters["unit"].extra
        extra["choices"] = [(self.unit.code, self.unit.short_name)] if self.unit else []
        extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})

    def by_unit(self, rows: GatheringQuerySet, name: str, value: str) -> GatheringQuerySet:
        return rows.within(self.unit) if self.unit else rows.none()

    def by_box(self, rows: GatheringQuerySet, name: str, value: str) -> GatheringQuerySet:
        return rows.of(self.user)

    def by_time(self, rows: GatheringQuerySet, name: str, value: str) -> GatheringQuerySet:
        today = timezone.localdate()
        return rows.filter(on__gte=today) if value == COMING else rows.filter(on__lt=today)


class DayField(forms.DateField):
    """A day since the policy and not further ahead than people plan."""

    def __init__(self, label: str = "日期", **options: Any) -> None:
        words = {"required": f"请填{label}。", "invalid": "请填日期，如 2026-12-02。"}
        super().__init__(label=label, widget=DayInput, error_messages=words, **options)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and not EARLIEST <= day <= timezone.localdate() + FURTHEST:
            raise ValidationError(f"请填 {EARLIEST} 以后、三年以内的日期。")
        return day


class HoursForm(PlainForm):
    """From when to when."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if (starts := data.get("starts")) and (ends := data.get("ends")) and ends <= starts:
            self.add_error("ends", "结束须晚于开始。")
        return data


class PlanForm(HoursForm):
    """What may be changed of a gathering that is planned."""

    title = forms.CharField(
        label="名称", max_length=120, error_messages={"required": "请填名称，如：第四季度专家工作例会。"}
    )
    on = DayField()
    starts = ClockField("开始")
    ends = ClockField("结束")
    room = forms.CharField(label="地点", max_length=120, required=False)
    invited_only = forms.BooleanField(
        label="只有建立人和受邀的人看得到",
        required=False,
        help_text="不勾选时，召集单位及上级有权限的人都看得到。",
    )


class GatheringForm(PlanForm, ChoosingForm):
    """A new gathering: also who calls it and who is invited."""

    unit = UnitField(right="change", label="召集单位")
    people = PeopleField(right="view", label="邀请人员", required=False)
    units = UnitsField(
        right="any", label="邀请单位", required=False, help_text="由该单位的联络员回复谁来参加。"
    )
    field_order = ["unit", "title", "on", "starts", "ends", "room", "people", "units", "invited_only"]

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PlanForm.base_fields}


class AgendaItemForm(PlainForm):
    title = forms.CharField(label="议题", max_length=200, required=False)
    speaker = forms.CharField(label="汇报人", max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("speaker") and not data.get("title") and not self.errors:
            self.add_error("title", "请填议题。")
        return data


AgendaFormSet = forms.formset_factory(AgendaItemForm, extra=3, max_num=40, absolute_max=60)


def agenda_of(formset: Any) -> list[tuple[str, str]]:
    """Title and speaker of every line that says something."""
    lines = (form.cleaned_data for form in formset if form.cleaned_data)
    return [(line["title"], line["speaker"]) for line in lines if line["title"]]


class InviteForm(ChoosingForm):
    people = PeopleField(right="view", label="邀请人员", required=False)
    units = UnitsField(right="any", label="邀请单位", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not data["people"] and not data["units"]:
            self.add_error("people", "请选择要邀请的人员或单位。")
        return data


class ReplyForm(ChoosingForm):
    reply = forms.ChoiceField(
        label="回复",
        choices=Reply.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否参加。", "invalid_choice": "请选择是否参加。"},
    )
    delegate = PersonField(
        right="view", label="委托给", required=False, help_text="委托他人时选；没有账号的写在下面。"
    )
    comes = forms.CharField(label="参加人", max_length=120, required=False)
    note = forms.CharField(label="说明", max_length=200, required=False)


class DropForm(PlainForm):
    """Cancelled, or not held, and why."""

    state = forms.ChoiceField(
        choices=[
            (GatheringState.CANCELLED.value, GatheringState.CANCELLED.label),
            (GatheringState.MISSED.value, GatheringState.MISSED.label),
        ],
        error_messages={"required": "请选择办理。", "invalid_choice": "没有这种办理。"},
    )
    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "请写明原因。"},
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class AttendanceForm(StyledForm, forms.Form):
    attendance = forms.ChoiceField(
        choices=[("", "未记"), *Attendance.choices],
        required=False,
        error_messages={"invalid_choice": "请选择到会情况。"},
    )


class MinutesForm(PlainForm):
    minutes = forms.CharField(
        label="纪要",
        max_length=20000,
        required=False,
        widget=forms.Textarea({"rows": 12}),
        help_text="交流了哪些进展、研究了哪些问题。议定事项在保存后逐项记。",
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


def guest_forms(guests: Iterable[Guest], data: QueryDict | None = None) -> list[tuple[Guest, AttendanceForm]]:
    """A choice for each expert, as it was noted."""
    found = []
    for each in guests:
        form = AttendanceForm(data, prefix=str(each.uuid), initial={"attendance": each.attendance})
        form.fields["attendance"].label = f"{each.expert.name} 到会情况"
        found.append((each, form))
    return found


def attendance_forms(
    invitations: Iterable[Invitation], data: QueryDict | None = None
) -> list[tuple[Invitation, AttendanceForm]]:
    """A choice for each invitation, as it was noted; who said they come are taken to have come."""
    found = []
    for each in invitations:
        usual = Attendance.CAME if each.reply in {Reply.YES, Reply.DELEGATE} else ""
        first = each.attendance or (Attendance.EXCUSED if each.reply == Reply.NO else usual)
        form = AttendanceForm(data, prefix=str(each.uuid), initial={"attendance": first})
        form.fields["attendance"].label = f"{each} 到会情况"
        found.append((each, form))
    return found
