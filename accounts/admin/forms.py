"""Forms of the admin pages; what an action would refuse is refused here, beside its field."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actions import check_grant, check_unit_move
from accounts.models import RoleAssignment, Unit, UnitSetting, User
from accounts.roles import Role
from accounts.unit_settings import SETTINGS, read
from core.holiday_table import Line, Table, Unreadable, read_table


class NewPasswordMixin(forms.BaseForm):
    """Two equal passwords that keep the rules."""

    def check_passwords(self, user: User) -> None:
        first, second = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if first and second and first != second:
            self.add_error("password2", "两次输入的密码不一致。")
        elif first:
            try:
                validate_password(first, user)
            except ValidationError as error:
                self.add_error("password1", error)


def password_field(label: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class UserAddForm(NewPasswordMixin, forms.ModelForm):
    password1 = password_field("初始密码", "用户首次登录时须改。")
    password2 = password_field("再输一遍")

    class Meta:
        model = User
        fields = ("username", "display_name", "position", "phone", "email", "unit", "duty")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.check_passwords(User(**{name: data.get(name) for name in ("username", "display_name", "email")}))
        return data


class UserChangeForm(forms.ModelForm):
    """`acting` is the administrator; the admin page sets it."""

    acting: User

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_active") is False and self.instance.pk == self.acting.pk:
            self.add_error("is_active", "不能停用自己正在使用的账号。")
        return data


class PasswordResetForm(NewPasswordMixin, forms.Form):
    password1 = password_field("新密码")
    password2 = password_field("再输一遍")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password1"].help_text = password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.check_passwords(self.user)
        return data


class UnitForm(forms.ModelForm):
    """A unit; a new parent for an existing unit becomes a request."""

    class Meta:
        model = Unit
        fields = (
            "code", "name", "short_name", "kind", "area", "parent", "first_leader", "leader_in_charge",
            "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        parent = data.get("parent")
        if "parent" not in self.fields:
            return data
        if self.instance.pk is None and parent is None:
            self.add_error("parent", "请选择上级单位。")
        elif self.instance.pk is not None and "parent" in self.changed_data:
            self._check_move(parent)
        return data

    def _check_move(self, parent: Unit | None) -> None:
        if parent is None:
            self.add_error("parent", "请选择上级单位；全系统只有一个最上级单位。")
            return
        try:
            check_unit_move(unit=Unit.objects.get(pk=self.instance.pk), parent=parent)
        except ValidationError as error:
            self.add_error("parent", error)


class UnitSettingForm(forms.ModelForm):
    key = forms.ChoiceField(
        label="参数", choices=lambda: [(kind.key, kind.label) for kind in SETTINGS.values()]
    )
    value = forms.CharField(
        label="值", max_length=20, help_text="填数字；二者选一的参数填文字，如“计入”“不计入”“开”“关”。"
    )

    class Meta:
        model = UnitSetting
        fields = ("unit", "key", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = SETTINGS.get(self.instance.key)
        if kind and kind.words:
            self.initial["value"] = kind.in_words(self.instance.value)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        key = data.get("key") or self.instance.key
        if key and data.get("value") is not None:
            try:
                data["value"] = read(key, data["value"])
            except ValueError as error:
                self.add_error("value", str(error))
        return data


class RoleAssignmentForm(forms.ModelForm):
    class Meta:
        model = RoleAssignment
        fields = ("user", "role", "unit", "since", "until")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        user, unit, role = data.get("user"), data.get("unit"), data.get("role")
        since: date = data.get("since") or timezone.localdate()
        if user and unit and role:
            check_grant(user=user, role=Role(role), unit=unit, since=since, until=data.get("until"))
        return data


SALT = "accounts.holidays"


class HolidayTableForm(forms.Form):
    """A table of holidays; `table` is what it says."""

    file = forms.FileField(label="文件", help_text=".xlsx 或 .csv，三列：日期、名称、类型（放假或上班）。")
    table: Table

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        try:
            self.table = read_table(upload.read())
        except Unreadable as problem:
            raise ValidationError(str(problem)) from problem
        return upload


def confirmation_of(lines: list[Line]) -> str:
    """The lines as the page of the preview sends them back: signed, so that they are those that were
    shown."""
    rows = [[line.day.isoformat(), line.name, line.is_workday] for line in lines]
    return signing.dumps(rows, salt=SALT, compress=True)


def read_confirmed(text: str) -> list[Line]:
    """The lines of a confirmation; none when it is not ours."""
    try:
        rows = signing.loads(text, salt=SALT, max_age=3600)
    except signing.BadSignature:
        return []
    return [Line(date.fromisoformat(day), name, is_workday) for day, name, is_workday in rows]
