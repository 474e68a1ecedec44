"""The components that every page is made of, as built-in template tags and filters.

Each tag has a file in templates/components/ and a place in the gallery (/components/).
Arguments are keyword-only; texts are escaped; a block tag takes the markup between its two ends.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.forms import BaseForm, CheckboxInput
from django.forms.boundfield import BoundField
from django.forms.utils import flatatt
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from core import filters, moments
from core.filters import plain
from core.forms import is_choice_list, styled

register = template.Library()
register.filters.update(filters.register.filters)

SCOPES = {"key": ("重点", "重点联系"), "general": ("普遍", "普遍联系")}
LABELS = {
    "0": ("internal", "内部"),
    "1": ("sensitive", "敏感"),
    "2": ("restricted", "限知悉"),
    "internal": ("internal", "内部"),
    "sensitive": ("sensitive", "敏感"),
    "restricted": ("restricted", "限知悉"),
}
ALERT_ICONS = {
    "info": "info-circle",
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-circle",
}
MESSAGE_TONES = {"debug": "info", "error": "danger"}


def rendered(component: str, **context: Any) -> SafeString:
    """A component's template with nothing but what it was given."""
    return SafeString(component_template(component).render(context))


@lru_cache
def component_template(component: str) -> Any:
    return get_template(f"components/{component}.html")


def trimmed(content: str) -> SafeString:
    """A block's markup, already escaped by its own tags, without the blanks around it."""
    return SafeString(content.strip())


@lru_cache
def icon_names() -> tuple[str, ...]:
    """The icons of the sprite, in its order."""
    path = finders.find("icons.svg")
    if not path:
        return ()
    return tuple(re.findall(r'<symbol id="([^"]+)"', Path(path).read_text(encoding="utf-8")))


# Marks


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, *, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite. Without a label it is decoration and hidden from screen readers."""
    hidden = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    classes = f"icon {css}".strip()
    url = static("icons.svg")
    return format_html('<svg class="{}" {}><use href="{}#{}"></use></svg>', classes, hidden, url, name)


@register.simple_tag
def badge(*, text: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    """A short word on a tint: neutral, key, general, ok, warn, bad."""
    return tag_markup(str(text), tone, icon)


@lru_cache(maxsize=512)
def tag_markup(text: str, tone: str, name: str) -> SafeString:
    return format_html('<span class="tag tag-{}">{}{}</span>', tone, icon(name) if name else "", text)


@register.simple_tag
def scope_badge(*, scope: str | None, long: bool = False) -> SafeString:
    """重点 or 普遍 (long: 重点联系, 普遍联系); 未认定 while no decision is stored."""
    if scope not in SCOPES:
        return tag_markup("未认定", "neutral", "")
    return tag_markup(SCOPES[scope][long], scope, "")


@register.simple_tag
def label_mark(*, label: str | int) -> SafeString:
    """The framed mark of who may see a record: 内部, 敏感, 限知悉."""
    tone, text = LABELS[str(getattr(label, "value", label))]
    mark = '<span class="mark mark-{}"><span class="visually-hidden">标签：</span>{}</span>'
    return format_html(mark, tone, text)


@register.simple_tag
def due(*, day: date | None, today: date | None = None, empty: str = moments.EMPTY) -> SafeString:
    """When something is due, red once late, amber within two weeks."""
    if day is None:
        return rendered("due", text=empty, state="")
    here = today or timezone.localdate()
    state = moments.due_state(day, today=here)
    return rendered("due", text=moments.due_text(day, today=here), state=state, day=day.isoformat())


# Containers


@register.simple_block_tag(end_name="endcard")
def card(
    content: str,
    *,
    title: str = "",
    aside: Any = "",
    action_label: str = "",
    action_url: str = "",
    flush: bool = False,
    id: str = "",
    css: str = "",
) -> SafeString:
    """A white panel. `flush` lets a table or list reach its edges; `aside` is a remark in the header."""
    return rendered(
        "card",
        content=content,
        title=title,
        aside=aside,
        action_label=action_label,
        action_url=action_url,
        flush=flush,
        id=id,
        css=css,
    )


@register.simple_block_tag(end_name="enddatagrid")
def datagrid(content: str, *, columns: int = 2) -> SafeString:
    """A grid of facts (`datum`), one to four columns, one on a phone."""
    return rendered("datagrid", content=content, columns=columns)


@register.inclusion_tag("components/datum.html")
def datum(
    *, label: str, value: Any = None, hint: str = "", state: str = "", wide: bool = False
) -> dict[str, Any]:
    """One fact. Empty values show a dash, booleans 是 or 否, dates as 2026-11-23."""
    return {"label": label, "value": plain(value), "hint": hint, "state": state, "wide": wide}


@register.simple_block_tag(end_name="enddatum_block")
def datum_block(content: str, *, label: str, hint: str = "", wide: bool = False) -> SafeString:
    """One fact whose value is markup."""
    value = trimmed(content) or moments.EMPTY
    return rendered("datum", label=label, value=value, hint=hint, wide=wide)


@register.simple_block_tag(end_name="endbreadcrumbs")
def breadcrumbs(content: str) -> SafeString:
    """The way here; holds `crumb` tags."""
    return rendered("breadcrumbs", content=content)


@register.inclusion_tag("components/crumb.html")
def crumb(*, label: Any, url: str = "") -> dict[str, Any]:
    """One step of the way; without a URL it is the page itself."""
    return {"label": label, "url": url}


@register.inclusion_tag("components/tabs.html")
def tabs(*, items: Iterable[Mapping[str, Any]], label: str = "栏目") -> dict[str, Any]:
    """Tabs that are links; each item has label, url, active and, if wanted, count."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/steps.html")
