"""The columns of exports. Those of lists of experts read what `experts.personal_data.EXPORTED` allows, and
no more is read from the database: contact and sensitive values never leave in a list."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit import listing
from core.moments import EMPTY, day_text, month_text
from experts.enums import AwardState
from experts.models import Award, Expert
from reports.words import iso_day


@dataclass(frozen=True)
class Column:
    """`reads` names the fields of the record, `value` makes the cell: numbers stay numbers. A column with a
    `name` is in printed documents too."""

    head: str
    width: int
    value: Callable[[Any], str | int | None]
    reads: tuple[str, ...] = ()
    name: str = ""


def cells(columns: Sequence[Column], row: Any) -> dict[str, str]:
    """The row as a document prints it."""
    return {column.name: str(column.value(row) or "") for column in columns if column.name}


def _awards(expert: Expert) -> str:
    return "；".join(_award(award) for award in expert.awards.all() if award.state != AwardState.REJECTED)


def _award(award: Award) -> str:
    notes = [str(award.year)] if award.year else []
    notes += ["待核实"] if award.state == AwardState.PENDING else []
    return f"{award}（{'，'.join(notes)}）" if notes else str(award)


def grounds(basis: Iterable[Mapping[str, Any]]) -> str:
    """Why the scope is what it is, honour by honour."""
    return "；".join(f"{ground['name']} {ground.get('year') or ''}".strip() for ground in basis)


def _dated(text: str) -> str:
    return "" if text == EMPTY else text


EXPERT_COLUMNS = [
    Column("档案号", 13, lambda expert: expert.record_number, ("record_number",)),
    Column("姓名", 10, lambda expert: expert.name, ("name",)),
    Column("性别", 6, lambda expert: expert.get_gender_display(), ("gender",)),
    Column("出生年月", 10, lambda expert: _dated(month_text(expert.birth)), ("birth",)),
    Column("年龄", 6, lambda expert: expert.age, ("birth",)),
    Column("工作单位", 26, lambda expert: expert.employer, ("employer",)),
    Column("职务", 16, lambda expert: expert.post, ("post",)),
    Column("职称", 14, lambda expert: expert.title, ("title",)),
    Column("学科", 16, lambda expert: expert.discipline.name if expert.discipline else "", ("discipline",)),
    Column("类别", 16, lambda expert: expert.get_category_display(), ("category",)),
    Column("联系范围", 10, lambda expert: expert.get_scope_display(), ("scope",)),
    Column("认定依据", 28, lambda expert: grounds(expert.scope_basis), ("scope_basis",)),
    Column("称号奖励（年度）", 36, _awards),
    Column("联系单位", 16, lambda expert: expert.unit.short_name, ("unit",)),
    Column("在京工作", 10, lambda expert: "是" if expert.works_in_beijing else "否", ("works_in_beijing",)),
    Column("标签", 8, lambda expert: expert.get_label_display(), ("label",)),
    Column("信息核实日期", 13, lambda expert: _dated(day_text(expert.confirmed_on)), ("confirmed_on",)),
]

# Of a roster entry: the person as recorded now, the rest as the roster had it.
_PERSON = [
    Column("档案号", 13, lambda entry: entry.expert.record_number, ("record_number",)),
    Column("姓名", 10, lambda entry: entry.expert.name, ("name",), "name"),
    Column("性别", 6, lambda entry: entry.expert.get_gender_display(), ("gender",), "gender"),
    Column("出生年月", 10, lambda entry: _dated(month_text(entry.expert.birth)), ("birth",), "birth"),
    Column("工作单位", 26, lambda entry: entry.expert.employer, ("employer",), "employer"),
    Column("职务", 16, lambda entry: entry.expert.post, ("post",), "post"),
    Column("职称", 14, lambda entry: entry.expert.title, ("title",), "title"),
]
_LISTED = [
    Column("类别", 16, lambda entry: entry.get_category_display(), ("category",), "category"),
    Column("认定依据", 28, lambda entry: grounds(entry.basis), ("scope_basis",), "basis"),
    Column("名单单位", 16, lambda entry: entry.unit.short_name, ("unit",), "unit"),
]
ROSTER_COLUMNS = [
    *_PERSON,
    Column("联系范围", 10, lambda entry: entry.get_scope_display(), ("scope",), "scope"),
    *_LISTED,
    Column("列入日期", 13, lambda entry: iso_day(entry.since), (), "since"),
    Column("退出日期", 13, lambda entry: iso_day(entry.until)),
]
CHANGE_COLUMNS = [
    Column("变动", 10, lambda entry: entry.happened),
    *_PERSON,
    Column("原范围", 10, lambda entry: entry.was, ("scope",)),
    Column("现范围", 10, lambda entry: entry.now, ("scope",)),
    Column("日期", 13, lambda entry: iso_day(entry.day)),
    Column("事由", 18, lambda entry: entry.why),
    *_LISTED,
]
# Of an expert in the list behind a number of coverage.
COVERAGE_COLUMNS = [
    *_PERSON,
    Column("联系范围", 10, lambda line: line.row.get_scope_display(), ("scope",)),
    Column("名单单位", 16, lambda line: line.listed_by, ("unit",)),
    Column("联系情况", 10, lambda line: line.state),
    Column("最近的联系", 13, lambda line: iso_day(line.last[0]) if line.last else "没有联系过"),
    Column("联系方式", 12, lambda line: str(line.last[1].label) if line.last else ""),
    Column("应联系日期", 13, lambda line: iso_day(line.row.due_on)),
    Column("未联系原因", 18, lambda line: line.cause),
]

TRAIL_WIDTHS = {"时间": 20, "字段": 20, "事由": 28, "数量": 28}
TRAIL_COLUMNS = [Column(head, TRAIL_WIDTHS.get(head, 14), text) for head, text in listing.COLUMNS]
