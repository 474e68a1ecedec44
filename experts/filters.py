"""Filters of the expert list, kept in the URL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.cache import cache
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.forms import SearchSelect
from core.paging import PAGING, url_with
from experts.enums import AwardState, Category, Freshness, Label, Scope
from experts.freshness import ConfirmationLimits
from experts.list_parts import FILTERS, ListFilter
from experts.models import Award, Discipline, Expert, Honour
from experts.models.expert import years_before
from experts.search import matching

AGES = [
    ("-35", "35 岁以下"),
    ("36-45", "36—45 岁"),
    ("46-55", "46—55 岁"),
    ("56-65", "56—65 岁"),
    ("66-", "66 岁以上"),
]
UNDECIDED = "none"
LIVING, DIED = "living", "died"
BROAD = {"scope", "category", "age", "label", "freshness"}  # filters with a few choices for everybody
LIVES = [(LIVING, "不含已故"), (DIED, "已故")]


def discipline_choices() -> list[tuple[str, str]]:
    return cache.get_or_set("disciplines", lambda: [(d.code, str(d)) for d in Discipline.objects.all()], 60)  # type: ignore[return-value]


def honour_choices() -> list[tuple[str, str]]:
    return cache.get_or_set("honours", lambda: [(h.code, h.name) for h in Honour.objects.all()], 60)  # type: ignore[return-value]


def visible_labels(user: User) -> list[tuple[int, str]]:
    """Labels that the user may meet by role; the list never speaks of others."""
    return [(label.value, label.label) for label in Label if label <= user.clearance]


def chosen_unit(user: User, code: str) -> Unit | None:
    """The unit now chosen, if the user may look at it; others come by typing (accounts:unit_options)."""
    if not code or "\0" in code:
        return None
    return Unit.objects.reached_by(user, "view").filter(code=code).first()


class ExpertFilter(django_filters.FilterSet):
    """`queryset` is what the user may see already; every choice is one the user may know of."""

    q = django_filters.CharFilter(
        label="姓名、拼音、单位",
        method="by_text",
        widget=forms.TextInput({"placeholder": "姓名、拼音、单位"}),
    )
    scope = django_filters.ChoiceFilter(label="联系范围", choices=Scope.choices, empty_label="联系范围")
    honour = django_filters.ChoiceFilter(
        label="称号", choices=honour_choices, method="by_honour", empty_label="称号", widget=SearchSelect
    )
    discipline = django_filters.ChoiceFilter(
        label="学科",
        choices=discipline_choices,
        field_name="discipline_id",
        empty_label="学科",
        widget=SearchSelect,
    )
    category = django_filters.ChoiceFilter(
        label="类别",
        choices=[*Category.choices, (UNDECIDED, "未定类别")],
        method="by_category",
        empty_label="类别",
    )
    unit = django_filters.ChoiceFilter(label="联系单位（含所属）", method="by_unit", empty_label="联系单位")
    age = django_filters.ChoiceFilter(label="年龄", choices=AGES, method="by_age", empty_label="年龄")
    label = django_filters.ChoiceFilter(label="标签", empty_label="标签")
    freshness = django_filters.ChoiceFilter(
        label="信息核实", choices=Freshness.choices, method="by_freshness", empty_label="信息核实"
    )

    life = django_filters.ChoiceFilter(
        label="是否已故", choices=LIVES, method="by_life", empty_label="含已故"
    )
    pending = django_filters.ChoiceFilter(
        label="奖项核实", choices=[("yes", "有待核实奖项")], method="by_pending", empty_label="奖项核实"
    )

    class Meta:
        model = Expert
        fields: list[str] = []

    def __init__(
        self, data: QueryDict, queryset: QuerySet[Expert], *, user: User, limits: ConfirmationLimits
    ) -> None:
        super().__init__(data, queryset)
        self.user, self.limits = user, limits
        self.filters["label"].extra["choices"] = visible_labels(user)
        unit = self.filters["unit"]
        self.unit = chosen_unit(user, data.get("unit", ""))
        unit.extra["choices"] = [(self.unit.code, self.unit.short_name)] if self.unit else []
        unit.extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})
        self.added = {each.name: each for each in FILTERS}
        self.filters |= {each.name: self._added_filter(each) for each in FILTERS}

    def _added_filter(self, added: ListFilter) -> django_filters.ChoiceFilter:
        """A filter of an app above, for where its own rows do not lead."""

        def among(experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
            row = added.rows(self.user, value).filter(expert=OuterRef("pk")).values("pk")[:1]
            return experts.filter(IsNull(Subquery(row), False))  # row by row: a page needs few

        return django_filters.ChoiceFilter(
            label=added.label, choices=added.choices, method=among, empty_label=added.label
        )

    @property
    def added_fields(self) -> list[forms.BoundField]:
        return [self.form[name] for name in self.added]

    @property
    def leading(self) -> QuerySet[Any] | None:
        """The rows of the first added filter that is chosen: the list then follows them."""
        name = self._leader
        return self.added[name].rows(self.user, self.form.cleaned_data[name]) if name else None

    @property
    def _leader(self) -> str:
        return next((name for name in self.added if self.form.cleaned_data[name]), "")

    @property
    def text(self) -> str:
        return str(self.form.cleaned_data["q"]).strip()

    @property
    def narrows(self) -> bool:
        """Whether anything but the text is asked for."""
        return any(value for name, value in self.form.cleaned_data.items() if name != "q")

    @property
    def narrows_leading(self) -> bool:
        """Whether anything but the text and the leading rows is asked for."""
        return bool(self._beside_leading)

    @property
    def is_broad(self) -> bool:
        """Whether all of that leaves a good part of everybody."""
        return self._beside_leading <= BROAD

    @property
    def _beside_leading(self) -> set[str]:
        return {name for name, value in self.form.cleaned_data.items() if value} - {"q", self._leader}

    def narrow(self, experts: QuerySet[Expert]) -> QuerySet[Expert]:
        """Those among `experts` that fit everything but the text."""
        return self._narrowed(experts, {"q"})

    def narrow_leading(self, experts: QuerySet[Expert]) -> QuerySet[Expert]:
        """Those among `experts` that fit everything but the text and what the leading rows say already."""
        return self._narrowed(experts, {"q", self._leader})

    def _narrowed(self, experts: QuerySet[Expert], but: set[str]) -> QuerySet[Expert]:
        for name, value in self.form.cleaned_data.items():
            if name not in but:
                experts = self.filters[name].filter(experts, value)
        return experts

    def by_text(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        return matching(experts, value, self.user)

    def by_honour(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        held = Award.objects.visible_to(self.user).filter(honour__code=value)
        return experts.filter(pk__in=held.values("expert_id"))

    def by_category(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        if value == UNDECIDED:
            return experts.filter(category="", died_on__isnull=True)
        return experts.filter(category=value)

    def by_unit(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        return experts.in_units(self.unit) if self.unit else experts.none()  # type: ignore[attr-defined]

    def by_age(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        youngest, _, oldest = value.partition("-")
        today = timezone.localdate()
        if youngest:
            experts = experts.filter(birth__lte=years_before(today, int(youngest)))
        if oldest:
            experts = experts.filter(birth__gt=years_before(today, int(oldest) + 1))
        return experts

    def by_pending(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        waiting = Award.objects.visible_to(self.user).filter(state=AwardState.PENDING)
        return experts.filter(pk__in=waiting.values("expert_id"))

    def by_freshness(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        """Of the living: nothing of the dead is to be confirmed."""
        stale = self.limits.stale()
        return experts.filter(stale if value == Freshness.STALE else ~stale, died_on__isnull=True)

    def by_life(self, experts: QuerySet[Expert], name: str, value: str) -> QuerySet[Expert]:
        return experts.filter(died_on__isnull=value == LIVING)


@dataclass(frozen=True)
class Chip:
    """A filter in force and the URL without it."""

    label: str
    url: str

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)


def chips(filters: ExpertFilter, params: QueryDict) -> Iterator[Chip]:
    """What is filtered, in words."""
    for name, field in filters.form.fields.items():
        value = filters.form.cleaned_data.get(name) if filters.form.is_valid() else None
        if not value:
            continue
        text = value
        if isinstance(field, forms.ChoiceField):
            text = {str(key): words for key, words in field.choices}.get(value, value)  # type: ignore[union-attr,misc]
        elif isinstance(field, forms.DateField):
            text = f"{field.label} {value}"
        yield Chip(str(text), url_with(params, **{name: None}))


def saved_query(params: QueryDict) -> str:
    """The part of the URL worth keeping under a name: filters and order, no page."""
    query = params.copy()
    for name in PAGING:
        query.pop(name, None)
    return query.urlencode()
