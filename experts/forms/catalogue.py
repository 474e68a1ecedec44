"""The form of one entry of the honour catalogue."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.forms import DayInput, StyledForm
from core.markings import MARKED, find_marking
from experts.honour_names import new_code, taken, without_repeats
from experts.models import Honour

CODE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
ALIAS_LENGTH = 120


def tidy(text: str) -> str:
    """One line with single spaces. Full-width brackets stay: the policy's clauses are written with them."""
    return " ".join(text.split())


class HonourForm(StyledForm, forms.ModelForm):
    """`version` is the entry's as the form was opened; `facts()` is what the preview is made of."""

    aliases = forms.CharField(
        label="别名",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="每行一个。导入名册时，写成任何一个别名都能认出这一称号。",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Honour
        fields = [
            "name",
            "code",
            "aliases",
            "level",
            "scope",
            "condition",
            "default_label",
            "clause",
            "category_hint",
            "valid_from",
            "valid_until",
        ]
        widgets = {
            "valid_from": DayInput,
            "valid_until": DayInput,
            "clause": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "scope": "列入“重点联系”的称号，持有人符合附加条件即认定为重点联系专家。",
            "clause": "先写条号再写原文，例如：三（二）在京工作的两院院士。",
            "category_hint": "持有人的类别仍由人选定，这里只作提示。",
            "default_label": "登记这一称号时，专家资料自动设为的标签。",
            "valid_from": "不填为一直有效。",
            "valid_until": "停用称号请填最后有效的日期。",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["aliases"] = "\n".join(self.instance.aliases)
        self.initial["version"] = self.instance.version if self.instance.pk else 0
        self.fields["condition"].choices = [("", "无附加条件"), *_chosen(self, "condition")]  # type: ignore[attr-defined]
        self.fields["category_hint"].choices = [("", "不提示"), *_chosen(self, "category_hint")]  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields["code"]
        else:
            self.fields["code"].required = False
            self.fields[
                "code"
            ].help_text = "大写字母、数字和下划线；不填则由名称的拼音首字母生成。保存后不能修改。"

    def clean_name(self) -> str:
        return self._free([tidy(self.cleaned_data["name"])])[0]

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip().upper()
        if code and not CODE.fullmatch(code):
            raise ValidationError("代码须以字母开头，只含大写字母、数字和下划线，至少两位。")
        if code and Honour.objects.filter(code=code).exists():
            raise ValidationError(f"代码 {code} 已有称号使用。")
        return code

    def clean_aliases(self) -> list[str]:
        aliases = [tidy(line) for line in self.cleaned_data["aliases"].splitlines() if tidy(line)]
        if long := next((alias for alias in aliases if len(alias) > ALIAS_LENGTH), None):
            raise ValidationError(f"“{long[:20]}……”超过 {ALIAS_LENGTH} 个字，请缩短。")
        return self._free(without_repeats(self.cleaned_data.get("name", ""), aliases))

    def _free(self, texts: list[str]) -> list[str]:
        """The texts again, if none is marked secret or the name of another honour."""
        if any(find_marking(text) for text in texts):
            raise ValidationError(MARKED)
        found = taken(texts, except_for=self.instance.pk)
        if found:
            raise ValidationError([f"“{text}”已是“{other.name}”的名称或别名。" for text, other in found])
        return texts

    def clean_clause(self) -> str:
        clause = tidy(self.cleaned_data["clause"])
        if find_marking(clause):
            raise ValidationError(MARKED)
        return clause

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        first, last = data.get("valid_from"), data.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", "有效至不能早于有效自。")
        if not self.errors and self.instance.pk and not self.is_stale and not self._changes():
            self.add_error(None, "没有任何改动。")
        return data

    def _post_clean(self) -> None:
        """The action saves; the form only checks, and leaves the entry as it is in force."""

    @property
    def is_stale(self) -> bool:
        """Whether a colleague changed the entry since the form was opened."""
        return bool(self.instance.pk) and self.cleaned_data.get("version") != self.instance.version

    def _changes(self) -> list[str]:
        return [name for name, value in self.facts().items() if getattr(self.instance, name) != value]

    def facts(self) -> dict[str, Any]:
        """The entry's fields as checked, without code and version."""
        return {name: value for name, value in self.cleaned_data.items() if name not in {"code", "version"}}

    def entry_code(self) -> str:
        """The entry's code: its own, the typed one, or one made from the name."""
        if self.instance.pk:
            return self.instance.code
        return self.cleaned_data["code"] or new_code(self.cleaned_data["name"])


def _chosen(form: forms.ModelForm, name: str) -> list[tuple[Any, Any]]:
    choices = form.fields[name].choices  # type: ignore[attr-defined]
    return [choice for choice in choices if choice[0] != ""]
