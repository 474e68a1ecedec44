"""Forms of the import wizard: upload, columns, mending a held row, taking over an unknown award."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.forms import FileDrop, SearchSelect, StyledForm
from core.markings import find_marking
from exchange.synonyms import FIELD_LABELS, FIRST_FILLED, REPEATABLE
from experts.enums import HonourLevel

LISTED_UNITS = 200  # up to this many are listed; beyond that the picker fetches what is typed
LONGEST_TEXT = 2000
LEAVE_OUT = ("", "不导入")
LEVELS = [
    ("", "请选择"),
    (HonourLevel.NATIONAL.value, HonourLevel.NATIONAL.label),
    (HonourLevel.MUNICIPAL.value, HonourLevel.MUNICIPAL.label),
]
MARKED = "含有密级标志“{}”。本系统为非涉密系统，不得录入。"


def unmarked(text: Any) -> None:
    """Refuse a text that bears a secrecy marking."""
    if marking := find_marking(str(text)):
        raise ValidationError(MARKED.format(marking))


class UploadForm(StyledForm, forms.Form):
    """A roster and the unit that its new experts go to."""

    file = forms.FileField(
        label="名册文件",
        widget=FileDrop({"accept": ".xlsx,.xls,.csv"}),
        error_messages={"required": "请选择名册文件。", "empty": "这是一个空文件，请重新选择。"},
    )
    unit = forms.ChoiceField(
        label="联系单位",
        help_text="名册里新增的专家归到这个单位；只能选您维护的单位。",
        error_messages={
            "required": "请选择联系单位。",
            "invalid_choice": "您没有在该单位维护专家的权限，请另选单位。",
        },
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reach = Unit.objects.reached_by(user, "change").active()
        wanted = self.data.get("unit") or (user.unit.code if user.unit else "")
        listed = list(self.reach.order_by("order")[: LISTED_UNITS + 1])
        widget = SearchSelect()
        if len(listed) > LISTED_UNITS:
            listed = list(self.reach.filter(code=wanted)) or listed[:1]
            widget = SearchSelect({"data-options-url": reverse("accounts:unit_options") + "?right=change"})
        field = self.fields["unit"]
        field.widget = widget
        field.choices = [(unit.code, unit.short_name) for unit in listed]  # type: ignore[attr-defined]
        known = {unit.code for unit in listed}
        self.initial["unit"] = wanted if wanted in known else next(iter(known), "")

    def clean_unit(self) -> Unit:
        return self.reach.get(code=self.cleaned_data["unit"])


class ColumnsForm(StyledForm, forms.Form):
    """What each column of the sheet means. `headers` are its texts by column number."""

    def __init__(
        self, data: Any = None, *, headers: Mapping[int, str], chosen: Mapping[int, str], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.headers = headers
        for index, text in headers.items():
            self.fields[self.key(index)] = forms.ChoiceField(
                label=f"“{text}”对应的项目",
                choices=[LEAVE_OUT, *FIELD_LABELS.items()],
                initial=chosen.get(index, ""),
                required=False,
            )

    @staticmethod
    def key(index: int) -> str:
        return f"column-{index}"

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for index, text in self.headers.items():
            chosen = self.cleaned_data.get(self.key(index), "")
            if chosen and chosen not in REPEATABLE | FIRST_FILLED and chosen in taken:
                label = FIELD_LABELS[chosen]
                self.add_error(self.key(index), f"“{label}”只能对应一列，已经选给了“{taken[chosen]}”列。")
            elif chosen:
                taken[chosen] = text
        if "name" not in taken and not self.errors:
            raise ValidationError("请指出哪一列是姓名。")
        return self.cleaned_data

    def columns(self) -> dict[int, str]:
        """Field by column number, "" for a column left out."""
        return {index: self.cleaned_data[self.key(index)] for index in self.headers}


class CellField(forms.CharField):
    """The text of a cell, line breaks as spreadsheets have them."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class FixForm(StyledForm, forms.Form):
    """The texts of a held row that are in question, and the name. `reasons` are by field."""

    def __init__(
        self, data: Any = None, *, texts: Mapping[str, str], reasons: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        for key, label in FIELD_LABELS.items():
            if key != "name" and key not in reasons:
                continue
            text = texts.get(key, "").strip()
            is_long = key == "honour" or "\n" in text or len(text) > 30
            self.fields[key] = CellField(
                label=label,
                initial=text,
                required=False,
                max_length=max(LONGEST_TEXT, len(text)),
                widget=forms.Textarea({"rows": 2}) if is_long else forms.TextInput({"autocomplete": "off"}),
                validators=[unmarked],
            )

    def changes(self) -> dict[str, str]:
        """The texts that differ from what the row says now."""
        return {key: self.cleaned_data[key] for key in self.changed_data}


class AwardsForm(StyledForm, forms.Form):
    """Unknown honour texts of a row, each taken over as an award of municipal level or above, or not."""

    def __init__(self, data: Any = None, *, texts: Sequence[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.texts = texts
        for index, text in enumerate(texts):
            self._add(index, text)

    def _add(self, index: int, text: str) -> None:
        this_year = timezone.localdate().year
        if len(self.texts) > 1:
            self.fields[f"take-{index}"] = forms.BooleanField(label=f"接收“{text}”", required=False)
        self.fields[f"text-{index}"] = forms.CharField(
            initial=text, widget=forms.HiddenInput, label="奖项", strip=False
        )
        self.fields[f"issuer-{index}"] = forms.CharField(
            label="授予机构",
            required=False,
            max_length=120,
            widget=forms.TextInput({"autocomplete": "off"}),
            validators=[unmarked],
        )
        self.fields[f"level-{index}"] = forms.ChoiceField(label="级别", choices=LEVELS, required=False)
        self.fields[f"year-{index}"] = forms.IntegerField(
            label="年份",
            required=False,
            min_value=1949,
            max_value=this_year,
            error_messages=dict.fromkeys(
                ["invalid", "min_value", "max_value"], f"请填 1949 到 {this_year} 之间的年份。"
            ),
        )

    def groups(self) -> list[dict[str, Any]]:
        """The fields of each award, for the page."""
        return [
            {
                "text": text,
                "take": self[f"take-{index}"] if f"take-{index}" in self.fields else None,
                "hidden": self[f"text-{index}"],
                "fields": [self[f"{name}-{index}"] for name in ("issuer", "level", "year")],
            }
            for index, text in enumerate(self.texts)
        ]

    def clean(self) -> dict[str, Any]:
        taken = [index for index in range(len(self.texts)) if self.cleaned_data.get(f"take-{index}", True)]
        if len(self.texts) > 1:
            taken = [index for index in taken if self.cleaned_data.get(f"take-{index}")]
        if not taken:
            raise ValidationError("请勾选要接收的奖项。")
        for index in taken:
            if self.cleaned_data.get(f"text-{index}") != self.texts[index]:
                raise ValidationError("这一行刚被改动过，请重新核对后再接收。")
            for name, message in (("issuer", "请填写授予机构。"), ("level", "请选择级别。")):
                key = f"{name}-{index}"
                if key not in self.errors and not self.cleaned_data.get(key):
                    self.add_error(key, message)
        self.taken = taken
        return self.cleaned_data

    def awards(self) -> list[dict[str, Any]]:
        """The awards taken over, as the action wants them."""
        return [
            {
                "text": self.texts[index],
                **{name: self.cleaned_data[f"{name}-{index}"] for name in ("issuer", "level", "year")},
            }
            for index in self.taken
        ]
