"""走访一页纸: what whoever calls on an expert should know, on one page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.coverage import standing
from activities.enums import FollowUpKind
from activities.listing import dressed
from activities.models import Contact, FollowUp, Pairing
from activities.presenting import standing_text
from core.moments import due_state
from experts.enums import SensitiveField
from experts.models import Expert, SensitiveValue
from experts.sensitive import MASK

CONTACTS_SHOWN = 5
SHOWN = 8
AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class Ahead:
    """A day that comes."""

    day: date
    text: str


def brief_of(user: User, expert: Expert) -> dict[str, Any]:
    """All that the page shows; eight statements."""
    today = timezone.localdate()
    contacts = Contact.objects.visible_to(user).filter(expert=expert)
    heard = FollowUp.objects.visible_to(user).filter(expert=expert)
    done = contacts.done().for_list().order_by("-on", "-id")[:CONTACTS_SHOWN]
    planned = list(contacts.planned().filter(on__gte=today).for_list().order_by("on", "id")[:SHOWN])
    promises = list(contacts.promising().order_by("next_on", "id")[:SHOWN])
    open_ones = heard.open().select_related("owner").order_by("due_on", "id")
    advice = heard.filter(kind=FollowUpKind.SUGGESTION, done_at__isnull=False).select_related("contact")
    found = standing(user, [expert]).get(expert.pk)
    return {
        "today": today,
        "contacts": [dressed(each) for each in done],
        "promises": promises,
        "follow_ups": list(open_ones[:SHOWN]),
        "advice": list(advice.order_by("-done_at")[:SHOWN]),
        "pairings": _pairings(user, expert, today),
        "health": _health(user, expert),
        "standing_text": standing_text(found, today) if found else "",
        "standing_state": due_state(found.due_on, today=today) if found else "",
        "ahead": [] if expert.died_on else _ahead(expert, planned, promises, today),
    }


def _pairings(user: User, expert: Expert, today: date) -> list[Pairing]:
    rows = Pairing.objects.visible_to(user).as_of(today).filter(expert=expert)
    return list(rows.select_related("person", "unit").order_by("kind", "place"))


def _health(user: User, expert: Expert) -> dict[str, str]:
    """The masked note on health care, for those with the right; shown by an act on the record."""
    if not user.may("sensitive"):
        return {}
    rows = SensitiveValue.objects.visible_to(user).filter(expert=expert, field=SensitiveField.HEALTH)
    if not rows.exists():
        return {}
    url = reverse("experts:reveal", args=[expert.uuid, SensitiveField.HEALTH.value])
    return {"label": SensitiveField.HEALTH.label, "value": MASK, "reveal_url": url}


def _ahead(expert: Expert, planned: list[Contact], promises: list[Contact], today: date) -> list[Ahead]:
    """Days that come within two months, the nearest first."""
    days = [Ahead(each.on, f"已安排{each.get_kind_display()}：{each.people_text}") for each in planned]
    days += [Ahead(each.next_on, f"承诺：{each.next_step}") for each in promises if each.next_on]
    if expert.birth and expert.birth_day_known:
        day = next_birthday(expert.birth, today)
        days.append(Ahead(day, f"{day.year - expert.birth.year} 岁生日"))
    return sorted((each for each in days if today <= each.day <= today + AHEAD), key=lambda each: each.day)


def next_birthday(birth: date, today: date) -> date:
    """Today or later; who was born on 29 February has it on the 28th in other years."""
    this_year = _in_year(birth, today.year)
    return this_year if this_year >= today else _in_year(birth, today.year + 1)


def _in_year(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
