"""Forms of resolutions: noting one, reporting on it, filters of their list."""

from datetime import date

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.forms.choosing import ChoosingForm, UnitField
from activities.forms.gatherings import DayField
from activities.models import Resolution
from activities.models.resolution import ResolutionQuerySet
from core.forms import DayInput, SearchSelect
from experts.filters import chosen_unit
from experts.forms.need_to_know import PersonField
from experts.forms.plain import PlainForm

OPEN, OVERDUE, DONE = "open", "overdue", "done"


class ResolutionFilter(django_filters.FilterSet):
    """Filters of the list, kept in the URL; without any, those that are open."""

    box = django_filters.ChoiceFilter(
        label="与我有关", choices=[("mine", "我和本单位负责的")], method="by_box", empty_label="全部事项"
    )
    state = django_filters.ChoiceFilter(
        label="状态",
        choices=[(OVERDUE, "已超期"), (DONE, "已办结"), ("all", "全部")],
        method="by_state",
        empty_label="未办结",
    )
    unit = django_filters.ChoiceFilter(label="单位（含所属）", method="by_unit", empty_label="单位")
    day = django_filters.DateFilter(label="截至", method="by_day", widget=DayInput)

    class Meta:
        model = Resolution
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Resolution], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        extra = self.filters["unit"].extra
        extra["choices"] = [(self.unit.code, self.unit.short_name)] if self.unit else []
        extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})

    @property
    def found(self) -> QuerySet[Resolution]:
        rows = self.qs if self.form.is_valid() else self.queryset.none()
        return rows if self.form.cleaned_data.get("state") else rows.open()

    def by_unit(self, rows: ResolutionQuerySet, name: str, value: str) -> ResolutionQuerySet:
        return rows.within(self.unit) if self.unit else rows.none()

    def by_box(self, rows: ResolutionQuerySet, name: str, value: str) -> ResolutionQuerySet:
        return rows.of(self.user)

    def by_day(self, rows: ResolutionQuerySet, name: str, value: date) -> ResolutionQuerySet:
        """As of when something is overdue; without that it narrows nothing."""
        return rows

    def by_state(self, rows: ResolutionQuerySet, name: str, value: str) -> ResolutionQuerySet:
        if value == OVERDUE:
            return rows.overdue_on(self.form.cleaned_data["day"] or timezone.localdate())
        return rows.exclude(done_at=None) if value == DONE else rows


class ResolutionForm(ChoosingForm):
    text = forms.CharField(
        label="议定事项",
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "请写明议定了什么。"},
    )
    owner = PersonField(right="view", label="责任人", required=False)
    unit = UnitField(right="any", label="责任单位", required=False)
    due_on = DayField(label="完成期限")

    def clean(self) -> dict[str, object]:
        data = super().clean()
        if not {"owner", "unit"} & self.errors.keys() and not data["owner"] and not data["unit"]:
            self.add_error("owner", "请选择责任人或责任单位。")
        return data


class ChangeResolutionForm(ResolutionForm):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class StepForm(PlainForm):
    """What happens to a resolution: progress, done, reopened, removed."""

    PROGRESS, FINISH, REOPEN, REMOVE = "progress", "finish", "reopen", "remove"
    step = forms.ChoiceField(
        choices=[(each, each) for each in (PROGRESS, FINISH, REOPEN, REMOVE)],
        error_messages={"required": "请选择要办理的事项。", "invalid_choice": "没有这种办理。"},
    )
    text = forms.CharField(
        label="进展或结果",
        max_length=480,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        data = super().clean()
        if data.get("step") == self.PROGRESS and not data.get("text") and not self.errors:
            self.add_error("text", "请写明进展。")
        return data
