"""How values read on a page. Part of core.components, so every template has them."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import moments

register = template.Library()


@register.filter
def plain(value: Any) -> Any:
    """A value as people read it: a dash for nothing, 是 or 否, 2026-11-23."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return moments.moment_text(value)
    if isinstance(value, date):
        return moments.day_text(value)
    return moments.EMPTY if value is None or value in ("", [], ()) else value


@register.filter
def day(value: date | datetime | None) -> str:
    """2026-11-23."""
    return moments.day_text(value)


@register.filter
def month(value: date | datetime | None) -> str:
    """2026-11."""
    return moments.month_text(value)


@register.filter
def moment(value: datetime | None) -> str:
    """2026-11-23 14:02."""
    return moments.moment_text(value)


@register.filter
def long_day(value: date | datetime | None) -> str:
    """11 月 23 日 星期一."""
    return moments.long_day_text(value)


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """How long ago, the exact moment on hovering."""
    if not value:
        return moments.EMPTY
    exact = moments.moment_text(value)
    text = moments.ago_text(value, now=timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, text)


@register.filter
def number(value: int | None) -> str:
    """1,842."""
    return moments.EMPTY if value in (None, "") else f"{value:,}"