def steps(*, items: Iterable[str], current: int) -> dict[str, Any]:
    """The steps of a wizard; `current` counts from 1."""
    return {"items": items, "current": current}


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    *, title: str, hint: str = "", icon: str = "inbox", action_label: str = "", action_url: str = ""
) -> dict[str, Any]:
    """What stands where a list would, and what to do about it."""
    return {
        "title": title,
        "hint": hint,
        "icon": icon,
        "action_label": action_label,
        "action_url": action_url,
    }


@register.simple_block_tag(end_name="endmenu")
def menu(content: str, *, label: str, icon: str = "", css: str = "btn") -> SafeString:
    """A button that opens a list of links or buttons (class `menu-item`)."""
    return rendered("menu", content=content, label=label, icon=icon, css=css)


# Lists


@register.simple_block_tag(end_name="endlist_item")
def list_item(
    content: str, *, title: Any, detail: Any = "", url: str = "", icon: str = "", tone: str = "neutral"
) -> SafeString:
    """A row of a list: a title, a line of detail, and at the right what stands in the block."""
    return rendered(
        "list_item", content=trimmed(content), title=title, detail=detail, url=url, icon=icon, tone=tone
    )


@register.simple_block_tag(end_name="endtodo_item")
def todo_item(
    content: str,
    *,
    title: Any,
    detail: Any = "",
    url: str = "",
    icon: str = "checklist",
    tone: str = "neutral",
    due_text: str = "",
    due_state: str = "",
) -> SafeString:
    """Something to do: what, about whom, when (state late or soon), and its button in the block."""
    return rendered(
        "todo_item",
        content=trimmed(content),
        title=title,
        detail=detail,
        url=url,
        icon=icon,
        tone=tone,
        due_text=due_text,
        due_state=due_state,
    )


@register.simple_block_tag(end_name="endtimeline_item")
def timeline_item(
    content: str,
    *,
    when: Any,
    title: str,
    text: Any = "",
    detail: Any = "",
    icon: str = "clock",
    tone: str = "neutral",
) -> SafeString:
    """Something that happened: when, what kind, what, who; a button in the block if there is one."""
    return rendered(
        "timeline_item",
        content=trimmed(content),
        when=moments.day_text(when) if isinstance(when, date) else when,
        title=title,
        text=text,
        detail=detail,
        icon=icon,
        tone=tone,
    )


@register.simple_block_tag(end_name="endfilter_chips")
def filter_chips(content: str, *, chips: Iterable[Mapping[str, Any]], clear_url: str = "") -> SafeString:
    """The filters in force, each (label, url) with a link that takes it off."""
    return rendered("filter_chips", content=trimmed(content), chips=list(chips), clear_url=clear_url)


@register.inclusion_tag("components/sort_header.html")
def sort_header(*, label: str, url: str, direction: str = "", css: str = "") -> dict[str, Any]:
    """A column head that sorts; `direction` is asc, desc or empty."""
    return {"label": label, "url": url, "direction": direction, "css": css}


