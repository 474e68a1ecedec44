"""Forms of mandatory exits (二（三）). The rules are in the actions and in the database."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from core.chinese import as_written
from core.forms import DayInput, StyledForm
from core.markings import MARKED, find_marking
from experts.exit_reasons import MANDATORY, ExitReason
from experts.forms.changes import EvidenceForm
from experts.models import ExitPaper, ExitTextKind, ReviewState

EARLIEST = date(1990, 1, 1)


class TextField(forms.CharField):
    """Plain words without a marking, trimmed."""

    def __init__(self, *, label: str, rows: int = 3, max_length: int = 2000, **options: Any) -> None:
        options.setdefault("error_messages", {"required": f"请填写{label}。"})
        widget = forms.Textarea({"rows": rows}) if rows > 1 else forms.TextInput()
        super().__init__(label=label, max_length=max_length, widget=widget, **options)

    def clean(self, value: Any) -> str:
        text = as_written(super().clean(value) or "")
        if self.required and not text:
            raise ValidationError(self.error_messages["required"])
        if find_marking(text):
            raise ValidationError(MARKED)
        return text


class PastDayField(forms.DateField):
    """A day up to today."""

    def __init__(self, *, label: str, **options: Any) -> None:
        words = {"required": f"请填{label}。", "invalid": "请填日期，如 2026-11-20。"}
        super().__init__(label=label, widget=DayInput, error_messages=words, **options)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day and not EARLIEST <= day <= timezone.localdate():
            raise ValidationError(f"{self.label}不能晚于今天，也不能早于 1990 年。")
        return day


class RegisterExitForm(StyledForm, forms.Form):
    reason = forms.ChoiceField(
        label="情形",
        choices=[("", "请选择")] + [(each.value, each.label) for each in ExitReason if each in MANDATORY],
        error_messages={"required": "请选择情形。", "invalid_choice": "请选择情形。"},
    )
    known_on = PastDayField(label="知悉日期", help_text="办理期限从这一天起按工作日计算。")
    facts = TextField(label="事实依据", rows=5, help_text="写主管机关已经认定的事实，加密保存。")
    document = TextField(label="结论文件名称", rows=1, max_length=200)
    number = TextField(label="文号", rows=1, max_length=80)
    issuer = TextField(label="作出结论的机关", rows=1, max_length=120)
    issued_on = PastDayField(label="文件日期")

    def texts(self) -> dict[ExitTextKind, str]:
        data = self.cleaned_data
        document = (
            f"{data['issuer']}《{data['document'].strip('《》')}》（{data['number']}），{data['issued_on']}"
        )
        return {
            ExitTextKind.REASON: ExitReason(data["reason"]).label,
            ExitTextKind.FACTS: data["facts"],
            ExitTextKind.DOCUMENT: document,
        }


class ToldForm(StyledForm, forms.Form):
    told_on = PastDayField(label="告知本人日期", required=False)
    untold = TextField(
        label="未能告知的原因", rows=2, max_length=200, required=False, help_text="确实无法告知时填写。"
    )


class StatementForm(StyledForm, forms.Form):
    text = TextField(label="本人申辩", rows=4, help_text="可不填；批准前附上，附后不能更改。")


class CheckExitForm(StyledForm, forms.Form):
    opinion = TextField(
        label="审核意见",
        rows=2,
        max_length=500,
        required=False,
        help_text="核对结论文件、事实和告知情况；不同意的也写明，由负责人决定。",
    )


class DecideExitForm(StyledForm, forms.Form):
    decision = forms.ChoiceField(
        choices=[("approve", "批准"), ("refuse", "不批准")],
        error_messages={"required": "请选择批准或不批准。", "invalid_choice": "请选择批准或不批准。"},
    )
    opinion = TextField(
        label="审批意见", rows=2, max_length=500, required=False, help_text="不批准的，请写明理由。"
    )


class PaperForm(EvidenceForm):
    paper = forms.ChoiceField(
        label="材料种类",
        choices=ExitPaper.choices,
        help_text="原文件名不保存，以免泄露情形。",
        error_messages={"required": "请选择是哪一种材料。", "invalid_choice": "请选择是哪一种材料。"},
    )
    field_order = ("paper", "file")

    def clean_paper(self) -> ExitPaper:
        return ExitPaper(self.cleaned_data["paper"])


class AskReviewForm(StyledForm, forms.Form):
    reason = TextField(label="复核理由", rows=3, help_text="写明新的事实和文件名称、文号。")


class DecideReviewForm(StyledForm, forms.Form):
    outcome = forms.ChoiceField(
        choices=[(ReviewState.UPHELD.value, "维持"), (ReviewState.REVERSED.value, "撤销")],
        error_messages={"required": "请选择维持或撤销。", "invalid_choice": "请选择维持或撤销。"},
    )
    opinion = TextField(label="复核意见", rows=2, max_length=500)

    def clean_outcome(self) -> ReviewState:
        return ReviewState(self.cleaned_data["outcome"])
