"""Small forms: honours of an expert, bulk acts, saved filters."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Unit, User
from core.forms import SearchSelect, StyledForm
from core.markings import find_marking
from experts.enums import Category, HonourLevel, Label
from experts.filters import honour_choices
from experts.models import Award, Honour, ProposalKind, SavedFilter
from experts.models.catalogue import MUNICIPAL_AWARD


class AwardForm(StyledForm, forms.ModelForm):
    """An honour of the catalogue, or another municipal award with its own name, issuer and level."""

    honour = forms.ChoiceField(label="称号", widget=SearchSelect)

    class Meta:
        model = Award
        fields = ["honour", "text", "issuer", "level", "year", "document"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["honour"].choices = [("", "请选择"), *honour_choices()]  # type: ignore[attr-defined]
        self.fields["text"].help_text = "目录外的奖项在这里写全称，并选“其他市级及以上专业领域奖项”。"
        levels = [choice for choice in HonourLevel.choices if choice[0] != HonourLevel.PER_AWARD]
        self.fields["level"].choices = [("", "按目录"), *levels]  # type: ignore[attr-defined]
        self.fields["year"].widget.attrs |= {
            "min": 1949,
            "max": timezone.localdate().year,
            "inputmode": "numeric",
        }
        if self.instance.pk:
            self.initial["honour"] = self.instance.honour.code
            self.fields["honour"].disabled = True

    def clean_honour(self) -> Honour:
        return Honour.objects.get(code=self.cleaned_data["honour"])

    def clean_year(self) -> int | None:
        year = self.cleaned_data["year"]
        if year is not None and not 1949 <= year <= timezone.localdate().year:
            raise ValidationError(f"年度请填 1949 到 {timezone.localdate().year} 之间的年份。")
        return year

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        honour = data.get("honour")
        if honour and honour.code == MUNICIPAL_AWARD and not data.get("text"):
            self.add_error("text", "请写明奖项全称。")
        if honour and honour.code != MUNICIPAL_AWARD and data.get("text"):
            self.add_error("text", "目录内的称号不填全称；目录外的奖项请选“其他市级及以上专业领域奖项”。")
        for name in ("text", "issuer", "document"):
            if find_marking(data.get(name) or ""):
                self.add_error(name, "含有密级标志。本系统为非涉密系统，不得录入。")
        return data

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""

    def facts(self) -> dict[str, Any]:
        names = self.Meta.fields[1:] if self.instance.pk else self.Meta.fields
        return {name: self.cleaned_data[name] for name in names}


class BulkForm(forms.Form):
    """An act on ticked rows; what it needs depends on the act."""

    act = forms.ChoiceField(
        choices=[(name, "") for name in ("category", "unit", "label", "confirm", "propose")]
    )
    category = forms.ChoiceField(choices=Category.choices, required=False)
    unit = forms.CharField(required=False)
    propose = forms.ChoiceField(choices=ProposalKind.choices, required=False)
    label = forms.TypedChoiceField(
        choices=[(Label.INTERNAL.value, ""), (Label.SENSITIVE.value, "")],
        coerce=int,
        required=False,
        empty_value=None,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_unit(self) -> Unit | None:
        code = self.cleaned_data["unit"]
        return (
            Unit.objects.reached_by(self.user, "change").active().filter(code=code).first() if code else None
        )

    def clean(self) -> dict[str, Any]:
        act = self.cleaned_data.get("act")
        if act and act != "confirm" and self.cleaned_data.get(act) in (None, ""):
            raise ValidationError("请先选择要改成什么，再点“应用”。")
        return self.cleaned_data


class SavedFilterForm(StyledForm, forms.ModelForm):
    class Meta:
        model = SavedFilter
        fields = ["name"]
