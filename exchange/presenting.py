"""How imports and their rows are shown."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from accounts.models import User
from core.jobs import JobState
from exchange.actions import people_of
from exchange.forms import AwardsForm, ColumnsForm, FixForm
from exchange.models import RosterImport, RosterRow, RowAction, RowState, Stage
from exchange.rows import RowContent, content
from exchange.synonyms import FIELD_LABELS
from experts.enums import AwardState, Category, Label
from experts.roster import with_standing

STEPS = ["上传", "核对列", "检查", "预览", "完成"]
STEP_OF = {
    Stage.READING: 1,
    Stage.MAPPING: 2,
    Stage.CHECKING: 3,
    Stage.PREVIEW: 4,
    Stage.COMMITTING: 5,
    Stage.COMMITTED: 6,  # past the last: every step is done
    Stage.PROPOSING: 6,
}
DOING = {
    Stage.READING: "正在读取文件",
    Stage.CHECKING: "正在逐行检查",
    Stage.COMMITTING: "正在写入专家库",
    Stage.PROPOSING: "正在起草名单提案",
}
SHOWS: dict[str, tuple[str, dict[str, str]]] = {
    RowAction.CREATE.value: ("新增", {"state": RowState.OK, "action": RowAction.CREATE}),
    RowAction.UPDATE.value: ("更新", {"state": RowState.OK, "action": RowAction.UPDATE}),
    RowAction.UNCHANGED.value: ("无变化", {"state": RowState.OK, "action": RowAction.UNCHANGED}),
    RowState.HELD.value: ("待处理", {"state": RowState.HELD}),
    RowState.DUPLICATE.value: ("重复", {"state": RowState.DUPLICATE}),
}
SENSITIVE = frozenset({"id_number", "phone"})
ACTION_TONES = {RowAction.CREATE: "ok", RowAction.UPDATE: "info", RowAction.UNCHANGED: "neutral"}
_LONG_NUMBER = re.compile(r"\d(?:[\s-]?[\dXx]){8,}")


def step_of(roster: RosterImport) -> int:
    return STEP_OF[Stage(roster.stage)]


def standing(roster: RosterImport) -> dict[str, str]:
    """Where an import stands, as a badge."""
    stage = Stage(roster.stage)
    if roster.is_active:
        return {"text": DOING.get(stage, "处理中"), "tone": "info"}
    if stage == Stage.COMMITTED:
        return {"text": "已导入", "tone": "ok"}
    if roster.job_state == JobState.FAILED:
        return {"text": "未完成", "tone": "bad"}
    if stage == Stage.MAPPING:
        return {"text": "待核对列", "tone": "warn"}
    if stage == Stage.PREVIEW:
        return {"text": "待确认导入", "tone": "warn"}
    return {"text": "已取消", "tone": "neutral"}


def summary(counts: Mapping[str, int]) -> str:
    """The figures of an import in one line, those that are not zero."""
    if not counts:
        return ""
    parts = [f"{label} {counts[key]:,}" for key, (label, _) in SHOWS.items() if counts.get(key)]
    return " · ".join([f"共 {counts.get('rows', 0):,} 行", *parts])


def tiles(roster: RosterImport, show: str) -> list[dict[str, Any]]:
    """One tile per kind of row; the one in force leads back to all rows."""
    counts = roster.counts
    return [
        {
            "label": label,
            "value": counts.get(key, 0),
            "unit": "人" if key in RowAction.values else "行",
            "tone": "bad" if key == RowState.HELD and counts.get(key) else "",
            "url": detail_url(roster, "" if key == show else key) if counts.get(key) else "",
            "active": key == show,
        }
        for key, (label, _) in SHOWS.items()
    ]


def hidden(text: str, key: str = "") -> str:
    """A cell for the page: ID and telephone numbers keep their first three characters only."""

    def covered(found: str) -> str:
        return found[:3] + "*" * max(0, len(found) - 3)

    if key in SENSITIVE:
        return covered(text)
    return text if key == "birth" else _LONG_NUMBER.sub(lambda match: covered(match[0]), text)


def column_letter(index: int) -> str:
    """A, B, …, Z, AA, as spreadsheets name columns; `index` counts from 0."""
    letters, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def headers(roster: RosterImport, samples: list[list[str]]) -> dict[int, str]:
    """The texts of the columns that hold anything, by column number."""
    texts = {int(index): text for index, text in roster.layout.get("header_texts", {}).items()}
    filled = {index for cells in samples for index, cell in enumerate(cells) if cell.strip()}
    return {
        index: texts.get(index) or f"第 {column_letter(index)} 列" for index in sorted(filled | set(texts))
    }


def column_rows(
    form: ColumnsForm, samples: list[list[str]], chosen: Mapping[int, str]
) -> list[dict[str, Any]]:
    """The lines of the page that maps columns."""
    return [
        {
            "letter": column_letter(index),
            "header": text,
            "samples": [
                hidden(" ".join(cells[index].split()), chosen.get(index, ""))
                for cells in samples
                if index < len(cells) and cells[index].strip()
            ],
            "field": form[form.key(index)],
        }
        for index, text in form.headers.items()
    ]


@dataclass
class RowView:
    """One row as the preview shows it."""

    row: RosterRow
    content: RowContent
    fix_form: FixForm | None = None
    fix_fields: list[dict[str, Any]] = field(default_factory=list)
    awards_form: AwardsForm | None = None

    @property
    def number(self) -> int:
        return self.row.number

    def _text(self, key: str) -> str:
        texts = (self.content.values, self.content.fixes, self.content.raw)
        return next((" ".join(found[key].split()) for found in texts if found.get(key, "").strip()), "")

    @property
    def name(self) -> str:
        return self._text("name")

    @property
    def birth(self) -> str:
        return self._text("birth")

    @property
    def employer(self) -> str:
        return self._text("employer")

    @property
    def honours(self) -> list[dict[str, Any]]:
        """Each honour's words, and whether it waits for verification."""
        return [
            {
                "text": f"{claim['shown']} {claim['year'] or ''}".strip(),
                "is_pending": claim["state"] == AwardState.PENDING,
            }
            for claim in self.content.honours
        ]

    @property
    def scope(self) -> str:
        return self.content.scope

    @property
    def category(self) -> str:
        code = self.content.category
        return Category(code).label if code in Category.values else ""

    @property
    def is_held(self) -> bool:
        return self.row.state == RowState.HELD

    @property
    def duplicate_of(self) -> int | None:
        return self.row.duplicate_of

    @property
    def doing(self) -> dict[str, str]:
        """What will be done with the row, as a badge."""
        if self.is_held:
            return {"text": "待处理", "tone": "warn"}
        if self.row.state == RowState.DUPLICATE:
            return {"text": "重复", "tone": "neutral"}
        action = RowAction(self.row.action)
        return {"text": action.label, "tone": ACTION_TONES[action]}

    @property
    def notices(self) -> list[str]:
        return [problem_text(notice) for notice in self.content.notices]

    @property
    def loose_problems(self) -> list[str]:
        """Reasons that belong to no field that could be mended here."""
        return [item["reason"] for item in self.content.problems if item["column"] not in FIELD_LABELS]

    @property
    def changes(self) -> list[dict[str, str]]:
        return self.content.changes if self.row.action == RowAction.UPDATE and not self.is_held else []


