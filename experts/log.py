"""Who looked at a record, showed, changed or exported it, in the words of its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from audit.models import Event
from audit.verbs import Verb
from experts.enums import SensitiveField
from experts.filters import honour_choices
from experts.models import Expert, Merge

SHOWN = 50
ACTS: dict[str, str] = {
    Verb.VIEW: "查看了",
    Verb.CREATE: "建立了",
    Verb.CHANGE: "修改了",
    Verb.DELETE: "删除了",
    Verb.CONFIRM: "核实了",
    Verb.REVEAL: "显示了",
    Verb.EXPORT: "导出了",
    Verb.IMPORT: "导入了",
    Verb.REQUEST: "报送了",
    Verb.REVOKE: "撤回了",
}
RESTRICTION_ACTS: dict[str, str] = {
    Verb.REQUEST: "提出了",
    Verb.CONFIRM: "办理了",
    Verb.REVOKE: "撤回了",
}
WHOLE = "档案"
ILLNESS = ["changes", "health"]  # what an event about a reported illness names
FIELDS = {
    "awards": "称号奖励",
    "need_to_know": "知悉范围",
    "restriction": "限知悉申请",
    "merge": "合并情况",
    "merge_undo": "合并情况（撤销）",
    "duplicate": "重复认定",
    "changes": "信息变动",
    "evidence": "佐证材料",
    "symposium": "座谈联谊",
    "contacts": "联系记录",
    "brief": "走访一页纸",
    "follow_ups": "诉求和建言",
    "next_step": "承诺",
    "photos": "联系照片",
    "takeover": "接转征询",
    "pairing": "联系结对",
    "training": "研修",
}


@dataclass(frozen=True)
class LogLine:
    """One act on the record."""

    at: datetime
    who: str
    act: str
    reason: str


def log_of(expert: Expert) -> dict[str, Any]:
    """The latest acts on a record that the reader has open, newest first, and whether there are more. Whoever
    may not read of illnesses does not learn that one was reported."""
    numbers = [expert.record_number]
    if expert.has_merges:  # their history is this one's
        numbers += Merge.objects.standing().filter(expert=expert).values_list("gone_number", flat=True)
    about = Event.objects.about(*numbers)
    if not expert.may_see_illness:
        about = about.exclude(fields__contains=ILLNESS)
    events = list(about[: SHOWN + 1])
    people = User.objects.in_bulk({event.actor for event in events if event.actor})
    lines = [
        LogLine(
            event.at,
            str(people.get(event.actor or 0) or event.username or "系统"),
            act_words(event),
            event.reason,
        )
        for event in events[:SHOWN]
    ]
    return {"lines": lines, "more": len(events) > SHOWN, "shown": SHOWN}


def act_words(event: Event) -> str:
    """查看了档案; 显示了手机号码; 修改了职务、职称."""
    said = ACTS.get(event.verb, f"{event.get_verb_display()}：")
    if event.fields == ["restriction"]:
        said = RESTRICTION_ACTS[event.verb]
    return said + ("、".join(field_words(event.fields)) or WHOLE)


def field_words(names: Iterable[str]) -> list[str]:
    """What the page calls the fields of an event; the code of an honour reads as its name."""
    columns = {field.name: str(getattr(field, "verbose_name", "")) for field in Expert._meta.get_fields()}
    known = columns | dict(SensitiveField.choices) | FIELDS | dict(honour_choices())
    return [known.get(name) or name for name in names]
