"""Until when a record of a contact may be completed: so many days after it was written down, by the unit's
setting; from then on a department head sets it right."""

from datetime import date, timedelta

from django.utils import timezone

from accounts.models import User
from accounts.unit_settings import effective
from activities.models import Contact
from core.moments import as_day

OVER = "超过 {} 天的记录，由组织部门负责人更正。"


def days_to_record(contact: Contact) -> int:
    return effective(contact.unit, "contact_record_days").value


def open_until(contact: Contact, days: int) -> date:
    """The last day on which whoever may change the contact completes it."""
    return (as_day(contact.recorded_at) or contact.on) + timedelta(days=days)


def is_open_to(user: User, contact: Contact, days: int) -> bool:
    """Whether the user, who may change the contact, may still set its record right today."""
    return timezone.localdate() <= open_until(contact, days) or user.may("approve", contact.place)
