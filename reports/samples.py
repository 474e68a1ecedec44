"""What documents are made of, name by name: what it means, and a fictional sample. A template that is
uploaded is tried with the samples, and the administrator's page lists the names. Tests compare them with real
documents."""

from collections.abc import Mapping
from typing import Any

from core.sheets import NOTICE
from reports.models import Document

Names = Mapping[str, tuple[str, Any]]
NUMBER, EXPORTER = "DC-20260101-SAMPLE", "示例联络员（示例单位）"
REQUIRED = {"number": NUMBER, "exporter": EXPORTER, "notice": NOTICE}
DAY = "2026年1月1日"
EVERYWHERE: Names = {
    "title": ("标题", "示例文书"),
    "number": ("导出编号", NUMBER),
    "exporter": ("导出人和单位", EXPORTER),
    "exported_at": ("导出时间", "2026-01-01 09:00"),
    "notice": ("非涉密提示", NOTICE),
}
BOX: Names = {
    "by": ("办理人", "示例办理人"),
    "at": ("日期", DAY),
    "note": ("意见", "同意。"),
}
ROSTER: Names = {
    "unit": ("单位", "示例单位"),
    "day": ("名单日期", DAY),
    "below": ("含所属单位时为 yes", "yes"),
    "total": ("人数", 1),
    "summary": ("日期和人数", f"（{DAY}，共 1 人：重点联系 1 人）"),
    "note": ("说明", "示例说明"),
    "rows": ("每位专家", {
        "no": ("序号", 1),
        "name": ("姓名", "示例甲"),
        "gender": ("性别", "女"),
        "birth": ("出生年月", "1970-01"),
        "employer": ("工作单位", "示例大学"),
        "post": ("职务", "院长"),
        "title": ("职称", "教授"),
        "category": ("类别", "自然科学与工程技术"),
        "scope": ("联系范围", "重点联系"),
        "basis": ("认定依据", "示例称号 2018"),
        "since": ("列入日期", "2020-01-01"),
        "unit": ("名单单位", "示例单位"),
    }),
}  # fmt: skip
CARD: Names = {
    "record_number": ("档案号", "ZJ-SAMPLE22"),
    "unit": ("联系单位", "示例单位"),
    "name": ("姓名", "示例甲"),
    "gender": ("性别", "女"),
    "former_names": ("曾用名", "示例乙"),
    "birth": ("出生年月", "1970年1月"),
    "nationality": ("国籍", "中国"),
    "political_affiliation": ("政治面貌", "群众"),
    "education": ("学历学位", "博士"),
    "expert_title": ("职称", "教授"),
    "employer": ("工作单位", "示例大学"),
    "post": ("职务", "院长"),
    "discipline": ("学科", "材料科学"),
    "fields_of_work": ("研究方向", "示例方向"),
    "office_phone": ("办公电话", "010-00000000"),
    "email": ("邮箱", "sample@demo.example"),
    "address": ("通信地址", "示例路 1 号"),
    "scope": ("联系范围", "重点联系"),
    "category": ("类别", "自然科学与工程技术"),
    "basis": ("认定依据", "示例称号 2018"),
    "confirmed": ("信息核实日期", DAY),
    "filled_on": ("填表日期", DAY),
    "awards": ("每项称号奖励", {
        "name": ("名称", "示例称号"),
        "year": ("年度", "2018"),
        "issuer": ("授予单位", "示例机关"),
        "state": ("核实情况", "已核实"),
    }),
    "entries": ("每次列入名单", {
        "unit": ("名单单位", "示例单位"),
        "scope": ("联系范围", "重点联系"),
        "since": ("列入", "2020-01-01"),
        "until": ("退出", "2025-01-01"),
    }),
}  # fmt: skip
PROPOSAL: Names = {
    "proposal_number": ("提案编号", "TA-20260101-SAMPLE"),
    "state": ("办到哪一步", "待审批"),
    "unit": ("单位", "示例单位"),
    "kind": ("事项", "纳入"),
    "effective_on": ("生效日期", DAY),
    "total": ("人数", 1),
    "note": ("说明", "示例说明"),
    "conditions": ("基本条件，每条一项", ["示例条件"]),
    "files": ("佐证材料的文件名，每个一项", ["示例推荐函.pdf"]),
    "why_head": ("why 一栏的名称：类别或理由", "类别"),
    "rows": ("每位专家", {
        "no": ("序号", 1),
        "name": ("姓名", "示例甲"),
        "work": ("工作单位和职务", "示例大学　院长"),
        "now": ("现在", "不在名单"),
        "proposed": ("提议", "重点联系"),
        "why": ("类别或理由", "自然科学与工程技术"),
        "note": ("备注", "示例备注"),
    }),
    "submitted": ("提出", BOX),
    "reviewed": ("审核", BOX),
    "approved": ("审批", BOX),
}  # fmt: skip
EXIT: Names = {
    "name": ("姓名", "示例甲"),
    "record_number": ("档案号", "ZJ-SAMPLE22"),
    "employer": ("工作单位", "示例大学"),
    "post": ("职务", "院长"),
    "unit": ("联系单位", "示例单位"),
    "known_on": ("知悉日期", DAY),
    "due_on": ("办理期限", DAY),
    "told": ("告知本人", DAY),
    "state": ("办理情况", "待审批"),
    "facts": ("情形和事实的去处", "情形和事实见案卷，本表不载。"),
    "registered": ("登记", BOX),
    "checked": ("审核", BOX),
    "decided": ("审批", BOX),
    "reviewed": ("复核", BOX),
}
OWN: dict[str, Names] = {
    Document.ROSTER: ROSTER,
    Document.CARD: CARD,
    Document.PROPOSAL: PROPOSAL,
    Document.EXIT: EXIT,
}
LISTS = frozenset({"rows", "awards", "entries"})  # the others with names below them are there once


def names_of(document: str) -> Names:
    return {**EVERYWHERE, **OWN[document]}


def sample(document: str) -> dict[str, Any]:
    """Data as a document has it, about nobody."""
    return _values(names_of(document))


def _values(names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (_, value) in names.items():
        one = _values(value) if isinstance(value, dict) else value
        found[name] = [one] if name in LISTS else one
    return found


def meanings(document: str) -> list[tuple[str, str]]:
    """(name, meaning) of all there is, those of a list or a box after it."""
    lines: list[tuple[str, str]] = []
    for name, (meaning, value) in names_of(document).items():
        lines.append((name, meaning))
        if isinstance(value, dict):
            lines += [(f"{name}.{inner}", words) for inner, (words, _) in value.items()]
    return lines
