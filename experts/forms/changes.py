"""Reporting a change of each of the five kinds, deciding it, and adding evidence."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit
from core.forms import DayInput, FileDrop, SearchSelect, StyledForm
from experts.enums import ChangeKind
from experts.forms.acts import AwardForm
from experts.forms.plain import PlainForm
from experts.models import Across, ChangeState


class ReportForm(PlainForm):
    """What every report says: when it happened and who says so."""

    happened_on = forms.DateField(
        label="发生日期",
        widget=DayInput,
        error_messages={"required": "请填发生日期。", "invalid": "请填日期，如 2026-11-20。"},
    )
    source = forms.CharField(
        label="信息来源",
        max_length=120,
        help_text="如：本人告知、单位来函、任免文件、公开报道。",
        error_messages={"required": "请写明信息来源。"},
    )

    def clean_happened_on(self) -> Any:
        day = self.cleaned_data["happened_on"]
        if day.year < 1949 or day > timezone.localdate():
            raise ValidationError("发生日期不能晚于今天，也不能早于 1949 年。")
        return day

    def facts(self) -> dict[str, Any]:
        """Columns of ChangeReport."""
        return dict(self.cleaned_data)


class TransferForm(ReportForm):
    employer = forms.CharField(
        label="新工作单位", max_length=120, error_messages={"required": "请填新工作单位。"}
    )
    post = forms.CharField(
        label="新职务", max_length=80, required=False, help_text="留空的，生效后仍是原职务。"
    )
    title = forms.CharField(label="新职称", max_length=60, required=False, help_text="没有变化的留空。")
    across = forms.MultipleChoiceField(
        label="调动范围",
        choices=Across.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="二（三）：跨区域、跨部门、跨领域调动的，可不再作为直接联系对象；生效后系统起草一份退出提案，由单位核对后提交或撤回。",
        error_messages={"invalid_choice": "请从跨区域、跨部门、跨领域中选择。"},
    )
    new_unit = forms.CharField(
        label="新联系单位",
        required=False,
        max_length=20,
        widget=SearchSelect,
        help_text="知道由哪个单位接着联系的，在这里选；不清楚的留空。",
    )
    field_order = ["employer", "post", "title", "new_unit", "across"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed = str(self.data.get("new_unit", "")).replace("\0", "")
        self.chosen = Unit.objects.active().filter(code=typed).first() if typed else None
        widget = self.fields["new_unit"].widget
        widget.attrs["data-options-url"] = reverse("accounts:unit_options") + "?right=any"
        widget.choices = [("", "")] + ([(self.chosen.code, self.chosen.short_name)] if self.chosen else [])

    def clean_new_unit(self) -> Unit | None:
        if self.cleaned_data["new_unit"] and self.chosen is None:
            raise ValidationError("请从名单中选择一个单位。")
        return self.chosen


class PostForm(ReportForm):
    post = forms.CharField(label="新职务", max_length=80, required=False, help_text="没有变化的留空。")
    title = forms.CharField(label="新职称", max_length=60, required=False, help_text="没有变化的留空。")
    field_order = ["post", "title"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not data["post"] and not data["title"]:
            self.add_error("post", "请填新职务或新职称。")
        return data


class IllnessForm(ReportForm):
    text = forms.CharField(
        label="伤病情况",
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text="只写安排关心看望需要的内容。加密保存，只有有敏感信息权限的人看得到。",
        error_messages={"required": "请写明伤病情况。"},
    )
    field_order = ["text"]


class AchievementForm(ReportForm):
    text = forms.CharField(
        label="成果",
        max_length=1000,
        widget=forms.Textarea({"rows": 4}),
        help_text="写明成果名称、本人作用和认定、发表或应用情况。",
        error_messages={"required": "请写明取得的成果。"},
    )
    field_order = ["text"]


class AwardReportForm(ReportForm, AwardForm):
    """An honour, with the checks of the register's own form."""

    field_order = ["honour", "text", "year", "document"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["issuer"], self.fields["level"]
        self.fields["honour"].error_messages["required"] = "请选择称号。"

    def facts(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


FORMS: dict[ChangeKind, type[ReportForm]] = {
    ChangeKind.TRANSFER: TransferForm,
    ChangeKind.POST_CHANGE: PostForm,
    ChangeKind.SERIOUS_ILLNESS: IllnessForm,
    ChangeKind.MAJOR_ACHIEVEMENT: AchievementForm,
    ChangeKind.AWARD: AwardReportForm,
}


class DecideForm(StyledForm, forms.Form):
    """`version` is the record's as the page showed it."""

    decision = forms.ChoiceField(
        choices=[choice for choice in ChangeState.choices if choice[0] != ChangeState.REPORTED.value],
        error_messages={"required": "请选择如何办理。", "invalid_choice": "请选择如何办理。"},
    )
    note = forms.CharField(
        label="办理意见",
        required=False,
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text="不予采纳的，请写明理由。",
    )
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class EvidenceForm(StyledForm, forms.Form):
    file = forms.FileField(
        label="佐证材料",
        widget=FileDrop({"accept": ".pdf,.jpg,.jpeg,.png,.docx,.xlsx"}),
        help_text="PDF、JPG、PNG、DOCX、XLSX，每个 10 MB 以内；照片里的拍摄地点和时间会被去除。",
        error_messages={
            "required": "请选择文件。",
            "empty": "这是一个空文件，请重新选择。",
        },
    )
