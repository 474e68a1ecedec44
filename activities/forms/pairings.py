"""Filters of the lists of pairings, and the form that gives experts to a person."""

from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from activities.enums import PairingKind
from activities.models import Pairing
from activities.posts import candidates
from core.forms import DayInput, SearchSelect, StyledForm
from experts.enums import Scope
from experts.filters import chosen_unit
from experts.models import Expert, RosterEntry
from experts.search import matching

NO_ACCOUNT = (
    "找不到的，是还没有账号或角色：请系统管理员开设账号、安全管理员授予角色后再选。"
    "名字后面是已联系人数和上限。"
)
CHOOSE = "请从名单中选择一位在岗的人员。"


def options_url(**asked: str) -> str:
    """Where a picker of people asks; empty questions are left out."""
    return f"{reverse('pairings:options')}?{urlencode({name: text for name, text in asked.items() if text})}"


class UnitFilter(django_filters.FilterSet):
    """What the lists have in common: a name, and a unit with those below it."""

    q = django_filters.CharFilter(
        label="专家姓名",
        method="by_text",
        widget=forms.TextInput({"placeholder": "专家姓名、拼音、单位"}),
    )
    unit = django_filters.ChoiceFilter(label="单位（含所属）", method="by_unit", empty_label="单位")

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        extra = self.filters["unit"].extra
        extra["choices"] = [(self.unit.code, self.unit.short_name)] if self.unit else []
        extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})

    def by_text(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(expert__in=matching(Expert.objects.visible_to(self.user), value, self.user))

    def by_unit(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.within(self.unit) if self.unit else rows.none()  # type: ignore[attr-defined]


class PairingFilter(UnitFilter):
    """`queryset` is what the user may see already, with `in_post`."""

    kind = django_filters.ChoiceFilter(label="结对", choices=PairingKind.choices, empty_label="领导、联络员")
    person = django_filters.ChoiceFilter(label="联系人", field_name="person__username", empty_label="联系人")
    vacant = django_filters.ChoiceFilter(
        label="在岗", choices=[("yes", "已离任"), ("no", "在岗")], method="by_vacant", empty_label="在岗情况"
    )

    class Meta:
        model = Pairing
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Pairing], *, user: User) -> None:
        super().__init__(data, queryset, user=user)
        name = data.get("person", "").replace("\0", "")
        self.person = User.objects.filter(username=name).first() if name else None
        extra = self.filters["person"].extra
        extra["choices"] = [(self.person.username, str(self.person))] if self.person else []
        extra["widget"] = SearchSelect(
            {"data-options-url": options_url(paired="yes", unit=data.get("unit", ""))}
        )

    def by_vacant(self, pairings: QuerySet[Pairing], name: str, value: str) -> QuerySet[Pairing]:
        today = timezone.localdate()
        return pairings.vacant(today) if value == "yes" else pairings.in_post(today)  # type: ignore[attr-defined]


class UnpairedFilter(UnitFilter):
    """Over entries of rosters; `scope` key unless asked otherwise."""

    scope = django_filters.ChoiceFilter(
        label="联系范围",
        choices=[*Scope.choices, ("all", "全部范围")],
        method="by_scope",
        empty_label=None,
    )

    own = django_filters.ChoiceFilter(
        label="所属单位", choices=[("yes", "不含所属单位")], method="by_own", empty_label="含所属单位"
    )

    class Meta:
        model = RosterEntry
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[RosterEntry], *, user: User) -> None:
        asked = data.copy()
        asked.setdefault("scope", Scope.KEY.value)
        super().__init__(asked, queryset, user=user)

    def by_own(self, entries: QuerySet[RosterEntry], name: str, value: str) -> QuerySet[RosterEntry]:
        return entries.filter(place=self.unit.order) if self.unit else entries

    def by_scope(self, entries: QuerySet[RosterEntry], name: str, value: str) -> QuerySet[RosterEntry]:
        return entries if value == "all" else entries.filter(scope=value)


class GiveForm(StyledForm, forms.Form):
    """To whom experts are given, and from which day on."""

    person = forms.ModelChoiceField(
        User.objects.none(),
        label="联系人",
        to_field_name="username",
        widget=SearchSelect,
        help_text=NO_ACCOUNT,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    since = forms.DateField(
        label="自哪一天起",
        widget=DayInput,
        initial=timezone.localdate,
        error_messages={"required": "请填日期。", "invalid": "请填日期，如 2026-11-20。"},
    )

    def __init__(self, *args: Any, kind: str, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.fields["person"]
        if kind:
            person.label = PairingKind(kind).label
        people = candidates(kind, unit)
        person.queryset = people  # type: ignore[attr-defined]
        person.widget.attrs["data-options-url"] = options_url(kind=kind, unit=unit.code)
        typed = str(self.data.get("person", "")).replace("\0", "")
        chosen = people.filter(username=typed) if typed else people.none()
        person.widget.choices = [("", ""), *((each.username, str(each)) for each in chosen)]
