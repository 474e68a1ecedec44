"""How documents write dates, and what is not known."""

from datetime import date, datetime

from core.moments import as_day


def chinese_day(value: date | datetime | None) -> str:
    """2026年11月3日, as official documents write it, or nothing."""
    found = as_day(value)
    return f"{found.year}年{found.month}月{found.day}日" if found else ""


def iso_day(value: date | datetime | None) -> str:
    """2026-11-03 for tables, or nothing."""
    found = as_day(value)
    return found.isoformat() if found else ""
