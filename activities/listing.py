"""The list of contacts: filters in the URL, order, and what a row says."""

from datetime import date, timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.coverage import contacts_by_month
from activities.enums import ContactKind, ContactState, Way
from activities.forms.contacts import experts_named
from activities.models import Contact
from activities.months import add_months, quarter_end
from core.forms import DayInput, SearchSelect
from core.paging import Order, page_by_key, url_with
from experts.filters import chips, chosen_unit
from experts.visibility import covers_everything

PAGE_SIZE = 25
DEFAULT_SORT = "-day"
ANY_WAY = "any"  # whatever the way, if only it is one: what numbers of contacts count
ORDERS = {
    "-day": Order(("on", "id"), descending=True),
    "day": Order(("on", "id")),
}
TONES = {
    ContactState.DRAFT: "neutral",
    ContactState.PLANNED: "info",
    ContactState.DONE: "ok",
    ContactState.CANCELLED: "neutral",
    ContactState.MISSED: "warn",
}
ICONS = {
    ContactKind.VISIT: "walk",
    ContactKind.PHONE: "phone",
    ContactKind.MESSAGE: "message",
    ContactKind.SYMPOSIUM: "users-group",
}
PERIODS = {
    "month": "本月",
    "quarter": "本季度",
    "year": "今年",
    "coming": "今后 30 天",
    "late": "过了日期没有记录",
}


def period(key: str, today: date) -> tuple[date, date]:
    """First and last day."""
    month = today.replace(day=1)
    last = quarter_end(today)
    return {
        "month": (month, add_months(month, 1) - timedelta(days=1)),
        "quarter": (add_months(last.replace(day=1), -2), last),
        "year": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "coming": (today, today + timedelta(days=30)),
    }[key]


class ContactFilter(django_filters.FilterSet):
    """`queryset` is what the user may see already; every choice is one the user may know of."""

    box = django_filters.ChoiceFilter(
        label="与我有关", choices=[("mine", "我的")], method="by_box", empty_label="全部联系"
    )
    kind = django_filters.ChoiceFilter(label="方式", choices=ContactKind.choices, empty_label="方式")
    state = django_filters.ChoiceFilter(label="状态", choices=ContactState.choices, empty_label="状态")
    period = django_filters.ChoiceFilter(
        label="时间", choices=list(PERIODS.items()), method="by_period", empty_label="时间"
    )
    unit = django_filters.ChoiceFilter(label="单位（含所属）", method="by_unit", empty_label="单位")
    expert = django_filters.ChoiceFilter(label="专家", method="by_expert", empty_label="专家")
    way = django_filters.ChoiceFilter(
        label="计为", choices=[(ANY_WAY, "计入联系的"), *Way.choices], method="by_way", empty_label="计为"
    )
    since = django_filters.DateFilter(field_name="on", lookup_expr="gte", label="从", widget=DayInput)
    until = django_filters.DateFilter(field_name="on", lookup_expr="lte", label="到", widget=DayInput)

    class Meta:
        model = Contact
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Contact], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        self.expert = next(iter(experts_named(user, [data.get("expert", "")])), None)
        self._choose(
            "unit", "accounts:unit_options", (self.unit.code, self.unit.short_name) if self.unit else None
        )
        self._choose(
            "expert", "contacts:experts", (str(self.expert.uuid), self.expert.name) if self.expert else None
        )

    def _choose(self, name: str, route: str, chosen: tuple[str, str] | None) -> None:
        extra = self.filters[name].extra
        extra["choices"] = [chosen] if chosen else []
        extra["widget"] = SearchSelect({"data-options-url": reverse(route)})

    def by_box(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts & Contact.objects.of(self.user)

    def by_way(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.exclude(way="") if value == ANY_WAY else contacts.filter(way=value)

    def by_unit(self, contacts: Any, name: str, value: str) -> QuerySet[Contact]:
        return contacts.within(self.unit) if self.unit else contacts.none()

    def by_expert(self, contacts: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        return contacts.filter(expert=self.expert) if self.expert else contacts.none()

    def by_period(self, contacts: Any, name: str, value: str) -> QuerySet[Contact]:
        today = timezone.localdate()
        return contacts.unrecorded_on(today) if value == "late" else contacts.between(*period(value, today))


def _unnamed(filters: ContactFilter) -> int:
    """Of the contacts that the dashboard counts, how many the list does not name since other units keep the
    experts by now. Asked where the filters are those of the dashboard; 0 elsewhere."""
    asked = {name: value for name, value in filters.form.cleaned_data.items() if value}
    first, last = asked.pop("since", None), asked.pop("until", None)
    counted = {"state": ContactState.DONE, "way": ANY_WAY, "unit": filters.unit and filters.unit.code}
    if asked != counted or not (first and last) or covers_everything(filters.user):
        return 0
    months = contacts_by_month(filters.user, filters.unit, first, last)
    return sum(sum(ways.values()) for _, ways in months) - filters.qs.count()


def list_context(user: User, params: QueryDict) -> dict[str, Any]:
    """A page of contacts."""
    filters = ContactFilter(params, Contact.objects.visible_to(user), user=user)
    is_valid = filters.form.is_valid()
    found = filters.qs if is_valid else Contact.objects.none()
    sort = params.get("sort", "")
    sort = sort if sort in ORDERS else DEFAULT_SORT
    page = page_by_key(found.for_list(), ORDERS[sort], params, PAGE_SIZE)
    return {
        "page": page,
        "rows": [dressed(contact) for contact in page.rows],
        "filters": filters,
        "chips": list(chips(filters, params)),
        "sort": params.get("sort", ""),
        "sorting": {
            "url": url_with(params, sort="day" if sort == "-day" else "-day"),
            "direction": "desc" if sort == "-day" else "asc",
        },
        "unnamed": _unnamed(filters) if is_valid else 0,
        "summary": f"每页 {PAGE_SIZE} 次",
        "today": timezone.localdate(),
        **page.urls(params),
    }


def dressed(contact: Contact) -> Contact:
    """With tone and icon for its state and kind."""
    contact.tone = TONES[ContactState(contact.state)]
    contact.icon = ICONS[ContactKind(contact.kind)]
    return contact