def revealed(views: Iterable[RowView]) -> list[str]:
    """The sensitive fields that forms on the page show in clear, for whoever has to mend them."""
    forms = [view.fix_form for view in views if view.fix_form is not None]
    return sorted({name for form in forms for name in form.fields if name in SENSITIVE})


def problem_text(problem: Mapping[str, str]) -> str:
    """A notice in one line: label, what the cell says unless that is sensitive, reason."""
    label = FIELD_LABELS.get(problem["column"], "")
    value = "" if problem["column"] in SENSITIVE else problem.get("value", "").strip()
    quoted = f"“{value[:40]}”" if value and value not in problem["reason"] else ""
    return f"{label}{quoted}：{problem['reason']}" if label else problem["reason"]


def reasons(of: RowContent) -> dict[str, str]:
    """Why the row is held, by field."""
    found: dict[str, list[str]] = {}
    for problem in of.problems:
        found.setdefault(problem["column"], []).append(problem["reason"])
    return {key: "；".join(dict.fromkeys(texts)) for key, texts in found.items()}


def fix_form(of: RowContent, number: int, data: Any = None) -> FixForm:
    """The form that mends a held row: current texts of the fields in question."""
    texts = {**of.raw, **of.fixes}
    return FixForm(data, texts=texts, reasons=reasons(of), auto_id=f"row-{number}-%s")


def awards_form(of: RowContent, number: int, data: Any = None) -> AwardsForm:
    return AwardsForm(data, texts=of.unknown_awards, auto_id=f"award-{number}-%s")


def row_view(row: RosterRow, *, bound: FixForm | AwardsForm | None = None) -> RowView:
    """One row; `bound` is a form that was sent for it and refused."""
    view = RowView(row, content(row))
    if not view.is_held:
        return view
    form = bound if isinstance(bound, FixForm) else fix_form(view.content, row.number)
    why = reasons(view.content)
    view.fix_form = form
    view.fix_fields = [{"field": form[key], "reason": why.get(key, "")} for key in form.fields]
    if view.content.unknown_awards:
        view.awards_form = bound if isinstance(bound, AwardsForm) else awards_form(view.content, row.number)
    return view


def row_views(
    roster: RosterImport, rows: list[RosterRow], bound: Mapping[int, FixForm | AwardsForm]
) -> Iterator[RowView]:
    for row in rows:
        row.roster = roster  # saves a query per row
        yield row_view(row, bound=bound.get(row.number))


def commit_question(counts: Mapping[str, int]) -> str:
    """What the confirmation says before everything is written."""
    kinds = (("create", "新增"), ("update", "更新"))
    parts = [f"{label} {counts[key]:,} 人" for key, label in kinds if counts.get(key)]
    text = f"将{'、'.join(parts)}，要么全部写入，要么一个也不写入。"
    if counts.get("held"):
        text += f"还有 {counts['held']:,} 行待处理，不会导入。"
    return text


def detail_url(roster: RosterImport, show: str = "") -> str:
    url = reverse("exchange:detail", args=[roster.uuid])
    return f"{url}?show={show}" if show in SHOWS else url


def links_of_imports(user: User, numbers: set[str]) -> dict[str, tuple[str, str]]:
    """The file's name and the address of each import that the user may see (experts/history.py)."""
    rosters = RosterImport.objects.visible_to(user).filter(uuid__in=numbers)
    names = rosters.values_list("uuid", "file_name")
    return {str(uuid): (name, reverse("exchange:detail", args=[uuid])) for uuid, name in names}


@dataclass(frozen=True)
class Admission:
    """How many of an imported roster's people may be proposed, are on the unit's list, or need a document of
    their own; as the user sees them."""

    open: int
    on: int
    apart: int


def admission(user: User, roster: RosterImport) -> Admission:
    counted = with_standing(roster.unit, people_of(user, roster).filter(died_on__isnull=True)).aggregate(
        on=Count("pk", filter=Q(is_on=True)),
        apart=Count("pk", filter=Q(is_on=False, label=Label.RESTRICTED)),
        open=Count("pk", filter=Q(is_on=False, label__lt=Label.RESTRICTED)),
    )
    return Admission(**counted)
