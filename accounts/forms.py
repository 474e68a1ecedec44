"""Sign-in, password and unit-setting forms in the product's words."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as BaseChangePasswordForm
from allauth.account.forms import LoginForm
from django import forms

from accounts.actions import change_own_password
from accounts.unit_settings import SettingKind, SettingValue
from core.forms import StyledForm


class SignInForm(StyledForm, LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "用户名"
        self.fields["login"].widget.attrs.update(
            {"autocomplete": "username", "autofocus": True, "placeholder": ""}
        )
        self.fields["password"].label = "密码"
        self.fields["password"].widget.attrs["placeholder"] = ""
        self.fields["password"].help_text = ""


class ChangePasswordForm(StyledForm, BaseChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {"oldpassword": "现在的密码", "password1": "新密码", "password2": "再输一遍新密码"}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs["placeholder"] = ""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("password1") and data["password1"] == data.get("oldpassword"):
            self.add_error("password1", "新密码不能和现在的密码相同。")
        return data

    def save(self) -> None:
        change_own_password(by=self.user, password=self.cleaned_data["password1"])


class UnitSettingForm(StyledForm, forms.Form):
    """One setting of one unit: a number, or of a flag one of its words, or None for what it would inherit."""

    value = forms.IntegerField()

    def __init__(self, above: SettingValue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = self._choice(above) if above.kind.words else self._number(above.kind)

    @staticmethod
    def _choice(above: SettingValue) -> forms.Field:
        whose = "缺省" if above.source is None else "上级"
        message = "请选择一项。"
        return forms.TypedChoiceField(
            label=above.kind.label,
            choices=[("", f"沿用{whose}：{above.words}"), *above.kind.choices],
            coerce=int,
            empty_value=None,
            required=False,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": message},
        )

    @staticmethod
    def _number(kind: SettingKind) -> forms.Field:
        message = f"请填 {kind.minimum} 到 {kind.maximum} 之间的整数。"
        return forms.IntegerField(
            label=f"{kind.label}（{kind.unit_of_measure}）",
            min_value=kind.minimum,
            max_value=kind.maximum,
            help_text=f"可填 {kind.minimum} 到 {kind.maximum}，缺省 {kind.default}。",
            error_messages=dict.fromkeys(["required", "invalid", "min_value", "max_value"], message),
        )
