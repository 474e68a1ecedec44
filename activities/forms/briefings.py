"""The form of a briefing: what is said, and to whom."""

from typing import Any

from django import forms

from accounts.models import Unit
from activities.forms.choosing import ChoosingForm, UnitField, UnitsField
from activities.models import Briefing
from core.forms import SearchSelectMultiple
from experts.forms.proposals import ExpertsField, ExpertsForm
from experts.models import Expert


class BriefingForm(ChoosingForm, ExpertsForm):
    unit = UnitField(right="change", label="通报单位")
    title = forms.CharField(label="标题", max_length=120, error_messages={"required": "请填标题。"})
    text = forms.CharField(
        label="内容",
        max_length=20000,
        widget=forms.Textarea({"rows": 10}),
        error_messages={"required": "请写明通报什么。"},
    )
    units = UnitsField(right="any", label="发给哪些单位", required=False, help_text="发给其联络员和负责人。")
    expert = ExpertsField()
    field_order = ["unit", "title", "text", "units", "expert"]

    def __init__(
        self, *args: Any, briefing: Briefing | None = None, experts: list[Expert] | None = None, **kwargs: Any
    ) -> None:
        if briefing is not None:
            chosen = list(Unit.objects.filter(pk__in=briefing.units))
            kwargs["initial"] = {"title": briefing.title, "text": briefing.text, "units": chosen}
        super().__init__(*args, **kwargs)
        field = self.fields["expert"]
        field.label, field.required = "发给哪些专家的联络员", False
        drawn = experts or []
        if isinstance(field.widget, SearchSelectMultiple):
            field.widget.choices = [(str(each.uuid), each.name) for each in drawn]
        self.initial.setdefault("expert", [str(each.uuid) for each in drawn])
        if briefing is not None:
            del self.fields["unit"]

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "text")}
