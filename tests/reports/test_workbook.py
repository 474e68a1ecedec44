"""What an exported list holds: the rows that its owner sees, no formula, no contact, number and notice."""

from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.enums import Duty
from core.sheets import NOTICE
from experts import personal_data
from experts.enums import AwardState, SensitiveField
from experts.models import Expert
from reports.columns import EXPERT_COLUMNS
from tests.factories import hold, make_award, make_expert, make_sensitive, restrict
from tests.personas import PERSONAS
from tests.reports.making import HEAD_LINE, ask, content, lines, made, make, names, table, url

pytestmark = pytest.mark.django_db
READERS = [name for name, (_, _, duty, _) in PERSONAS.items() if duty == Duty.WORK and name != "no_role"]
HEADS = [
    "序号", "档案号", "姓名", "性别", "出生年月", "年龄", "工作单位", "职务", "职称", "学科", "类别",
    "联系范围", "认定依据", "称号奖励（年度）", "联系单位", "在京工作", "标签", "信息核实日期",
]  # fmt: skip


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def exported(client, monkeypatch):
    """The bytes that the officer of Haidian gets."""

    def fetch(query="", **asked):
        return content(client.get(url("fetch", made(client, monkeypatch, query, **asked))))

    return fetch


def test_a_row_holds_what_the_list_is_for(exported):
    expert = make_expert(
        "林一", gender="female", birth=date(1966, 5, 1), employer="示范大学", post="院长", title="教授",
        discipline_id="520", category="science_engineering", confirmed_on=date(2026, 1, 2),
        awards=[("STATE_ALLOWANCE", 2018)],
    )  # fmt: skip
    make_award(expert, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    make_award(expert, "MUNICIPAL_AWARD", text="不算奖", state=AwardState.REJECTED)
    (row,) = table(exported())
    honour = expert.awards.first().honour.name
    assert row == {
        "序号": 1,
        "档案号": expert.record_number,
        "姓名": "林一",
        "性别": "女",
        "出生年月": "1966-05",
        "年龄": expert.age,
        "工作单位": "示范大学",
        "职务": "院长",
        "职称": "教授",
        "学科": "计算机科学技术",
        "类别": "自然科学与工程技术",
        "联系范围": "重点联系",
        "认定依据": f"{honour} 2018",
        "称号奖励（年度）": f"{honour}（2018）；示范奖（待核实）",
        "联系单位": expert.unit.short_name,
        "在京工作": "是",
        "标签": "内部",
        "信息核实日期": "2026-01-02",
    }
    assert list(row) == HEADS


def test_what_is_not_known_is_empty(exported):
    make_expert("林一", confirmed_on=None)
    (row,) = table(exported())
    filled = {head for head, value in row.items() if value}
    assert filled == {"序号", "档案号", "姓名", "联系范围", "联系单位", "在京工作", "标签"}


def test_the_columns_read_exactly_what_may_be_exported():
    assert {name for column in EXPERT_COLUMNS for name in column.reads} == personal_data.EXPORTED
    contact = {name for name, each in personal_data.EXPERT.items() if each.purpose == personal_data.CONTACT}
    assert personal_data.EXPORTED.isdisjoint(contact | {"photo", "former_names", "id_type", "is_frontline"})
    assert set(personal_data.EXPERT) | personal_data.EXPERT_MACHINERY >= personal_data.EXPORTED


def test_contact_and_sensitive_values_never_leave(exported):
    expert = make_expert(
        "林一", email="secret@demo.example", office_phone="010-00001111", address="示范路1号",
        former_names=["旧名一"], fields_of_work="研究方向一", political_affiliation="cpc",
    )  # fmt: skip
    make_sensitive(expert)
    make_sensitive(expert, SensitiveField.PHONE, "13800138000")
    text = str(lines(exported()))
    assert "林一" in text
    for hidden in ("secret@", "010-0000", "示范路", "旧名一", "研究方向一", "中共", "1101051985", "138001"):
        assert hidden not in text


@pytest.mark.parametrize("text", [
    "=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "http://example.org/", "0012",
])  # fmt: skip
def test_texts_that_look_like_formulas_links_or_numbers_stay_texts(exported, text):
    make_expert("林一", employer=text, title=text)
    data = exported()
    (row,) = table(data)
    assert (row["工作单位"], row["职称"]) == (text, text)
    cell = load_workbook(BytesIO(data)).active.cell(HEAD_LINE + 2, HEADS.index("工作单位") + 1)
    assert (cell.data_type, cell.quotePrefix, cell.hyperlink) == ("s", True, None)


def test_a_reason_that_looks_like_a_formula_stays_a_text(exported):
    make_expert("林一")
    sheet = load_workbook(BytesIO(exported(reason="=1+1"))).active
    assert (sheet["A5"].value, sheet["A5"].data_type) == ("事由：=1+1", "s")


def test_it_says_what_it_is_who_took_it_and_that_it_holds_no_secret(client, monkeypatch, officer_haidian):
    make_expert("林一")
    export = made(client, monkeypatch, "scope=general&sort=-name", reason="准备座谈会")
    sheet = load_workbook(BytesIO(content(client.get(url("fetch", export))))).active
    texts = [sheet.cell(line, 1).value for line in range(1, HEAD_LINE + 1)]
    assert texts[0] == NOTICE == "本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息。"
    assert texts[1] == f"专家名单  导出编号 {export.number}"
    assert texts[2].startswith(f"导出人：{officer_haidian.display_name}（海淀区委")
    assert texts[3:] == ["筛选：普遍联系；按姓名排序", "事由：准备座谈会"]
    assert NOTICE in sheet.oddFooter.center.text
    assert sheet.oddFooter.left.text == export.number


def test_it_prints_on_a4_with_its_head_on_every_page(exported):
    make_expert("林一")
    make_expert("林二")
    sheet = load_workbook(BytesIO(exported())).active
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.print_title_rows, sheet.freeze_panes) == ("$6:$6", "D7")
    assert sheet.auto_filter.ref == "A6:R8"


