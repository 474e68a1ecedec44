"""Coverage in plain Python from raw rows: what the database's answer is held against."""

import calendar
from datetime import date, timedelta

from activities.models import Contact, KeyPeriod
from experts.models import Expert, RosterEntry

DEFAULTS = {
    "key_contact_months": 3,
    "general_contact_months": 12,
    "officer_contact_counts": 1,
    "remote_contact_counts": 0,
    "symposium_counts": 1,
}


def add_months(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def setting(unit, key):
    from accounts.models import UnitSetting

    nearest = UnitSetting.objects.filter(
        key=key, unit__order__lte=unit.order, unit__order_end__gte=unit.order
    ).order_by("-unit__order")
    return next((row.value for row in nearest), DEFAULTS[key])


def ways(unit):
    counting = {"officer": "officer_contact_counts", "remote": "remote_contact_counts"}
    counting["symposium"] = "symposium_counts"
    return {"leader"} | {way for way, key in counting.items() if setting(unit, key)}


def begun(entries, day):
    """When the unbroken stay that holds the day began; None when it is not in any."""
    holding = [e for e in entries if e.since <= day and (e.until is None or e.until > day)]
    if not holding:
        return None
    start = holding[0].since
    while earlier := [e for e in entries if e.until == start]:
        start = earlier[0].since
    return start


def has_died(expert, day):
    return Expert.objects.filter(pk=expert.pk, died_on__lte=day).exists()


def in_touch(expert, unit, day, months):
    contacts = Contact.objects.filter(expert=expert, state="done", way__in=ways(unit), on__lte=day)
    return any(day <= add_months(contact.on, months) for contact in contacts)


def state(expert, unit, scope, day):
    """How it stands with one expert for the roster of this very unit: fresh, covered, gap or None."""
    if has_died(expert, day):
        return None
    months = setting(unit, f"{scope}_contact_months")
    start = begun(list(RosterEntry.objects.filter(expert=expert, unit=unit, scope=scope)), day)
    if start is None:
        return None
    if day < add_months(start, months):
        return "fresh"
    return "covered" if in_touch(expert, unit, day, months) else "gap"


def off_roster(expert, unit, day):
    """The same for an expert who is key by rule, managed by the unit and on no roster."""
    entries = RosterEntry.objects.filter(expert=expert)
    if has_died(expert, day):
        return None
    if begun(list(entries), day) is not None:
        return None
    periods = KeyPeriod.objects.filter(expert=expert, unit=unit)
    if not any(p.since <= day and (p.until is None or p.until > day) for p in periods):
        return None
    return "covered" if in_touch(expert, unit, day, setting(unit, "key_contact_months")) else "gap"


def coverage(experts, units, day):
    """Counts by state of distinct key experts, for the subtree that `units` make up."""
    counts = {"fresh": 0, "covered": 0, "gap": 0}
    for expert in experts:
        states = {state(expert, unit, "key", day) for unit in units}
        states |= {off_roster(expert, unit, day) for unit in units}
        for found in ("covered", "gap", "fresh"):
            if found in states:
                counts[found] += 1
                break
    return counts


def days(first, count):
    return [first + timedelta(days=n) for n in range(count)]
