"""Forms of proposals: filters of their list, beginning one, its lines, and the acts on it."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.forms import DayInput, SearchSelect, SearchSelectMultiple, StyledForm
from experts.actions import proposals as actions
from experts.enums import Category, Scope
from experts.exit_reasons import DISCRETIONARY, ExitReason
from experts.filters import chosen_unit
from experts.models import Proposal, ProposalKind, ProposalLine, ProposalState, ProposalStep

# 三 asks for basic conditions; the words are the product's. They speak of conduct and work that others can
# see, never of belief or attitude.
BASIC_CONDITIONS = (
    "遵守宪法和法律，品行端正",
    "恪守职业道德和学术规范",
    "在本行业、本领域业绩突出，得到同行认可",
    "本人同意列入联系名单，能以专业所长服务首都发展",
)
FIELDS = {
    ProposalKind.ADMIT: ("scope", "category", "conditions_met", "note"),
    ProposalKind.READMIT: ("scope", "category", "conditions_met", "note"),
    ProposalKind.RESCOPE: ("scope", "category", "note"),
    ProposalKind.EXIT: ("scope", "reason", "note"),
}
REASONS = [(each.value, each.label) for each in ExitReason if each in DISCRETIONARY]
STAYS = [(Scope.GENERAL.value, "转为普遍联系")]
EARLIEST = date(2014, 5, 6)  # the day of the policy
BY_RULE, LEAVES = "rule", "leave"


def refuse(form: forms.BaseForm, problem: ValidationError) -> None:
    """What stands against the act: beside its field where the form has it, else above the form."""
    by_field = problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}
    for name, texts in by_field.items():
        form.add_error(name if name in form.fields else None, texts)


class ProposalFilter(django_filters.FilterSet):
    """Filters of the list, kept in the URL. `queryset` is what the user may see already."""

    number = django_filters.CharFilter(
        label="编号", lookup_expr="icontains", widget=forms.TextInput({"placeholder": "编号"})
    )
    box = django_filters.ChoiceFilter(
        label="与我有关",
        choices=[("waiting", "等我办理的"), ("mine", "我起草或提交的")],
        method="by_box",
        empty_label="全部提案",
    )
    kind = django_filters.ChoiceFilter(label="事项", choices=ProposalKind.choices, empty_label="事项")
    state = django_filters.ChoiceFilter(label="状态", choices=ProposalState.choices, empty_label="状态")
    unit = django_filters.ChoiceFilter(label="单位（含所属）", method="by_unit", empty_label="单位")

    class Meta:
        model = Proposal
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: QuerySet[Proposal], *, user: User) -> None:
        super().__init__(data, queryset)
        self.user, self.unit = user, chosen_unit(user, data.get("unit", ""))
        extra = self.filters["unit"].extra
        extra["choices"] = [(self.unit.code, self.unit.short_name)] if self.unit else []
        extra["widget"] = SearchSelect({"data-options-url": reverse("accounts:unit_options")})

    def by_unit(self, proposals: QuerySet[Proposal], name: str, value: str) -> QuerySet[Proposal]:
        if not self.unit:
            return proposals.none()
        return proposals.filter(place__range=(self.unit.order, self.unit.order_end))

    def by_box(self, proposals: QuerySet[Proposal], name: str, value: str) -> QuerySet[Proposal]:
        if value == "mine":
            return proposals.filter(Q(drafted_by=self.user) | Q(submitted_by=self.user))
        return proposals & Proposal.objects.waiting_for(self.user)


class EffectiveDay(forms.DateField):
    """The day from which a proposal has effect: since the policy, a year ahead at most."""

    def __init__(self) -> None:
        words = {"required": "请填生效日期。", "invalid": "请填日期，如 2026-11-20。"}
        super().__init__(label="生效日期", widget=DayInput, initial=timezone.localdate, error_messages=words)

    def clean(self, value: Any) -> date:
        day: date = super().clean(value)
        if not EARLIEST <= day <= timezone.localdate() + timedelta(days=366):
            raise ValidationError(f"生效日期请填 {EARLIEST} 以后、一年以内的日期。")
        return day


class NoteField(forms.CharField):
    def __init__(self, label: str = "说明", **options: Any) -> None:
        area = forms.Textarea({"rows": 3})
        super().__init__(label=label, required=False, max_length=500, widget=area, **options)


class HeadForm(StyledForm, forms.Form):
    """What may change of a proposal after its beginning."""

    effective_on = EffectiveDay()
    note = NoteField()


class ProposalForm(HeadForm):
    """A kind and a unit of those that the user keeps; experts come along in the request."""

    kind = forms.ChoiceField(
        label="事项", choices=ProposalKind.choices, error_messages={"invalid_choice": "请选择事项。"}
    )
    unit = forms.ChoiceField(
        label="哪个单位的名单",
        error_messages={
            "required": "请选择单位。",
            "invalid_choice": "您没有在该单位维护专家的权限，请另选单位。",
        },
    )
    field_order = ["kind", "unit", "effective_on", "note"]

    def __init__(self, *args: Any, user: User, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reach = Unit.objects.reached_by(user, "change").active()
        code = str(self.data.get("unit", wanted)).replace("\0", "")
        listed = list(self.reach.filter(code=code))
        field = self.fields["unit"]
        field.widget = SearchSelect({"data-options-url": reverse("accounts:unit_options") + "?right=change"})
        field.choices = [(unit.code, unit.short_name) for unit in listed]  # type: ignore[attr-defined]
        self.initial["unit"] = code if listed else ""
        self.chosen = listed[0] if listed else None

    def clean_unit(self) -> Unit | None:
        return self.chosen


class LineForm(StyledForm, forms.ModelForm):
    """One expert of a proposal; which fields there are depends on its kind."""

    class Meta:
        model = ProposalLine
        fields = ["scope", "category", "reason", "conditions_met", "note"]
        widgets = {"reason": forms.Select}

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(FIELDS[ProposalKind(kind)]):
            del self.fields[name]
        leaving = kind == ProposalKind.EXIT
        scopes = [("", "退出名单"), *STAYS] if leaving else Scope.choices
        self.fields["scope"] = forms.ChoiceField(label="联系范围", choices=scopes, required=not leaving)
        if leaving:
            self.fields["reason"] = forms.ChoiceField(
                label="理由", choices=[("", "请选择理由"), *REASONS], required=False
            )
        if "category" in self.fields:
            self.fields["category"].choices = [("", "未定"), *Category.choices]  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """The action saves; the form only checks."""

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


class AllLinesForm(StyledForm, forms.Form):
    """The same for every line; what is left open stays as it is."""

    scope = forms.ChoiceField(label="联系范围", required=False)
    category = forms.ChoiceField(label="类别", choices=[("", "不改"), *Category.choices], required=False)
    reason = forms.ChoiceField(label="理由", choices=[("", "不改"), *REASONS], required=False)
    conditions_met = forms.BooleanField(label="已逐人核对，全部符合基本条件", required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(FIELDS[ProposalKind(kind)]):
            del self.fields[name]
        leaving = [(LEAVES, "退出名单"), *STAYS]
        scopes = leaving if kind == ProposalKind.EXIT else [(BY_RULE, "按规则和联系重点"), *Scope.choices]
        self.fields["scope"].choices = [("", "不改"), *scopes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if not any(self.cleaned_data.values()):
            raise ValidationError("请先选择要改成什么，再应用。")
        return self.cleaned_data

    def facts(self) -> dict[str, Any]:
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        scope = chosen.pop("scope", "")
        if scope == BY_RULE:
            return chosen | {"by_rule": True}
        return chosen | ({"scope": "" if scope == LEAVES else scope} if scope else {})


class ExpertsField(forms.MultipleChoiceField):
    """Keys of experts, found by typing; the view looks up those whom the user sees."""

    def __init__(self) -> None:
        words = {"required": "请先选择专家。"}
        super().__init__(label="添加专家", widget=SearchSelectMultiple, error_messages=words)

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)


class ExpertsForm(StyledForm, forms.Form):
    expert = ExpertsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = {"data-options-url": reverse("proposals:experts"), "placeholder": "姓名、拼音、单位"}
        self.fields["expert"].widget.attrs |= options


ACTS: dict[str, Callable[..., None]] = {
    ProposalStep.SUBMIT.value: actions.submit,
    ProposalStep.REVIEW.value: actions.review,
    ProposalStep.APPROVE.value: actions.approve,
    ProposalStep.RETURN.value: actions.give_back,
    ProposalStep.WITHDRAW.value: actions.withdraw,
}


class StepForm(StyledForm, forms.Form):
    """One act with a remark."""

    step = forms.ChoiceField(
        choices=ProposalStep.choices,
        widget=forms.HiddenInput,
        error_messages={"required": "请选择要办理的事项。", "invalid_choice": "没有这种办理。"},
    )
    note = NoteField("意见")

    def act(self, *, by: User, proposal: Proposal) -> None:
        data = self.cleaned_data
        ACTS[data["step"]](by=by, proposal=proposal, note=data["note"])


def line_forms(lines: Iterable[ProposalLine], kind: str, data: QueryDict | None = None) -> list[LineForm]:
    return [LineForm(data, instance=line, kind=kind, prefix=str(line.uuid)) for line in lines]
