"""The filters of the trail, all in the URL."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from audit.models import Event
from audit.verbs import Verb
from audit.words import CHANNELS, KINDS, RESULTS
from core.forms import DayInput
from core.paging import url_with


def _text(label: str, field: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(label=label, field_name=field)


def _choice(label: str, choices: dict[str, str]) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(label=label, choices=list(choices.items()), empty_label="全部")


class TrailFilter(django_filters.FilterSet):
    """Everything is compared whole: a part of a number or name finds nothing."""

    since = django_filters.DateFilter(label="自", method="from_day", widget=DayInput)
    until = django_filters.DateFilter(label="至", method="to_day", widget=DayInput)
    user = _text("用户名", "username")
    reference = _text("编号", "reference")
    verb = _choice("行为", dict(Verb.choices))
    kind = _choice("对象", KINDS)
    result = _choice("结果", RESULTS)
    channel = _choice("途径", CHANNELS)
    address = _text("来源地址", "address")

    class Meta:
        model = Event
        fields: list[str] = []

    def from_day(self, events: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        return events.filter(at__gte=timezone.make_aware(datetime.combine(value, time.min)))

    def to_day(self, events: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        return events.filter(at__lte=timezone.make_aware(datetime.combine(value, time.max)))

    def chips(self, params: QueryDict) -> Iterator[dict[str, str]]:
        """What is filtered, in words, each with the URL that takes it off."""
        chosen: dict[str, Any] = self.form.cleaned_data if self.form.is_valid() else {}
        for name, field in self.form.fields.items():
            if not (value := chosen.get(name)):
                continue
            words = value
            if isinstance(field, forms.ChoiceField):
                words = {str(key): text for key, text in field.choices}[value]  # type: ignore[union-attr,misc]
            yield {"label": f"{field.label} {words}", "url": url_with(params, **{name: None})}
