"""Forms of a unit's priorities: stating one, ending one, and the filter of their list."""

import json
import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from core.chinese import as_written, clean_text
from core.crypto import sm3
from core.forms import DayInput, SearchSelect, SearchSelectMultiple, StyledForm
from experts.actions.priorities import CONDITIONS
from experts.enums import Category
from experts.filters import discipline_choices, honour_choices
from experts.models import Priority

DAY = {"required": "请填日期。", "invalid": "请填日期，如 2026-11-20。"}
EARLIEST = date(2014, 5, 6)  # the day of the policy
FURTHEST = timedelta(days=366)
SHORTEST, LONGEST, MOST_WORDS = 2, 20, 10
BETWEEN = re.compile(r"[\s、，,；;]+")


class WordsField(forms.CharField):
    """Words with stops between them; as a list without repeats."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=MOST_WORDS * (LONGEST + 1), **options)

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = list(dict.fromkeys(filter(None, BETWEEN.split(clean_text(super().clean(value))))))
        if wrong := next((word for word in words if not SHORTEST <= len(word) <= LONGEST), None):
            raise ValidationError(f"“{wrong[:20]}”不合适：每个词请写 {SHORTEST} 到 {LONGEST} 个字。")
        if len(words) > MOST_WORDS:
            raise ValidationError(f"最多写 {MOST_WORDS} 个词；更多的请另立一项联系重点。")
        return words


class PriorityForm(StyledForm, forms.Form):
    """What a unit states. `confirmed` is the digest of the facts whose reach was shown."""

    unit = forms.ChoiceField(
        label="单位",
        widget=SearchSelect,
        error_messages={"required": "请选择单位。", "invalid_choice": "请选择您负责审批的单位。"},
    )
    name = forms.CharField(
        label="名称",
        max_length=40,
        widget=forms.TextInput({"placeholder": "如：人工智能与集成电路"}),
        error_messages={"required": "请给这项联系重点起一个名称。"},
    )
    reason = forms.CharField(
        label="理由或文件",
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text="写明依据的文件、会议或工作安排，会显示在专家的认定依据里；不写专家姓名和个人情况。",
        error_messages={"required": "请写明理由或文件。"},
    )
    honours = forms.MultipleChoiceField(
        label="称号",
        required=False,
        widget=SearchSelectMultiple,
        help_text="有其中一项即可，含普遍联系的称号。",
    )
    disciplines = forms.MultipleChoiceField(
        label="领域：学科", required=False, widget=SearchSelectMultiple, help_text="与研究方向符合一项即可。"
    )
    words = WordsField(
        label="领域：研究方向里的词",
        widget=forms.TextInput({"placeholder": "如：人工智能、大模型"}),
        help_text="含其中一个词即可，用顿号隔开。",
    )
    posts = WordsField(
        label="岗位：职务或职称里的词",
        widget=forms.TextInput({"placeholder": "如：院长、首席科学家"}),
        help_text="含其中一个词即可，用顿号隔开。",
    )
    categories = forms.MultipleChoiceField(
        label="类别", required=False, choices=Category.choices, widget=forms.CheckboxSelectMultiple
    )
    below = forms.BooleanField(
        label="也作为所属单位的联系重点", required=False, help_text="不勾选的，只用于本单位自己的名单。"
    )
    since = forms.DateField(label="开始", widget=DayInput, error_messages=DAY)
    until = forms.DateField(
        label="最后一天", widget=DayInput, required=False, error_messages=DAY, help_text="不填为一直有效。"
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = str(self.data.get("unit", wanted)).replace("\0", "")
        self.chosen = Unit.objects.reached_by(user, "approve").active().filter(code=code).first()
        unit = self.fields["unit"]
        unit.choices = [(self.chosen.code, str(self.chosen))] if self.chosen else []  # type: ignore[attr-defined]
        unit.widget.attrs["data-options-url"] = reverse("accounts:unit_options") + "?right=approve"
        self.fields["honours"].choices = honour_choices()  # type: ignore[attr-defined]
        self.fields["disciplines"].choices = discipline_choices()  # type: ignore[attr-defined]
        self.initial.setdefault("unit", code if self.chosen else "")
        self.initial.setdefault("since", timezone.localdate())

    def clean_unit(self) -> Unit | None:
        return self.chosen

    def clean_name(self) -> str:
        return as_written(self.cleaned_data["name"]).replace("\n", " ")

    def clean_reason(self) -> str:
        return as_written(self.cleaned_data["reason"])

    def clean_since(self) -> date:
        day: date = self.cleaned_data["since"]
        if not EARLIEST <= day <= timezone.localdate() + FURTHEST:
            raise ValidationError(f"开始日期请填 {EARLIEST} 以后、一年以内的日期。")
        return day

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if until and until < max(since or until, timezone.localdate()):
            self.add_error("until", "最后一天请填今天以后、不早于开始的日期。")
        if not self.errors and not any(data[kind] for kind in CONDITIONS):
            self.add_error(None, "请至少填写一类条件：称号、领域、岗位或类别。")
        return data

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "confirmed"}

    def digest(self) -> str:
        """Of what decides whom it concerns and when; another digest asks to look again."""
        facts = self.facts() | {"unit": self.cleaned_data["unit"].code}
        return sm3(json.dumps(facts, default=str, sort_keys=True, ensure_ascii=False).encode())

    def draft(self) -> Priority:
        """The priority as it would be, not saved."""
        return Priority(**self.facts())


class EndForm(StyledForm, forms.Form):
    until = forms.DateField(
        label="最后一天",
        widget=DayInput,
        error_messages=DAY,
        help_text="填昨天即刻结束；填以后的日期到期结束。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("until", timezone.localdate() - timedelta(days=1))


def initial_of(priority: Priority) -> dict[str, Any]:
    """What a form for another priority of the same kind begins with."""
    names = ("name", "reason", "below", *CONDITIONS)
    return {name: getattr(priority, name) for name in names} | {"unit": priority.unit.code}
