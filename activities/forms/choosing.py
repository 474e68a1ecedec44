"""Fields of activities: colleagues and units found by typing, clock times, texts without markings."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Unit
from core.forms import SearchSelect, SearchSelectMultiple
from experts.forms.need_to_know import PeopleField, PersonField, options_url
from experts.forms.plain import PlainForm
from experts.people import people_with

ANY_UNIT = "请从名单中选择一个在用的单位。"


class ClockInput(forms.TimeInput):
    """A time of day, in the browser's own control."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class ClockField(forms.TimeField):
    def __init__(self, label: str, **options: Any) -> None:
        words = {"required": f"请填{label}时间。", "invalid": "请填时间，如 14:00。"}
        super().__init__(label=label, widget=ClockInput, error_messages=words, **options)


class UnitField(forms.ModelChoiceField):
    """A unit found by typing; `right` is that of accounts:unit_options, by which the form offers units."""

    def __init__(self, *, right: str, label: str, **options: Any) -> None:
        words = {"required": "请选择单位。", "invalid_choice": ANY_UNIT}
        super().__init__(
            Unit.objects.none(),
            label=label,
            to_field_name="code",
            widget=SearchSelect,
            error_messages=words,
            **options,
        )
        self.right = right


class UnitsField(forms.ModelMultipleChoiceField):
    def __init__(self, *, right: str, label: str, **options: Any) -> None:
        words = {"required": "请选择单位。", "invalid_choice": ANY_UNIT, "invalid_list": ANY_UNIT}
        super().__init__(
            Unit.objects.none(),
            label=label,
            to_field_name="code",
            widget=SearchSelectMultiple,
            error_messages=words,
            **options,
        )
        self.right = right


class ChoosingForm(PlainForm):
    """A form with fields for colleagues and units: each offers whom the user may choose, and draws only who
    is chosen."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        for name, field in self.fields.items():
            if isinstance(field, PersonField | PeopleField):
                field.widget.attrs |= options_url(field.right)
                self._offer(name, field, people_with(field.right))
            elif isinstance(field, UnitField | UnitsField):
                field.widget.attrs["data-options-url"] = (
                    f"{reverse('accounts:unit_options')}?right={field.right}"
                )
                self._offer(name, field, self._units(field.right))

    def _units(self, right: str) -> QuerySet[Unit]:
        if right == "any":
            return Unit.objects.active()
        return Unit.objects.reached_by(self.user, right).active()

    def _offer(self, name: str, field: Any, rows: QuerySet[Any]) -> None:
        field.queryset = rows
        key = field.to_field_name
        drawn = [(getattr(each, key), str(each)) for each in self._chosen(name, key, rows)]
        several = isinstance(field, forms.ModelMultipleChoiceField)
        field.widget.choices = drawn if several else [("", ""), *drawn]

    def _chosen(self, name: str, key: str, rows: QuerySet[Any]) -> list[Any]:
        if not self.is_bound:
            first = self.get_initial_for_field(self.fields[name], name) or []
            return list(first) if isinstance(first, list | QuerySet) else [first]
        sent = self.data.getlist(self.add_prefix(name)) if hasattr(self.data, "getlist") else []
        typed = [text.replace("\0", "") for text in sent if text]
        return list(rows.filter(**{f"{key}__in": typed})) if typed else []
