"""Entering and editing an expert; every choice is narrowed to what the user may do."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Unit, User
from accounts.models.unit import UnitQuerySet
from core.chinese import clean_name, clean_text
from core.dates import parse_month
from core.forms import DayInput, SearchSelect, StyledForm
from core.markings import find_marking
from experts.enums import Category, SensitiveField
from experts.filters import discipline_choices, visible_labels
from experts.models import Expert
from experts.photos import NotAPicture, check_picture
from experts.sensitive import SensitiveInput, check_id_number

PHOTO_BYTES = 5 * 1024 * 1024
EDUCATIONS = ["博士研究生", "硕士研究生", "大学本科", "大学专科", "中专（技校）", "高中及以下"]


class ExpertForm(StyledForm, forms.ModelForm):
    """The register's facts. `version` is the one that was shown: a later save elsewhere is noticed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    former_names = forms.CharField(
        label="曾用名", required=False, max_length=200, help_text="多个用顿号分开。"
    )
    birth = forms.CharField(label="出生年月", required=False, help_text="如 1966-05 或 1966-05-18。")
    category = forms.ChoiceField(label="类别", choices=[("", "请选择"), *Category.choices])
    id_number = forms.CharField(label="证件号码", required=False, max_length=40)
    phone = forms.CharField(label="手机号码", required=False, max_length=40)
    health = forms.CharField(
        label="健康状况",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="只记联系服务需要的内容。",
    )
    photo = forms.FileField(
        label="照片", required=False, help_text="JPG 或 PNG，5 MB 以内；拍摄地点和时间会被去除。"
    )

    class Meta:
        model = Expert
        fields = [
            "name", "former_names", "gender", "birth", "nationality", "political_affiliation",
            "employer", "post", "title", "discipline", "education", "fields_of_work",
            "unit", "category", "label", "works_in_beijing", "works_in_beijing_confirmed_on", "is_frontline",
            "office_phone", "email", "address",
        ]  # fmt: skip
        widgets = {
            "works_in_beijing_confirmed_on": DayInput(),
            "education": forms.TextInput({"list": "educations", "autocomplete": "off"}),
            "name": forms.TextInput({"autofocus": True, "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.email_stays = False
        self.fields["label"] = forms.TypedChoiceField(label="标签", coerce=int, choices=visible_labels(user))
        self.fields["discipline"] = forms.ChoiceField(
            label="学科", required=False, choices=[("", "请选择"), *discipline_choices()], widget=SearchSelect
        )
        for name in ("gender", "political_affiliation"):
            self.fields[name].choices = [("", "未填写"), *self.fields[name].choices[1:]]  # type: ignore[attr-defined]
        self.fields["email"].error_messages["invalid"] = "请填写完整的邮箱地址，如 name@example.cn。"
        self._narrow_units()
        if self.instance.pk:
            self._show_stored()
        else:
            self.fields["label"].initial = 0

    def _choosable_units(self) -> UnitQuerySet:
        """Where the user may enter experts, and where this one is already."""
        reach = Unit.objects.reached_by(self.user, "change").active()
        return reach | Unit.objects.filter(pk=self.instance.unit_id) if self.instance.pk else reach

    def _narrow_units(self) -> None:
        reach = self._choosable_units()
        typed = self.data.get("unit", "").replace("\0", "")
        wanted = typed or (self.instance.unit.code if self.instance.pk else "")
        own = self.user.unit
        if not wanted and own and reach.filter(pk=own.pk).exists():
            wanted = own.code
        chosen = [(unit.code, unit.short_name) for unit in reach.filter(code=wanted)]
        self.fields["unit"] = forms.ChoiceField(
            label="联系单位",
            choices=chosen,
            widget=SearchSelect({"data-options-url": reverse("accounts:unit_options") + "?right=change"}),
        )
        self.initial["unit"] = wanted

    def _show_stored(self) -> None:
        self.initial.update(
            {
                "version": self.instance.version,
                "former_names": "、".join(self.instance.former_names),
                "birth": self.instance.birth_text,
            }
        )
        self.email_stays = self.data.get("email", "").strip() == self.instance.email
        if self.email_stays:  # one that came with a roster may be less than an address
            self.fields["email"] = forms.CharField(label="邮箱", required=False, max_length=254)
        if self.instance.label > self.user.clearance:  # restricted: its label is changed by an act of its own
            del self.fields["label"]
        held = set(self.instance.sensitive_values.values_list("field", flat=True))
        for name in SensitiveField.values:
            self.fields[name].help_text = (
                "已登记；留空不改动。" if name in held else self.fields[name].help_text
            )

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | ({"email"} if self.email_stays else set())  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        for name, value in list(self.cleaned_data.items()):
            text = "\n".join(value) if isinstance(value, list) else value
            if isinstance(text, str) and (marking := find_marking(text)):
                self.add_error(name, f"含有密级标志“{marking}”。本系统为非涉密系统，不得录入。")
        return self.cleaned_data

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError("请填写姓名。")
        return name

    def clean_former_names(self) -> list[str]:
        parts = (
            clean_text(self.cleaned_data["former_names"]).replace("，", "、").replace(",", "、").split("、")
        )
        return [clean_name(part)[:60] for part in parts if part.strip()]

    def clean_birth(self) -> Any:
        text = self.cleaned_data["birth"].strip()
        self.birth_day_known = False
        if not text:
            return None
        try:
            birth = parse_month(text)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
        self.birth_day_known = birth.day is not None
        return birth.date()

    def clean_unit(self) -> Unit:
        return self._choosable_units().get(code=self.cleaned_data["unit"])

    def clean_discipline(self) -> Any:
        from experts.models import Discipline

        code = self.cleaned_data["discipline"]
        return Discipline.objects.get(code=code) if code else None

    def clean_id_number(self) -> SensitiveInput | None:
        text = self.cleaned_data["id_number"].strip()
        try:
            return check_id_number(text) if text else None
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    def clean_photo(self) -> Any:
        photo = self.cleaned_data["photo"]
        if not photo:
            return None
        if photo.size > PHOTO_BYTES:
            raise ValidationError("照片超过 5 MB，请压缩后再上传。")
        try:
            check_picture(photo)
        except NotAPicture as problem:
            raise ValidationError(str(problem)) from None
        return photo

    def facts(self) -> dict[str, Any]:
        """Model fields as the actions take them."""
        facts = {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}
        return facts | {"birth_day_known": self.birth_day_known}

    def secrets(self) -> list[SensitiveInput]:
        """The sensitive values that were typed; an empty field changes nothing."""
        typed = [self.cleaned_data["id_number"]] if self.cleaned_data["id_number"] else []
        for field in (SensitiveField.PHONE, SensitiveField.HEALTH):
            if text := clean_text(self.cleaned_data[field.value]):
                typed.append(SensitiveInput(field, text))
        return typed
