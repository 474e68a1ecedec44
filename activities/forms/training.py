"""Forms of training: a plan, a class, a session, and the filters of the lists."""

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import ClassState, TrainingKind
from activities.models import Nomination, TrainingClass, TrainingPlan, TrainingSession
from core.forms import DayInput, SearchSelect, StyledForm
from core.markings import MARKED, find_marking
from experts.filters import chosen_unit
from experts.models import Expert
from experts.search import matching

FIRST_YEAR = 2014  # of the policy
LONGEST = 366  # days


class Unmarked(forms.BaseForm):
    """No text of the form bears a secrecy marking; what is missing is called by its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            verb = "选择" if isinstance(field, forms.ChoiceField) else "填"
            field.error_messages["required"] = f"请{verb}{field.label}。"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name, value in list(data.items()):
            if isinstance(value, str) and find_marking(value):
                self.add_error(name, MARKED)
        return data


class PlanForm(StyledForm, Unmarked, forms.ModelForm):
    """Which unit, which year, and what is meant. Unit and year are chosen once."""

    unit = forms.ModelChoiceField(
        Unit.objects.none(),
        label="单位",
        to_field_name="code",
        widget=SearchSelect,
        error_messages={"required": "请选择单位。", "invalid_choice": "您没有在该单位起草计划的权限。"},
    )

    class Meta:
        model = TrainingPlan
        fields = ["unit", "year", "note"]
        widgets = {"note": forms.Textarea({"rows": 4})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["unit"], self.fields["year"]
            return
        field = self.fields["unit"]
        field.queryset = Unit.objects.reached_by(user, "change").active()  # type: ignore[attr-defined]
        field.widget.attrs["data-options-url"] = f"{reverse('accounts:unit_options')}?right=change"
        typed = str(self.data.get("unit") or (user.unit.code if user.unit else "")).replace("\0", "")
        chosen = field.queryset.filter(code=typed)  # type: ignore[attr-defined]
        field.widget.choices = [("", ""), *((each.code, str(each)) for each in chosen)]
        self.initial.update(unit=typed, year=timezone.localdate().year)

    def clean_year(self) -> int:
        year: int = self.cleaned_data["year"]
        if not FIRST_YEAR <= year <= timezone.localdate().year + 2:
            raise ValidationError(f"年度请填 {FIRST_YEAR} 到 {timezone.localdate().year + 2} 之间的年份。")
        return year

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""


class ClassForm(StyledForm, Unmarked, forms.ModelForm):
    """What a class is, where and when, for how many, until when units nominate."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = TrainingClass
        fields = ["kind", "title", "base", "starts_on", "ends_on", "nominate_by", "places", "note"]
        widgets = {
            "starts_on": DayInput, "ends_on": DayInput, "nominate_by": DayInput,
            "note": forms.Textarea({"rows": 3}),
        }  # fmt: skip

    def __init__(self, *args: Any, plan: TrainingPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.fields["base"].help_text = "例如党校、行政学院、干部教育基地。"
        self.fields["nominate_by"].help_text = "当天仍可推荐，过后各单位不能再推荐。"
        self.fields["places"].widget.attrs |= {"min": 1, "max": 2000, "inputmode": "numeric"}
        if self.instance.pk:
            self.initial["version"] = self.instance.version

    def clean_places(self) -> int:
        places: int = self.cleaned_data["places"]
        if not 1 <= places <= 2000:
            raise ValidationError("名额请填 1 到 2000 之间的整数。")
        return places

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, end, deadline = data.get("starts_on"), data.get("ends_on"), data.get("nominate_by")
        if start and start.year != self.plan.year:
            self.add_error("starts_on", f"这是 {self.plan.year} 年的计划，请选这一年的日期。")
        if start and end and not start <= end:
            self.add_error("ends_on", "结束不能早于开始。")
        elif start and end and (end - start).days > LONGEST:
            self.add_error("ends_on", "一个班次不超过一年。")
        if start and deadline and deadline > start:
            self.add_error("nominate_by", "推荐截止不能晚于开班。")
        return data

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class SessionForm(StyledForm, Unmarked, forms.ModelForm):
    class Meta:
        model = TrainingSession
        fields = ["on", "part", "topic"]
        widgets = {"on": DayInput}

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""


class ClassFilter(django_filters.FilterSet):
    """Filters of the list of classes, kept in the URL. `queryset` is what the user may see already."""

    q = django_filters.CharFilter(
        label="名称",
        field_name="title",
        lookup_expr="icontains",
        widget=forms.TextInput({"placeholder": "名称"}),
    )
    year = django_filters.ChoiceFilter(label="年度", field_name="plan__year", empty_label="年度")
    kind = django_filters.ChoiceFilter(label="类型", choices=TrainingKind.choices, empty_label="类型")
    state = django_filters.ChoiceFilter(
        label="状态",
        choices=[("open", "可以推荐"), ("held", "已开班"), *ClassState.choices],
        method="by_state",
        empty_label="状态",
    )
    unit = django_filters.ChoiceFilter(label="主办单位（含所属）", method="by_unit", empty_label="主办单位")
    since = django_filters.DateFilter(
        field_name="starts_on", lookup_expr="gte", label="开班从", widget=DayInput
    )
    until = django_filters.DateFilter(
        field_name="starts_on", lookup_expr="lte", label="开班到", widget=DayInput
    )

    class Meta:
        model = TrainingClass
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[TrainingClass], *, user: User) -> None:
        super().__init__(data, queryset)
        self.unit = chosen_unit(user, data.get("unit", ""))
        this_year = timezone.localdate().year
        self.filters["year"].extra["choices"] = [
            (str(year), f"{year} 年") for year in range(this_year + 2, FIRST_YEAR - 1, -1)
        ]
        choose_unit(self.filters["unit"], self.unit)

    def by_state(self, classes: Any, name: str, value: str) -> QuerySet[TrainingClass]:
        if value == "held":
            return classes.held()
        return classes.open_on(timezone.localdate()) if value == "open" else classes.filter(state=value)

    def by_unit(self, classes: Any, name: str, value: str) -> QuerySet[TrainingClass]:
        return classes.within(self.unit) if self.unit else classes.none()


class TrainedFilter(django_filters.FilterSet):
    """Of the list of those who took part: the nominating unit, and when their class began."""

    q = django_filters.CharFilter(
        method="by_name", label="姓名", max_length=60, widget=forms.TextInput({"placeholder": "姓名、拼音"})
    )
    unit = django_filters.ChoiceFilter(label="推荐单位（含所属）", method="by_unit", empty_label="推荐单位")
    since = django_filters.DateFilter(
        field_name="training__starts_on", lookup_expr="gte", label="开班从", widget=DayInput
    )
    until = django_filters.DateFilter(
        field_name="training__starts_on", lookup_expr="lte", label="开班到", widget=DayInput
    )

    class Meta:
        model = Nomination
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Nomination], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        choose_unit(self.filters["unit"], self.unit)

    def by_name(self, rows: Any, name: str, value: str) -> QuerySet[Nomination]:
        named = matching(Expert.objects.visible_to(self.user), value.replace("\0", "").strip(), self.user)
        return rows.filter(expert__in=named.order_by().values("pk"))

    def by_unit(self, rows: Any, name: str, value: str) -> QuerySet[Nomination]:
        return rows.within(self.unit) if self.unit else rows.none()


def choose_unit(field: django_filters.ChoiceFilter, unit: Unit | None) -> None:
    """Only the unit of the address is a choice; the others are searched for."""
    field.extra["choices"] = [(unit.code, unit.short_name)] if unit else []
    field.extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})
