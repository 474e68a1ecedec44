"""How form fields look: one place gives every widget its class, so that no form names one.

`StyledForm` is mixed into a form; `{% form_field field=form.name %}` also styles the fields of
forms that were written elsewhere (allauth). Django itself ties help and errors to the control
(`aria-describedby`, `aria-invalid`); the field template uses the same ids.
"""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField

CHECKS = (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)


class DayInput(forms.DateInput):
    """A date picked in the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MonthInput(forms.DateInput):
    """A month, shown and sent as YYYY-MM."""

    input_type = "month"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m")


class SearchSelect(forms.Select):
    """A list long enough to be searched by typing (static/js/search-select.js)."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__({"data-search-select": "", **(attrs or {})}, choices)


class SearchSelectMultiple(forms.SelectMultiple):
    """Several values of a long list, each shown as a chip."""

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__({"data-search-select": "", **(attrs or {})}, choices)


class FileDrop(forms.FileInput):
    """A file that may also be dropped on the field (static/js/file-drop.js)."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-file-drop": "", **(attrs or {})})


def control_class(widget: forms.Widget) -> str:
    """The CSS class that a widget's control carries."""
    if isinstance(widget, CHECKS):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


def is_choice_list(widget: forms.Widget) -> bool:
    """Whether the widget draws one control per choice (radio buttons, check boxes)."""
    return isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


class StyledBoundField(BoundField):
    """A bound field whose control carries the classes of the house."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Django's attributes (required, aria-…) and the class of the control."""
        control = widget or self.field.widget
        result = super().build_widget_attrs(attrs, control)
        classes = [control.attrs.get("class", ""), result.get("class", ""), control_class(control)]
        if self.errors:
            classes.append("is-invalid")
        result["class"] = " ".join(dict.fromkeys(name for entry in classes for name in entry.split()))
        return result


class StyledForm(forms.BaseForm):
    """Mix-in: fields of the form come out styled wherever they are rendered."""

    bound_field_class = StyledBoundField


def styled(field: BoundField) -> StyledBoundField:
    """The same field, styled, whatever form it comes from."""
    if isinstance(field, StyledBoundField):
        return field
    return StyledBoundField(field.form, field.field, field.name)
