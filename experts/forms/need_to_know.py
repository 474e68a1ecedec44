"""Forms of the need-to-know list. What they check is form; the rules are in the database."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Right
from core.chinese import as_written, clean_text
from core.forms import DayInput, SearchSelect, SearchSelectMultiple, StyledForm
from experts.models.need_to_know import last_day
from experts.people import people_with

ANYBODY = "请从名单中选择一位在用的人员。"


def options_url(right: Right) -> dict[str, str]:
    return {"data-options-url": f"{reverse('experts:people')}?right={right}"}


class PersonField(forms.ModelChoiceField):
    """A colleague who holds a right, found by typing; only the chosen one is drawn."""

    def __init__(self, *, right: Right, label: str, **options: Any) -> None:
        words = {"required": "请选择人员。", "invalid_choice": ANYBODY}
        super().__init__(
            User.objects.none(),
            label=label,
            to_field_name="username",
            widget=SearchSelect,
            error_messages=words,
            **options,
        )
        self.right = right


class PeopleField(forms.ModelMultipleChoiceField):
    """Several colleagues who hold a right."""

    def __init__(self, *, right: Right, label: str, **options: Any) -> None:
        words = {"required": "请选择人员。", "invalid_choice": ANYBODY, "invalid_list": ANYBODY}
        super().__init__(
            User.objects.none(),
            label=label,
            to_field_name="username",
            widget=SearchSelectMultiple,
            error_messages=words,
            **options,
        )
        self.right = right


class PeopleForm(StyledForm, forms.Form):
    """A form with person fields: each offers who holds its right and draws who was chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, PersonField | PeopleField):
                field.queryset = people_with(field.right)
                field.widget.attrs |= options_url(field.right)
                typed = [text.replace("\0", "") for text in self._sent(name)]
                chosen = field.queryset.filter(username__in=typed) if typed else field.queryset.none()
                empty = [("", "")] if isinstance(field, PersonField) else []
                field.widget.choices = [*empty, *((each.username, str(each)) for each in chosen)]

    def _sent(self, name: str) -> list[str]:
        data = self.data
        return data.getlist(name) if hasattr(data, "getlist") else []


class ReasonField(forms.CharField):
    """Why, in at most 200 characters."""

    def __init__(self, label: str = "事由", **options: Any) -> None:
        options.setdefault("error_messages", {"required": f"请写明{label}。"})
        super().__init__(label=label, max_length=200, widget=forms.Textarea({"rows": 2}), **options)

    def to_python(self, value: Any) -> str:
        return as_written(super().to_python(value) or "")


class EndDayField(forms.DateField):
    """The last day of a grant: from tomorrow on, a year at most."""

    def __init__(self) -> None:
        words = {"required": "请填有效期。", "invalid": "请填日期，如 2027-03-31。"}
        super().__init__(
            label="有效至", widget=DayInput, help_text="含当日，最长一年，到期可续。", error_messages=words
        )

    def clean(self, value: Any) -> date:
        day: date = super().clean(value)
        today = timezone.localdate()
        if not today < day <= last_day(today):
            raise ValidationError("有效期请填明天起一年以内的日期。")
        return day

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        today = timezone.localdate()
        return {"min": (today + timedelta(days=1)).isoformat(), "max": last_day(today).isoformat()}


class RenewForm(PeopleForm):
    reason = ReasonField()
    approver = PersonField(right="approve", label="批准人", help_text="有审批权的另一人，须已书面同意。")
    expires_on = EndDayField()


class GrantForm(RenewForm):
    """`record_number` is all that the security administrator knows of the record."""

    record_number = forms.CharField(
        label="档案号",
        max_length=20,
        help_text="形如 ZJ-7K2M9QXA，由提出需要的单位告知。",
        error_messages={"required": "请填档案号。"},
        widget=forms.TextInput({"autocomplete": "off", "autofocus": True}),
    )
    person = PersonField(right="view", label="知悉人")
    field_order = ["record_number", "person", "reason", "approver", "expires_on"]

    def clean_record_number(self) -> str:
        return clean_text(self.cleaned_data["record_number"]).upper()


class EndForm(StyledForm, forms.Form):
    reason = ReasonField("结束原因")