# Whose rows


def test_everybody_gets_exactly_the_rows_that_they_see(personas, client_of, monkeypatch):
    make_expert("海淀内部")
    make_expert("海淀敏感", label=1)
    make_expert("朝阳内部", unit_code="D03")
    hold(make_expert("朝阳共同", unit_code="D03"), "D04")
    restrict(make_expert("限知悉甲"), personas["cleared_city"], personas["staff_city"])
    got = {}
    for name in READERS:
        client = client_of(personas[name])
        got[name] = set(names(content(client.get(url("fetch", made(client, monkeypatch))))))
    seen = {name: Expert.objects.visible_to(personas[name]) for name in READERS}
    assert got == {name: set(experts.values_list("name", flat=True)) for name, experts in seen.items()}
    assert got["cleared_city"] == {"海淀内部", "海淀敏感", "朝阳内部", "朝阳共同", "限知悉甲"}
    assert got["officer_haidian"] == {"海淀内部", "海淀敏感", "朝阳共同"}
    assert got["officer_chaoyang"] == {"朝阳内部", "朝阳共同"}


@pytest.mark.parametrize("name", sorted(set(PERSONAS) - set(READERS)))
def test_whoever_sees_no_register_cannot_begin(personas, client_of, name):
    assert client_of(personas[name]).post("/exports/experts/", {"reason": "看看"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["安一", "白二", "陈三"]),
        ("sort=-name", ["陈三", "白二", "安一"]),
        ("sort=age", ["白二", "安一"]),
        ("sort=-age", ["安一", "白二"]),
        ("q=bai", ["白二"]),
        ("honour=STATE_ALLOWANCE", ["陈三"]),
        ("q=an&letter=c&after=x&count=exact", ["安一"]),
    ],
)
def test_filters_and_order_are_those_of_the_list(exported, query, expected):
    make_expert("安一", birth=date(1960, 1, 1))
    make_expert("陈三", awards=["STATE_ALLOWANCE"])
    make_expert("白二", birth=date(1980, 1, 1))
    assert names(exported(query)) == expected


def test_a_filter_that_makes_no_sense_chooses_nobody(client, monkeypatch):
    make_expert("林一")
    export = make(ask(client, "scope=nonsense"), monkeypatch)
    assert (export.job_state, export.job_error) == ("failed", "没有符合条件的记录，没有生成文件。")


def test_rows_come_in_order_over_many_batches(exported, monkeypatch):
    monkeypatch.setattr("reports.tasks.BATCH", 2)
    for number in range(5):
        make_expert(f"林{number}")
    assert [(row["序号"], row["姓名"]) for row in table(exported())] == [(n + 1, f"林{n}") for n in range(5)]


def test_a_batch_costs_the_same_for_one_expert_and_for_three(client, monkeypatch):
    counts = []
    for more in (["林一"], ["林二", "林三"]):
        for name in more:
            make_expert(name, awards=["STATE_ALLOWANCE"], discipline_id="520")
        export = ask(client)
        with CaptureQueriesContext(connection) as seen:
            make(export, monkeypatch)
        assert export.is_ready
        counts.append(len(seen))
    assert counts[0] == counts[1], [query["sql"] for query in seen]
