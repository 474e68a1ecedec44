"""The inbox as its page shows it: filters in the URL, and lines that name nobody whom the reader may not
see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.models import User
from core.paging import Order, page_by_key, url_with
from reminders.models import Habit, Message
from reminders.models.message import MessageQuerySet
from reminders.registry import NEUTRAL, REGISTRY, Named, Rule

PAGE_SIZE = 25
NEWEST_FIRST = Order(("id",), descending=True)
SHOWN = {"": "全部", "unread": "未读", "open": "未办", "done": "已办"}
OTHER = "other"  # what comes of no rule: results of one's own imports and exports


@dataclass(frozen=True)
class Line:
    """One message; `title` is neutral until it is opened where the expert is restricted."""

    message: Message
    title: str
    act: str = ""

    @property
    def is_reminder(self) -> bool:
        return bool(self.message.rule)


def rules_for(user: User) -> list[Rule]:
    """The rules that an account of this duty can be reminded by."""
    return [rule for rule in REGISTRY.rules.values() if user.duty in rule.duties]


@dataclass(frozen=True)
class InboxFilter:
    """What the URL asks: how messages stand, and of which rule."""

    show: str
    rule: str

    @classmethod
    def read(cls, params: QueryDict) -> "InboxFilter":
        show, rule = params.get("show", ""), params.get("rule", "")
        known = rule in REGISTRY.rules or rule == OTHER
        return cls(show if show in SHOWN else "", rule if known else "")

    def apply(self, rows: MessageQuerySet) -> MessageQuerySet:
        if self.show:
            rows = getattr(rows, self.show)()
        if self.rule:
            rows = rows.filter(rule="" if self.rule == OTHER else self.rule)
        return rows

    def chips(self, params: QueryDict) -> list[dict[str, str]]:
        if not self.rule:
            return []
        label = "其他消息" if self.rule == OTHER else REGISTRY.rules[self.rule].name
        return [{"label": label, "url": url_with(params, rule=None)}]

    def tabs(self, params: QueryDict, unread: int) -> list[dict[str, Any]]:
        return [
            {
                "label": label,
                "url": url_with(params, show=show or None),
                "active": show == self.show,
                "count": unread if show == "unread" else None,
            }
            for show, label in SHOWN.items()
        ]


def inbox_context(user: User, params: QueryDict) -> dict[str, Any]:
    """A page of the user's messages, newest first."""
    chosen = InboxFilter.read(params)
    rows = Message.objects.visible_to(user)
    unread = rows.unread().count()
    page = page_by_key(chosen.apply(rows), NEWEST_FIRST, params, PAGE_SIZE)
    return {
        "lines": lines_of(user, page.rows),
        "page": page,
        "filter": chosen,
        "chips": chosen.chips(params),
        "tabs": chosen.tabs(params, unread),
        "unread_count": unread,
        "rules": [*((rule.key, rule.name) for rule in rules_for(user)), (OTHER, "其他消息")],
        "query": params.urlencode(),
        **page.urls(params),
    }


def lines_of(user: User, messages: Iterable[Message]) -> list[Line]:
    """The lines of these messages, with the rights that the user has now."""
    rows = list(messages)
    names = REGISTRY.names_of(user, {row.expert_id for row in rows if row.expert_id})
    private = any(_is_private(row) and not row.read_at for row in rows)
    hides = private and Habit.objects.visible_to(user).filter(hides_birthdays=True).exists()
    return [
        Line(row, _title(row, names.get(row.expert_id or 0), hides), REGISTRY.acts.get(row.rule, ("",))[0])
        for row in rows
    ]


def _is_private(message: Message) -> bool:
    rule = REGISTRY.rules.get(message.rule)
    return rule is not None and rule.is_private


def _title(message: Message, named: Named | None, hides: bool) -> str:
    """With the name of a visible expert; neutral where the expert is out of sight by now, and until opened
    where the expert is restricted or the reader wants it so."""
    if message.expert_id is None:
        return message.text
    unopened = message.read_at is None
    if named is None or (unopened and (named.is_restricted or (hides and _is_private(message)))):
        return NEUTRAL
    return f"{named.name}：{message.text}"
