"""How contacts read on a page: two versions side by side, what is open with an expert, when one is due."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from activities.coverage import standing
from activities.forms.contacts import RecordForm
from activities.models import Contact, FollowUp
from core.moments import day_text, due_state, due_text
from experts.models import Expert

SHOWN = 5


def shown(contact: Contact, name: str) -> Any:
    """A column in the words of the page."""
    field = Contact._meta.get_field(name)
    if getattr(field, "choices", None):
        return getattr(contact, f"get_{name}_display")()
    return getattr(contact, name)


def conflict_rows(form: RecordForm, current: Contact) -> list[dict[str, Any]]:
    """What the user typed beside what a colleague has saved; only what differs."""
    typed = Contact(**form.facts())
    went = form.went_by()
    rows = [
        {"label": str(Contact._meta.get_field(name).verbose_name), "mine": shown(typed, name),  # type: ignore[union-attr]
         "theirs": shown(current, name)}
        for name in form.FACTS
    ]  # fmt: skip
    chosen = [each.name for each in form.offered if each.chosen]
    rows.append({"label": "谁去的", "mine": "、".join([*chosen, *went.names]), "theirs": current.people_text})
    return [row | {"differs": True} for row in rows if str(row["mine"] or "") != str(row["theirs"] or "")]


def about(user: User, expert: Expert) -> dict[str, Any]:
    """What whoever calls on an expert should know beforehand: when they were last in touch with, and what is
    open; three statements."""
    found = standing(user, [expert]).get(expert.pk)
    today = timezone.localdate()
    open_ones = FollowUp.objects.visible_to(user).open().filter(expert=expert).order_by("due_on", "id")
    promises = Contact.objects.visible_to(user).promising().filter(expert=expert).order_by("next_on", "id")
    return {
        "expert": expert,
        "standing": found,
        "standing_text": standing_text(found, today) if found else "",
        "standing_state": due_state(found.due_on, today=today) if found else "",
        "open_follow_ups": list(open_ones.select_related("contact")[:SHOWN]),
        "open_promises": list(promises[:SHOWN]),
    }


def standing_text(found: Any, today: Any) -> str:
    """上次联系 2026-08-02，超期 21 天."""
    last = f"上次联系 {day_text(found.last_on)}" if found.last_on else "还没有联系过"
    return f"{last}，{due_text(found.due_on, today=today)}{'' if found.due_on <= today else ' 前应联系'}"
