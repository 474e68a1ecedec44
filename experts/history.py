"""The history of an expert in the words of its page: one entry for each act, newest first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from accounts.models import Unit, User
from core.paging import Order, page_by_key
from core.requests import known_uuids
from experts.actions.history import RESTORABLE, may_restore
from experts.changes import links_of_changes
from experts.enums import SensitiveField
from experts.filters import discipline_choices
from experts.models import Award, Expert, HistoryAct, HistoryEvent, Honour, Merge, Origin, Subject
from experts.models.expert import MERGED
from experts.presenting import shown

PAGE_SIZE = 50
NEWEST_FIRST = Order(("id",), descending=True)
TITLES = {
    Origin.EDIT: "修改资料",
    Origin.IMPORT: "名册导入",
    Origin.CHANGE: "信息变动",
    Origin.MERGE: "合并档案",
    Origin.UNMERGE: "撤销合并",
    Origin.RECOMPUTE: "重新认定联系范围",
    Origin.RESTORE: "恢复原值",
}
# The order of fields within an act, and of those that the history can be narrowed to.
FIELDS = [*RESTORABLE, "id_type", "scope", "confirmed_on", "died_on", "photo"]
NO_VALUE = {
    HistoryAct.CREATED: "已登记",
    HistoryAct.CHANGED: "已更新",
    HistoryAct.REMOVED: "已清除",
}

MERGED_AWAY, MERGED_BACK = "并入另一份档案", "撤销合并，恢复为单独的档案"

# Each origin says what its references are called, and where they lead for those who may see them; upper apps
# add theirs.
Link = tuple[str, str]
Finder = Callable[[User, set[str]], dict[str, Link]]


def links_of_merges(user: User, references: set[str]) -> dict[str, Link]:
    """Which record was merged; there is no page to lead to."""
    merges = Merge.objects.visible_to(user).filter(uuid__in=references)
    return {str(each.uuid): (f"并入的档案 {each.gone_number}", "") for each in merges}


finders: dict[str, Finder] = {
    Origin.CHANGE.value: links_of_changes,
    Origin.MERGE.value: links_of_merges,
    Origin.UNMERGE.value: links_of_merges,
}


@dataclass(frozen=True)
class Line:
    """One field of an act. `note` stands instead of values that are not kept."""

    label: str
    was: Any = None
    became: Any = None
    note: str = ""
    restore_url: str = ""


@dataclass(frozen=True)
class Entry:
    """One act: `source` is what it came from, with the address if the reader may see it; `record` the number
    of the record that it was done to, where a merge brought it here."""

    at: datetime
    who: str
    title: str
    source: Link
    lines: list[Line]
    record: str = ""


def field_choices(*, sensitive: bool) -> list[tuple[str, str]]:
    """What the history can be narrowed to; sensitive fields only for those who may see them."""
    fields = [(name, label_of(name)) for name in FIELDS if name != "birth_day_known"]
    awards = (Subject.AWARD.value, Subject.AWARD.label)
    return [*fields, awards, *(SensitiveField.choices if sensitive else [])]


def label_of(field: str) -> str:
    if field in SensitiveField.values:
        return SensitiveField(field).label
    return str(Expert._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def history_of(expert: Expert, user: User, params: QueryDict, *, sensitive: bool) -> dict[str, Any]:
    """The page of a record's history that `field`, `after` and `before` in the address ask for."""
    choices = field_choices(sensitive=sensitive)
    field = params.get("field", "") if params.get("field", "") in dict(choices) else ""
    events = HistoryEvent.objects.visible_to(user).filter(expert=expert)
    page = page_by_key(events.touching(field) if field else events, NEWEST_FIRST, params, PAGE_SIZE)
    return {
        "entries": list(Words(expert, user, page.rows, field, carried(expert, user)).entries()),
        "choices": choices,
        "field": field,
        **page.urls(params),
        "starts_late": not (page.next or field or any(_enters(event) for event in page.rows)),
    }


def carried(expert: Expert, user: User) -> dict[int, str]:
    """Events that merges have brought to this record, each with the number of the record that it was of.
    `expert` is one opened for a page (experts/views/lookup.py)."""
    found: dict[int, str] = {}
    if expert.has_merges:
        merges = Merge.objects.visible_to(user).standing().filter(expert=expert).order_by("id")
        for number, moved in merges.values_list("gone_number", "moved"):
            for event in moved.get("experts_historyevent", []):
                found.setdefault(event, number)
    return found


def _enters(event: HistoryEvent) -> bool:
    return event.subject == Subject.EXPERT and event.act == HistoryAct.CREATED


