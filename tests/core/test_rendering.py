"""Inputs and lists written by hand are what Django's own templates would make of them."""

from html.parser import HTMLParser

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from core.forms import DayInput, MonthInput, SearchSelect
from core.rendering import FormRenderer

HOSTILE = "\"><script>alert(1)</script>&amp; 'x'"
GROUPS = [("", "请选择"), ("东", [("1", "东城"), (2, HOSTILE)]), ("3", "海淀")]


class Parsed(HTMLParser):
    """Tags, attributes in any order, and text without the blanks between tags."""

    def __init__(self, markup):
        super().__init__()
        self.found = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(attrs, key=str)))

    def handle_endtag(self, tag):
        self.found.append(f"/{tag}")

    def handle_data(self, data):
        if data.strip():
            self.found.append(data.strip())


@pytest.mark.parametrize("widget", [
    forms.TextInput({"maxlength": 10, "required": True, "disabled": False, "title": HOSTILE}),
    forms.NumberInput(),
    forms.EmailInput(),
    forms.HiddenInput(),
    DayInput(),
    MonthInput(),
    forms.Select({"class": "form-select"}, choices=GROUPS),
    forms.SelectMultiple(choices=GROUPS),
    SearchSelect({"data-options-url": "/x/?a=1&b=2"}, choices=GROUPS),
], ids=lambda widget: type(widget).__name__)  # fmt: skip
@pytest.mark.parametrize("value", [None, "", "2", 2, ["1", "2"], HOSTILE], ids=repr)
def test_the_markup_is_that_of_django(widget, value):
    ours, theirs = (
        widget.render("field", value, {"id": "id_field"}, renderer=renderer)
        for renderer in (FormRenderer(), DjangoTemplates())
    )
    assert Parsed(ours).found == Parsed(theirs).found


def test_other_widgets_come_from_their_templates():
    markup = forms.Textarea().render("field", HOSTILE, renderer=FormRenderer())
    assert "<textarea" in markup
    assert "<script>" not in markup


def test_it_is_the_renderer_of_the_product(settings):
    assert settings.FORM_RENDERER == "core.rendering.FormRenderer"
