"""How stored values become what a page shows."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Field
from django.urls import reverse

from experts.enums import SensitiveField
from experts.forms.register import ExpertForm
from experts.models import Expert, SensitiveValue
from experts.sensitive import MASK


def masked_values(expert: Expert, held: Iterable[SensitiveValue], *, may_see: bool) -> list[dict[str, str]]:
    """One line per sensitive field; without the right to them not even which are filled."""
    if not may_see:
        return []
    filled = {value.field for value in held}
    return [
        {
            "label": field.label,
            "value": MASK if field.value in filled else "",
            "reveal_url": reverse("experts:reveal", args=[expert.uuid, field.value])
            if field.value in filled
            else "",
        }
        for field in SensitiveField
    ]


def shown(expert: Expert, name: str) -> Any:
    """A stored field in the words of the page."""
    value = getattr(expert, name)
    if name == "birth":
        return expert.birth_text
    if name == "former_names":
        return "、".join(value)
    field = Expert._meta.get_field(name)
    if isinstance(field, Field) and field.choices:
        return getattr(expert, f"get_{name}_display")()
    return value


def conflict_rows(form: ExpertForm, current: Expert) -> list[dict[str, Any]]:
    """What the user typed beside what a colleague has saved; only fields that someone touched."""
    typed = Expert(**form.facts())
    rows = []
    for name in form.Meta.fields:
        if name not in form.cleaned_data:
            continue
        mine, theirs = shown(typed, name), shown(current, name)
        if str(mine or "") != str(theirs or ""):
            rows.append({"label": form[name].label, "mine": mine, "theirs": theirs, "differs": True})
    return rows
