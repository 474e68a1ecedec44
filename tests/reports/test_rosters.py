"""The list of any day and what differs between two days: in every format, as its reader sees it."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader

from audit.models import Event
from core.crypto import sm3
from core.sheets import NOTICE
from experts import personal_data
from experts.enums import Label
from experts.models import Expert, ProposalLine
from reports.columns import CHANGE_COLUMNS, ROSTER_COLUMNS
from reports.models import Export
from tests.experts.pages import said
from tests.factories import enlist, make_expert, make_unit, make_user, restrict
from tests.reports.making import (
    HEAD_LINE,
    ask,
    content,
    fetched,
    lines,
    made,
    make,
    pages,
    table,
    text_of,
    url,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)
LATER = DAY + timedelta(days=30)
PATH, CHANGES = "/exports/roster/D04/", "/exports/roster/D04/changes/"
ODD = '#let $x$ *b* _e_ [l] @r <a> `c` "q" \\ & {{ 1 }} {% x %} =1+1'
FORMATS = ["pdf", "docx", "xlsx"]
HEADS = [
    "序号",
    "姓名",
    "性别",
    "出生年月",
    "工作单位",
    "职务",
    "职称",
    "类别",
    "联系范围",
    "认定依据",
    "列入日期",
]


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def on(db):
    by = make_user()
    return lambda name, **facts: enlist(by, make_expert(name), **facts)


def listed(data):
    """The names on a roster, whatever its format."""
    text = text_of(data)
    return [name for name in ("甲一", "乙二", "丙三", "丁四", "金丝雀") if name in text]


@pytest.mark.parametrize("format", FORMATS)
def test_it_lists_the_chosen_day_scope_and_units(client, monkeypatch, on, staff_city, format):
    below = make_unit(parent="D04")
    on("甲一")
    on("乙二", until=DAY + timedelta(days=10))
    on("丙三", scope="general")
    enlist(staff_city, make_expert("丁四", unit_code=below.code), code=below.code)
    found = {
        query: listed(fetched(client, monkeypatch, query, path=PATH, format=format))
        for query in (f"day={DAY}", "", f"day={DAY}&below=on", "scope=general", "below=on&scope=key&letter=j")
    }
    assert found == {
        f"day={DAY}": ["甲一", "乙二", "丙三"],
        "": ["甲一", "丙三"],
        f"day={DAY}&below=on": ["甲一", "乙二", "丙三", "丁四"],
        "scope=general": ["丙三"],
        "below=on&scope=key&letter=j": ["甲一", "丁四"],
    }


def test_the_day_is_written_down_when_it_is_asked(client, on):
    on("甲一")
    export = ask(client, "scope=key", path=PATH)
    assert (export.kind, export.format) == ("roster", "xlsx")
    assert f"day={date.today()}" in export.query
    assert export.words == f"海淀区委；{date.today()}；重点联系"


@pytest.mark.parametrize("format", FORMATS)
def test_it_says_what_it_is_who_took_it_and_that_it_holds_no_secret(
    client, monkeypatch, on, officer_haidian, format
):
    on("甲一", basis=[{"honour": "CAS", "name": "中国科学院院士", "year": 2001}])
    export = made(client, monkeypatch, f"day={DAY}", path=PATH, format=format)
    text = text_of(content(client.get(url("fetch", export))))
    for words in (
        NOTICE, export.number, officer_haidian.display_name, "海淀区委联系专家名单", "2026-03-01",
        "中国科学院院士 2001",
    ):  # fmt: skip
        assert words in text
    assert not any(mark in text for mark in ("密级", "秘密★", "机密★", "内部", "敏感"))
    assert client.get(url("fetch", export))["Content-Disposition"].endswith(f"-{export.number}.{format}")


@pytest.mark.parametrize("format", FORMATS)
def test_no_text_is_ever_read_as_markup(client, monkeypatch, staff_city, format):
    enlist(staff_city, make_expert("甲一", employer=ODD, post=ODD[::-1], title="<w:t>&amp;</w:t>"))
    text = text_of(fetched(client, monkeypatch, path=PATH, format=format)).replace("\\\\", "\\")
    squeezed = text.replace(" ", "")
    assert ODD.replace(" ", "") in squeezed
    assert ODD[::-1].replace(" ", "") in squeezed
    assert "<w:t>&amp;</w:t>" in squeezed


def test_nothing_in_the_workbook_is_a_formula(client, monkeypatch, staff_city):
    enlist(staff_city, make_expert("=1+1", employer="=HYPERLINK(1)", post="@SUM(1)"))
    sheet = load_workbook(BytesIO(fetched(client, monkeypatch, path=PATH))).active
    cells = [cell for row in sheet.iter_rows(min_row=HEAD_LINE + 2) for cell in row if cell.value]
    assert {"=1+1", "=HYPERLINK(1)", "@SUM(1)"} <= {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} == {"n", "s"}


def test_the_pdf_is_a4_with_page_numbers_and_a_head_on_every_page(client, monkeypatch, on):
    for number in range(60):
        on(f"甲{number}")
    data = fetched(client, monkeypatch, path=PATH, format="pdf")
    sides = {
        tuple(round(float(side)) for side in page.mediabox[2:]) for page in PdfReader(BytesIO(data)).pages
    }
    assert sides == {(842, 595)}
    texts = pages(data)
    assert len(texts) >= 3
    for number, text in enumerate(texts, start=1):
        assert f"第 {number} 页 共 {len(texts)} 页" in text
        assert all(head in text.replace(" ", "") for head in HEADS)
        assert NOTICE in text


def test_the_word_file_is_a4_and_repeats_its_head(client, monkeypatch, on):
    on("甲一")
    document = Document(BytesIO(fetched(client, monkeypatch, path=PATH, format="docx")))
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (297, 210)
    assert [cell.text for cell in document.tables[0].rows[0].cells] == [*HEADS, "名单单位"]
    head, *_ = document.tables[0]._tbl.tr_lst
    assert "w:tblHeader" in head.xml
    assert {"PAGE", "NUMPAGES"} <= set(section.footer._element.xpath(".//w:instrText/text()"))
    assert NOTICE in section.footer.paragraphs[0].text


def test_lists_hold_nothing_but_what_lists_may(client, monkeypatch, staff_city):
    reads = {name for column in (*ROSTER_COLUMNS, *CHANGE_COLUMNS) for name in column.reads}
    assert reads <= personal_data.EXPORTED
    enlist(staff_city, make_expert("甲一", email="secret@demo.example", office_phone="010-00001111"))
    for format in FORMATS:
        text = text_of(fetched(client, monkeypatch, path=PATH, format=format))
        assert not any(hidden in text for hidden in ("secret@", "010-0000"))


# Whose rows


@pytest.mark.parametrize("format", FORMATS)
def test_two_viewers_get_what_each_of_them_sees(personas, client_of, monkeypatch, on, format):
    on("甲一")
    on("乙二", scope="general")
    Expert.objects.filter(name="乙二").update(label=Label.SENSITIVE)
    restrict(on("金丝雀").expert, personas["cleared_city"])
    got = {
        name: listed(fetched(client_of(personas[name]), monkeypatch, path=PATH, format=format))
        for name in ("leader_city", "officer_haidian", "cleared_city")
    }
    assert got == {
        "leader_city": ["甲一"],
        "officer_haidian": ["甲一", "乙二"],
        "cleared_city": ["甲一", "乙二", "金丝雀"],
    }


@pytest.mark.parametrize("format", FORMATS)
def test_the_canary_changes_nothing_for_others_and_is_named_in_the_trail(
    personas, client_of, monkeypatch, on, format
):
    on("甲一")
    before = text_of(fetched(client_of(personas["staff_city"]), monkeypatch, path=PATH, format=format))
    canary = restrict(on("金丝雀").expert, personas["cleared_city"])
    after = text_of(fetched(client_of(personas["staff_city"]), monkeypatch, path=PATH, format=format))
    first, second = (export.number for export in Export.objects.order_by("pk"))
    assert after.replace(second, first)[:200] == before[:200]
    assert "金丝雀" not in after
    assert len(after) == len(before)
    fetched(client_of(personas["cleared_city"]), monkeypatch, path=PATH, format=format, reason="核对")
    event = Event.objects.get(verb="export", kind="expert", reference=canary.record_number)
    assert (event.reason, event.username) == ("核对", "cleared_city")


def test_a_fetch_is_on_the_record_with_number_and_digest(client, monkeypatch, on):
    on("甲一")
    export = made(client, monkeypatch, path=PATH, format="pdf")
    data = content(client.get(url("fetch", export)))
    event = Event.objects.get(verb="export", result="ok")
    assert (event.reference, event.counts) == (export.number, {"rows": 1, "restricted": 0, "sm3": sm3(data)})


def test_an_expert_hidden_before_the_fetch_destroys_the_file(client, monkeypatch, on):
    entry = on("甲一")
    export = made(client, monkeypatch, path=PATH, format="pdf")
    restrict(entry.expert)
    response = client.get(url("fetch", export))
    assert response.status_code == 410
    assert "甲一" not in response.content.decode()
    export.refresh_from_db()
    assert not export.is_ready


# What differs


def rows_of(client, monkeypatch, **options):
    query = f"day={LATER}&since={DAY}"
    return table(fetched(client, monkeypatch, query, path=CHANGES, **options))


def test_what_differs_comes_with_its_reason(client, monkeypatch, on, staff_city):
    on("留一")
    on("来一", since=DAY + timedelta(days=3))
    moved = on("去一", until=DAY + timedelta(days=3))
    ProposalLine.objects.filter(proposal=moved.closed_by).update(reason="own_request")
    on("应退", until=DAY + timedelta(days=4))
    first = on("调一", scope="general", until=DAY + timedelta(days=4))
    enlist(staff_city, first.expert, since=DAY + timedelta(days=4), scope="key")
    came = on("来二", scope="general", since=DAY + timedelta(days=3), until=DAY + timedelta(days=6))
    enlist(staff_city, came.expert, since=DAY + timedelta(days=6))  # rescoped in between
    gone = on("去二", until=DAY + timedelta(days=2)).expert
    enlist(staff_city, gone, since=DAY + timedelta(days=2), until=DAY + timedelta(days=5), scope="general")
    found = [
        [row[head] for head in ("变动", "姓名", "原范围", "现范围", "日期", "事由")]
        for row in rows_of(client, monkeypatch)
    ]
    assert found == [
        ["新列入", "来二", "", "重点联系", "2026-03-04", "纳入"],
        ["新列入", "来一", "", "重点联系", "2026-03-04", "纳入"],
        ["退出", "去二", "重点联系", "", "2026-03-06", "退出"],
        ["退出", "去一", "重点联系", "", "2026-03-04", "本人申请不再联系"],
        ["退出", "应退", "重点联系", "", "2026-03-05", "退出"],
        ["调整范围", "调一", "普遍联系", "重点联系", "2026-03-05", "调整"],
    ]


def test_the_page_says_the_same_reasons(client, on):
    moved = on("去一", until=DAY + timedelta(days=3))
    ProposalLine.objects.filter(proposal=moved.closed_by).update(reason="own_request")
    page = client.get(f"/experts/roster/D04/?day={LATER}&since={DAY}").content.decode()
    assert "本人申请不再联系" in page
    assert "导出变动" in page


def test_the_changes_name_both_days(client, monkeypatch, on):
    on("来一", since=DAY + timedelta(days=3))
    data = fetched(client, monkeypatch, f"day={LATER}&since={DAY}&below=on", path=CHANGES)
    head = [line[0] for line in lines(data)[:4]]
    assert head[1].startswith("海淀区委名单变动  导出编号")
    assert head[3] == "筛选：海淀区委（含所属单位）；2026-03-31，与 2026-03-01 相比"


# What cannot be


@pytest.mark.parametrize(("path", "query", "words"), [
    (CHANGES, "day=2026-03-01", "请先选择与哪一天相比。"),
    (PATH, "day=2013-01-01", "意见自 2014 年 5 月 6 日起施行，请选这一天或以后的日期。"),
    (PATH, "scope=x", "选择一个有效的选项。 x 不在可用的选项中。"),
])  # fmt: skip
def test_nonsense_is_told_on_the_page(client, path, query, words):
    response = client.post(path, {"query": query, "reason": "核对"}, follow=True)
    assert said(response) == [words]
    assert not Export.objects.exists()


@pytest.mark.parametrize("format", ["exe", "PDF", "docx"])
def test_a_format_that_there_is_not_is_refused(client, format):
    client.post(CHANGES, {"query": f"day={LATER}&since={DAY}", "reason": "核对", "format": format})
    assert not Export.objects.exists()


def test_more_than_can_be_printed_is_told(client, monkeypatch, on):
    on("甲一")
    on("乙二")
    monkeypatch.setattr("reports.tasks.MOST_PRINTED", 1)
    export = make(ask(client, path=PATH, format="pdf"), monkeypatch)
    words = "符合条件的记录超过 1 条，请缩小筛选范围后再导出，或改用 Excel。"
    assert (export.job_state, export.job_error) == ("failed", words)
    assert made(client, monkeypatch, path=PATH).rows == 2


@pytest.mark.parametrize("format", ["pdf", "xlsx"])
def test_nobody_on_the_roster_makes_no_file(client, monkeypatch, format):
    export = make(ask(client, path=PATH, format=format), monkeypatch)
    assert (export.job_state, export.job_error) == ("failed", "没有符合条件的记录，没有生成文件。")


@pytest.mark.parametrize(("path", "format"), [(PATH, "xlsx"), (PATH, "pdf"), (CHANGES, "xlsx")])
def test_a_batch_costs_the_same_for_one_and_for_three(client, monkeypatch, on, path, format):
    counts = []
    for more in (["甲一"], ["乙二", "丙三"]):
        for name in more:
            on(name, since=DAY + timedelta(days=1))
        export = ask(client, f"day={LATER}&since={DAY}", path=path, format=format)
        with CaptureQueriesContext(connection) as seen:
            make(export, monkeypatch)
        assert export.is_ready or Export.objects.get(pk=export.pk).is_ready
        counts.append(len(seen))
    assert counts[0] == counts[1], [query["sql"] for query in seen]
