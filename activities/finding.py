"""Experts whom somebody keeps in touch with, for pickers, and what is planned with experts about a day."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.urls import reverse

from accounts.models import User
from activities.conflicts import Clash
from activities.models import Contact, Pairing
from experts.finding import named
from experts.models import Expert

NEAR = timedelta(days=3)


def paired_or_named(user: User, text: str, most: int) -> list[Expert]:
    """Visible experts that fit what was typed; with nothing typed those paired with the user."""
    if text:
        return named(user, text).first(["sort_key"], most)
    own = Pairing.objects.of(user).open().values("expert")
    found = Expert.objects.visible_to(user).filter(pk__in=own, died_on__isnull=True)
    return list(found.for_list().order_by("sort_key")[:most])


def planned_near(user: User, experts: Sequence[Expert], on: date) -> list[Clash]:
    """What is planned with these experts within three days of the day, by whichever unit: nobody is called on
    twice in one week. The day itself is looked at by `activities.conflicts`."""
    planned = Contact.objects.visible_to(user).planned().filter(expert__in=experts)
    rows = planned.between(on - NEAR, on + NEAR).exclude(on=on).select_related("expert", "unit")
    return [
        Clash(
            row.expert.name,
            f"{row.unit}安排的{row.get_kind_display()}",
            f"{row.on:%m-%d}",
            reverse("contacts:contact", args=[row.uuid]),
        )
        for row in rows.order_by("on", "id")
    ]