class Words:
    """Events with the names that they speak of, each kind read once."""

    def __init__(
        self,
        expert: Expert,
        user: User,
        events: list[HistoryEvent],
        field: str = "",
        carried: Mapping[int, str] | None = None,
    ) -> None:
        self.expert, self.user, self.events, self.field = expert, user, events, field
        self.carried = carried or {}
        self.people = User.objects.in_bulk({event.by_id for event in events if event.by_id})
        units = {pk for event in events for pk in event.changes.get("unit", [])}
        self.units = Unit.objects.in_bulk(units) if units else {}
        honours = {event.about["honour"] for event in events if event.about}
        honours |= {pk for event in events for pk in event.changes.get("honour", [])}
        self.honours = Honour.objects.in_bulk(honours) if honours else {}
        self.sources = self._sources()

    def _sources(self) -> dict[tuple[str, str], Link]:
        by_kind: dict[str, set[str]] = {}
        for event in self.events:
            if event.origin in finders and known_uuids([event.reference]):
                by_kind.setdefault(event.origin, set()).add(event.reference)
        return {
            (kind, reference): link
            for kind, references in by_kind.items()
            for reference, link in finders[kind](self.user, references).items()
        }

    def entries(self) -> Iterator[Entry]:
        def key(event: HistoryEvent) -> tuple[Any, ...]:
            return *event.key_of_act, self.carried.get(event.pk, "")

        for (at, by_id, origin, reference, record), group in groupby(self.events, key=key):
            events = list(group)[::-1]
            yield Entry(
                at,
                str(self.people.get(by_id or 0) or "系统"),
                self._title(origin, events),
                self.sources.get((origin, reference), ("", "")),
                list(self._lines(events)),
                record,
            )

    def _title(self, origin: str, events: list[HistoryEvent]) -> str:
        title = TITLES.get(Origin(origin), "") if origin in Origin.values else origin
        if not any(_enters(event) for event in events):
            return title
        return "建立档案" if origin == Origin.EDIT else f"{title}，建立档案"

    def _lines(self, events: list[HistoryEvent]) -> Iterator[Line]:
        entering = any(_enters(event) for event in events)
        for event in events:
            if event.subject == Subject.AWARD:
                yield from self._award_lines(event)
            elif event.subject == Subject.EXPERT and not entering:
                yield from self._field_lines(event)
        if not entering:
            yield from _sensitive_lines(events)

    def _field_lines(self, event: HistoryEvent) -> Iterator[Line]:
        for field in sorted(event.changes, key=FIELDS.index):
            values = event.changes[field]
            if (field == "birth_day_known" and "birth" in event.changes) or self.field not in ("", field):
                continue
            if not values:
                yield Line(label_of(field), note="已更换，不保存内容")
                continue
            if field == "label" and MERGED in values:
                yield Line("档案", note=MERGED_AWAY if values[1] == MERGED else MERGED_BACK)
                continue
            was, became = (self.value(event, field, place) for place in (0, 1))
            yield Line(label_of(field), was, became, restore_url=self._restore_url(event, field))

    def _restore_url(self, event: HistoryEvent, field: str) -> str:
        if event.pk in self.carried or not may_restore(self.expert, event, field):
            return ""
        return reverse("experts:history_restore", args=[self.expert.uuid, event.uuid, field])

    def value(self, event: HistoryEvent, field: str, place: int) -> Any:
        """What a field was (0) or became (1), as the page shows it."""
        value = event.changes[field][place]
        if field == "unit":
            return self.units[value].short_name if value in self.units else None
        if field == "discipline":
            return dict(discipline_choices()).get(value)
        known = event.changes.get("birth_day_known", [self.expert.birth_day_known] * 2)[place]
        stored = Expert._meta.get_field(field).to_python(value)  # type: ignore[union-attr]
        return shown(Expert(**{"birth_day_known": known, field: stored}), field)

    def _award_lines(self, event: HistoryEvent) -> Iterator[Line]:
        name, label = self._award_name(event), Subject.AWARD.label
        if event.act == HistoryAct.CREATED:
            yield Line(label, became=name)
        elif event.act == HistoryAct.REMOVED:
            yield Line(label, was=name)
        for field, values in event.changes.items():
            column = str(Award._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
            was, became = (self._award_value(field, value) for value in values)
            yield Line(f"{name} · {column}", was, became)

    def _award_name(self, event: HistoryEvent) -> str:
        about = event.about or {}
        honour = self.honours.get(about.get("honour"))
        year = about.get("year") if event.act != HistoryAct.CHANGED else None
        return f"{about.get('text') or (honour.name if honour else '')} {year or ''}".strip()

    def _award_value(self, field: str, value: Any) -> Any:
        if field == "honour":
            return self.honours[value].name if value in self.honours else None
        words = getattr(Award(**{field: value}), f"get_{field}_display", None)
        return words() if words else value


def _sensitive_lines(events: Iterable[HistoryEvent]) -> Iterator[Line]:
    """Replacing a value is removing and entering it: one line says that it was updated."""
    acts: dict[str, set[str]] = {}
    for event in events:
        if event.subject == Subject.SENSITIVE:
            for field in event.changes:
                acts.setdefault(field, set()).add(event.act)
    for field, done in acts.items():
        act = done.pop() if len(done) == 1 else HistoryAct.CHANGED
        yield Line(label_of(field), note=f"{NO_VALUE[HistoryAct(act)]}，不保存内容")
