"""Choosing, field by field, what a merged record keeps; filtering the list of possible duplicates."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Unit, User
from core.forms import StyledForm
from experts.actions.merging import CHOSEN
from experts.enums import SensitiveField
from experts.freshness import KEY_FIELDS, confirmation_of
from experts.models import Expert, PairReason
from experts.models.identity import DuplicatePairQuerySet
from experts.presenting import shown
from experts.sensitive import MASK

STAY, GONE = "stay", "gone"
SIDES = [(STAY, "保留的记录"), (GONE, "并入的记录")]
COLUMNS = {each.attname: str(each.verbose_name) for each in Expert._meta.concrete_fields}
STATES = [("", "待核对"), ("dismissed", "已认定不是同一人")]


def _worded(expert: Expert, name: str) -> Any:
    if name == "photo":
        return reverse("experts:photo", args=[expert.uuid]) if expert.photo else ""
    return shown(expert, "discipline" if name == "discipline_id" else name)


def _day(expert: Expert, name: str) -> date:
    """When the field was last confirmed, or the record where it has no confirmation of its own."""
    key = name.removesuffix("_id")
    confirmed = confirmation_of(expert, key) if key in KEY_FIELDS else None
    return (confirmed.on if confirmed else expert.confirmed_on) or date.min


class MergeForm(StyledForm, forms.Form):
    """One choice for each field in which the records differ; to begin with what was confirmed later.
    `doubled` are sensitive fields that both hold: they are chosen unseen."""

    stay_version = forms.IntegerField(widget=forms.HiddenInput)
    gone_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, stay: Expert, gone: Expert, doubled: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stay, self.gone, self.doubled = stay, gone, doubled
        self.initial.update(stay_version=stay.version, gone_version=gone.version)
        self.differing = [name for name in CHOSEN if getattr(stay, name) != getattr(gone, name)]
        self.differing += [name for name in SensitiveField.values if name in doubled]
        for name in self.differing:
            self.fields[name] = forms.ChoiceField(choices=SIDES, initial=self._better(name))

    def _better(self, name: str) -> str:
        """Whatever is filled, before whatever is empty; then what was confirmed later."""
        if name not in self.doubled:
            mine, theirs = getattr(self.stay, name), getattr(self.gone, name)
            if mine in ("", None) or theirs in ("", None):
                return GONE if mine in ("", None) else STAY
        return GONE if _day(self.gone, name) > _day(self.stay, name) else STAY

    def rows(self) -> list[dict[str, Any]]:
        """For the table: what each record says, and which is chosen."""
        return [
            {
                "name": name,
                "label": SensitiveField(name).label if name in self.doubled else COLUMNS[name],
                "stay": MASK if name in self.doubled else _worded(self.stay, name),
                "gone": MASK if name in self.doubled else _worded(self.gone, name),
                "chosen": self[name].value(),
            }
            for name in self.differing
        ]

    def taken(self) -> list[str]:
        """The fields that come from the record that goes."""
        return [name for name in self.differing if self.cleaned_data[name] == GONE]

    def versions(self) -> tuple[int, int]:
        return self.cleaned_data["stay_version"], self.cleaned_data["gone_version"]


class PairFilter(StyledForm, forms.Form):
    """Narrows the list of possible duplicates; what does not fit is ignored."""

    unit = forms.ChoiceField(label="联系单位", required=False)
    reason = forms.ChoiceField(label="依据", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=STATES)

    def __init__(self, params: QueryDict, *, user: User) -> None:
        super().__init__(params)
        units = Unit.objects.reached_by(user, "view").active()
        self.units = {unit.code: unit for unit in units}
        reasons = [each for each in PairReason.choices if each[0] != "id_number" or user.may("sensitive")]
        self.fields["unit"].choices = [("", "全部单位"), *((u.code, u.short_name) for u in units)]  # type: ignore[attr-defined]
        self.fields["reason"].choices = [("", "全部依据"), *reasons]  # type: ignore[attr-defined]

    def narrow(self, pairs: DuplicatePairQuerySet) -> DuplicatePairQuerySet:
        chosen = self.cleaned_data if self.is_valid() else {}
        pairs = pairs.dismissed() if chosen.get("state") else pairs.open()
        if reason := chosen.get("reason"):
            pairs = pairs.filter(reasons__contains=[reason])
        if unit := self.units.get(chosen.get("unit", "")):
            span = (unit.order, unit.order_end)
            pairs = pairs.filter(Q(unit_order__range=span) | Q(other__unit_order__range=span))
        return pairs
