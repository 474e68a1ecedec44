"""Coverage in plain Python from raw rows: what the database's answer is held against."""

import calendar
from collections import Counter
from datetime import date, timedelta

from accounts.models import RoleAssignment, Unit
from activities.models import Contact, KeyPeriod, Pairing
from experts.models import Expert, Holder, NeedToKnow, RosterEntry

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


def standing(expert, units, day):
    """How it stands with a key expert in the subtree that `units` make up, each counted once."""
    states = {state(expert, unit, "key", day) for unit in units}
    states |= {off_roster(expert, unit, day) for unit in units}
    return next((found for found in ("covered", "gap", "fresh") if found in states), None)


def coverage(experts, units, day):
    """Counts by state of distinct key experts."""
    found = Counter(standing(expert, units, day) for expert in experts)
    return {each: found[each] for each in ("fresh", "covered", "gap")}


def cause(expert, unit, units, day):
    """Why a gap is one."""
    if not any(state(expert, each, "key", day) for each in units):
        return "not_on_roster"
    hindered = Contact.objects.filter(expert=expert, state__in=["missed", "cancelled"], on__lte=day)
    months = setting(*rosters(expert, unit), "key_contact_months")
    reasons = {contact.hindrance for contact in hindered if day <= add_months(contact.on, months)}
    for reason in ("abroad", "declined"):
        if reason in reasons:
            return reason
    leaders, officers = (people(expert, kind, units, day) for kind in ("leader", "officer"))
    if not leaders:
        return "no_leader"
    if not any(leaders):
        return "leader_left"
    return "officer_left" if officers and not any(officers) else "not_done"


def rosters(expert, unit):
    """Whose frequency applies: that of the only roster that ever held the expert, else that of the unit."""
    died_on = Expert.objects.get(pk=expert.pk).died_on
    entries = RosterEntry.objects.filter(expert=expert, scope="key")
    held = {e.unit for e in entries if e.since != e.until and (died_on is None or e.since < died_on)}
    return held if len(held) == 1 else {unit}


ROLES = {"leader": ("leader", "department_head"), "officer": ("liaison_officer", "department_head")}


def people(expert, kind, units, day):
    """For each whom these units had named that day, whether they still held a fitting role over the unit."""
    pairings = Pairing.objects.filter(expert=expert, kind=kind, unit__in=units, since__lte=day)
    return [
        pairing.person.is_active
        and any(
            role.role in ROLES[kind] and role.since <= day and (role.until is None or role.until >= day)
            and role.unit.order <= pairing.unit.order <= role.unit.order_end
            for role in RoleAssignment.objects.filter(user=pairing.person)
        )
        for pairing in pairings if pairing.until is None or pairing.until > day
    ]  # fmt: skip


def sees(user, expert):
    """Whether a user of one role sees the expert: by list, or by clearance and reach."""
    expert = Expert.objects.get(pk=expert.pk)
    if expert.label == 2:
        return NeedToKnow.objects.filter(user=user, content_object=expert).exists()
    reach = RoleAssignment.objects.get(user=user).unit
    orders = [expert.unit.order, *(each.unit.order for each in Holder.objects.filter(expert=expert))]
    return expert.label <= user.clearance and any(reach.order <= n <= reach.order_end for n in orders)


def printed(user, unit, day):
    """What `manage.py coverage --json` prints to the user."""
    units = list(Unit.objects.filter(order__range=(unit.order, unit.order_end)))
    seen = [expert for expert in Expert.objects.order_by("sort_key") if sees(user, expert)]
    found = {expert: standing(expert, units, day) for expert in seen}
    counts = Counter(found.values())
    key = counts["covered"] + counts["gap"]
    return {
        "key": key,
        "covered": counts["covered"],
        "rate": round(counts["covered"] / key, 4) if key else None,
        "gaps": [
            {"expert": expert.record_number, "cause": cause(expert, unit, units, day)}
            for expert in seen if found[expert] == "gap"
        ],
    }  # fmt: skip


def days(first, count):
    return [first + timedelta(days=n) for n in range(count)]


def unled(expert, units, day):
    """Whether the expert is on a key roster of these units, and none of those rosters has a leader paired."""
    wanting = [each for each in units if state(expert, each, "key", day)]
    return bool(wanting) and not people(expert, "leader", wanting, day)
