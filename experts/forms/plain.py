"""Forms of prose: what people write about experts and about what was done."""

from typing import Any

from django import forms

from core.chinese import as_written
from core.forms import StyledForm
from core.markings import MARKED, find_marking


class PlainForm(StyledForm, forms.Form):
    """Texts come out cleaned; one that bears a secrecy marking is refused beside its field."""

    def clean(self) -> dict[str, Any]:
        super().clean()
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, str):
                self.cleaned_data[name] = value = as_written(value)
                if find_marking(value) and name not in self.errors:
                    self.add_error(name, MARKED)
        return self.cleaned_data