@register.inclusion_tag("components/pager.html")
def pager(
    *,
    previous_url: str = "",
    next_url: str = "",
    summary: Any = "",
    letters: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Paging by key: back, on, and a jump to a letter (letter, url, active; no url means nobody there)."""
    return {
        "previous_url": previous_url,
        "next_url": next_url,
        "summary": summary,
        "letters": list(letters),
    }


@register.simple_block_tag(end_name="endbulk_bar")
def bulk_bar(content: str, *, noun: str = "人") -> SafeString:
    """Acts on the ticked rows; shown by static/js/bulk.js once a row of the same form is ticked."""
    return rendered("bulk_bar", content=content, noun=noun)


@register.inclusion_tag("components/suggestions.html")
def suggestions(*, items: Iterable[Mapping[str, Any]], query: str = "", more_url: str = "") -> dict[str, Any]:
    """Answers below the search box; each item has title, detail, url and, if wanted, mark."""
    return {"items": list(items), "query": query, "more_url": more_url}


@register.inclusion_tag("components/conflict_table.html")
def conflict_table(
    *, rows: Iterable[Mapping[str, Any]], mine: str = "您填写的", theirs: str = "现在保存的"
) -> dict[str, Any]:
    """Two versions side by side; each row has label, mine, theirs and differs."""
    return {"rows": rows, "mine": mine, "theirs": theirs}


# Figures


@register.inclusion_tag("components/stat.html")
def stat(
    *, label: str, value: Any, unit: str = "", hint: Any = "", pieces: Iterable[Any] = (), url: str = "",
    tone: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A figure on a tile; `tone` bad paints it red; with a URL the tile leads to the rows behind it. `pieces`
    are words with a `text` and perhaps a `url` of their own, instead of a hint."""
    figure = {"label": label, "value": value, "unit": unit, "tone": tone}
    return figure | {"hint": hint, "pieces": pieces, "url": url}


@register.inclusion_tag("components/progress_bar.html")
def progress_bar(
    *, value: int, total: int, label: str = "", detail: Any = "", tone: str = ""
) -> dict[str, Any]:
    """How much of a total is done; a total of 0 means not known yet."""
    percent = min(100, value * 100 // total) if total else None
    return {
        "value": value,
        "total": total,
        "percent": percent,
        "label": label,
        "detail": detail,
        "tone": tone,
    }


@register.inclusion_tag("components/chart.html")
def chart(*, data: Mapping[str, Any], summary: str, head: str, column: str) -> dict[str, Any]:
    """A chart that static/js/charts.js draws: `data` has kind (bars, line or stacks), labels, values and what
    the kind needs besides. `summary` says in words what it shows; a table below holds the same numbers."""
    urls = data.get("urls") or [""] * len(data["labels"])
    texts = data.get("details") or data["values"]
    rows = zip(data["labels"], texts, urls, strict=True)
    return {"data": json.dumps(data), "summary": summary, "head": head, "column": column, "rows": rows}


# Forms and acts


@register.simple_tag
def button(
    *,
    label: str,
    icon: str = "",
    href: str = "",
    variant: str = "",
    size: str = "",
    type: str = "button",
    icon_only: bool = False,
    **attributes: Any,
) -> SafeString:
    """A button, or with `href` a link that looks like one. Variants: primary, danger, link.

    Further arguments become attributes, underscores as hyphens: `hx_post=url data_confirm="…"`.
    """
    extra = {name.replace("_", "-"): value for name, value in attributes.items()}
    return rendered(
        "button",
        label=label,
        icon=icon,
        href=href,
        variant=variant,
        size=size,
        type=type,
        icon_only=icon_only,
        attributes=flatatt(extra),
    )


@register.inclusion_tag("components/form_field.html")
def form_field(
    *, field: BoundField, label: str = "", hint: str = "", hide_label: bool = False
) -> dict[str, Any]:
    """A label, its control, help and errors, tied together for screen readers."""
    bound = styled(field)
    if hint:
        bound.help_text = conditional_escape(hint)
    widget = bound.field.widget
    return {
        "field": bound,
        "label": label or bound.label,
        "hide_label": hide_label,
        "is_check": isinstance(widget, CheckboxInput),
        "is_group": is_choice_list(widget),
    }


@register.inclusion_tag("components/form_fields.html")
def form_fields(*, form: BaseForm) -> dict[str, Any]:
    """Every field of a form in its order, hidden ones included."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(*, form: BaseForm) -> dict[str, Any]:
    """What is wrong with the form, above it: its own errors and links to the fields that have some."""
    bad = [form[name] for name in form.errors if name in form.fields]
    hidden = [field for field in bad if field.is_hidden]
    return {
        "errors": form.non_field_errors(),
        "fields": [field for field in bad if not field.is_hidden],
        "hidden": hidden,
    }


@register.simple_block_tag(end_name="endalert")
def alert(content: str, *, tone: str = "info", title: str = "") -> SafeString:
    """A remark that stays on the page: info, success, warning, danger."""
    return rendered("alert", content=trimmed(content), tone=tone, title=title, icon=ALERT_ICONS[tone])


@register.inclusion_tag("components/toasts.html")
def toasts(*, messages: Iterable[Any] | None = None, oob: bool = False, id: str = "toasts") -> dict[str, Any]:
    """Django's messages in the corner; `oob` sends them along with a fragment."""
    shown = []
    for message in messages or ():
        tone = MESSAGE_TONES.get(message.level_tag, message.level_tag) or "info"
        shown.append({"text": message.message, "tone": tone, "icon": ALERT_ICONS[tone]})
    return {"toasts": shown, "oob": oob, "id": id}


@register.simple_block_tag(takes_context=True, end_name="endconfirm_dialog")
def confirm_dialog(
    context: template.Context,
    content: str,
    *,
    id: str,
    title: str,
    action: str = "",
    confirm_label: str = "确定",
    variant: str = "primary",
) -> SafeString:
    """A dialog that posts to `action`; a button with data-dialog="<id>" opens it."""
    return rendered(
        "confirm_dialog",
        content=content,
        id=id,
        title=title,
        action=action,
        confirm_label=confirm_label,
        variant=variant,
        csrf_token=context.get("csrf_token", ""),
    )


@register.inclusion_tag("components/masked.html")
def masked(
    *, label: str, value: Any, reveal_url: str = "", hide_url: str = "", revealed: bool = False
) -> dict[str, Any]:
    """A sensitive value: masked with a button that asks for it, or shown and masked again after a minute."""
    return {
        "label": label,
        "value": plain(value),
        "reveal_url": reveal_url,
        "hide_url": hide_url,
        "revealed": revealed,
    }
