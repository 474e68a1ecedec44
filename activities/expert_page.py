"""What the page of an expert shows of contacts: a timeline, when one is due, and how to write one down; and
of training."""

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from activities.coverage import standing
from activities.listing import dressed
from activities.models import Contact, Nomination
from activities.training_page import TONES
from core.moments import day_text, due_state, due_text
from core.paging import Order, page_by_key
from experts.models import Expert
from experts.parts import ACTS, FACTS, TABS, Act, Fact, Tab

PAGE_SIZE = 20
LATEST_FIRST = Order(("on", "id"), descending=True)
LAST_FIRST = Order(("id",), descending=True)


def timeline(user: User, expert: Expert, params: QueryDict) -> dict[str, Any]:
    """A page of the expert's contacts, the latest first."""
    contacts = Contact.objects.visible_to(user).filter(expert=expert).for_list()
    page = page_by_key(contacts, LATEST_FIRST, params, PAGE_SIZE)
    return {
        "contacts": [dressed(contact) for contact in page.rows],
        "contacts_summary": f"每页 {PAGE_SIZE} 次",
        "may_record": user.may("change") and not expert.died_on,
        "today": timezone.localdate(),
        **page.urls(params),
    }


def classes(user: User, expert: Expert, params: QueryDict) -> dict[str, Any]:
    """For which classes the expert was put forward, the last nomination first."""
    rows = Nomination.objects.visible_to(user).filter(expert=expert).select_related("training__plan", "unit")
    page = page_by_key(rows, LAST_FIRST, params, PAGE_SIZE)
    lines = [(each, TONES.get(each.state, "neutral")) for each in page.rows]
    return {"lines": lines, "classes_summary": f"每页 {PAGE_SIZE} 次", **page.urls(params)}


@FACTS.register
def facts(user: User, expert: Expert) -> Iterable[Fact]:
    """When the expert was last in touch with in a way that counts, and when that is due again."""
    found = standing(user, [expert]).get(expert.pk)
    if found is None or expert.died_on:
        return []
    today = timezone.localdate()
    said = due_text(found.due_on, today=today)
    late_or_soon = due_state(found.due_on, today=today)
    return [
        Fact("上次联系", day_text(found.last_on)),
        Fact(
            "下次应联系",
            day_text(found.due_on),
            hint=said if found.due_on <= today else "",
            state=late_or_soon,
        ),
    ]


@ACTS.register
def acts(user: User, expert: Expert) -> Iterable[Act]:
    if not user.may("view"):
        return []
    brief = Act("走访一页纸", reverse("contacts:brief", args=[expert.uuid]), icon="file-text")
    if expert.died_on:
        return []
    if not user.may("change"):
        return [brief]
    record = f"{reverse('contacts:record')}?expert={expert.uuid}"
    return [brief, Act("记一次走访", record, icon="plus", variant="primary")]


TABS.append(Tab("contacts", "联系记录", "activities/contact_tab.html", timeline))
TABS.append(Tab("training", "参加研修", "activities/training_expert.html", classes))
