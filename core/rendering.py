"""How widgets become markup.

Django renders every option of a list through a template of its own; a page of filters spends most of its
time there. The two widgets that pages are full of are written here, the same markup without templates.
"""

from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.safestring import SafeString

WIDGETS = "django/forms/widgets/"
INPUTS = frozenset(f"{WIDGETS}{kind}.html" for kind in ("date", "email", "hidden", "input", "number", "text"))


def attributes(values: dict[str, Any]) -> str:
    """As Django's attrs.html: True stands alone, False is left out."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not False
    )


def input_markup(widget: dict[str, Any]) -> SafeString:
    kind, name, value = widget["type"], escape(widget["name"]), widget["value"]
    shown = "" if value is None else f' value="{escape(str(value))}"'
    return SafeString(f'<input type="{kind}" name="{name}"{shown}{attributes(widget["attrs"])}>')


def select_markup(widget: dict[str, Any]) -> SafeString:
    groups = []
    for title, members, _ in widget["optgroups"]:
        listed = options(members)
        groups.append(f'<optgroup label="{escape(str(title))}">{listed}</optgroup>' if title else listed)
    start = f'<select name="{escape(widget["name"])}"{attributes(widget["attrs"])}>'
    return SafeString(f"{start}{''.join(groups)}</select>")


def options(members: list[dict[str, Any]]) -> str:
    return "".join(
        f'<option value="{escape(str(option["value"]))}"{attributes(option["attrs"])}>'
        f"{escape(str(option['label']))}</option>"
        for option in members
    )


class FormRenderer(DjangoTemplates):
    """Django's templates, but for inputs and lists."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name == f"{WIDGETS}select.html":
            return select_markup(context["widget"])
        if template_name in INPUTS:
            return input_markup(context["widget"])
        return super().render(template_name, context, request)
