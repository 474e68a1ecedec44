"""The workbook of held rows: reasons beside the cells, no formula, good to be uploaded again."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from audit.models import Event
from exchange.models import RosterImport
from exchange.rows import content
from tests.exchange.wizard import BAD_ID, GOOD, NAMELESS, UNKNOWN, previewed, said, send, url, work

pytestmark = pytest.mark.django_db
NOTICE = "本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息。"
MARKED = "FFFDF0E6"


@pytest.fixture
def client(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def download(client, monkeypatch):
    """The sheet for a roster of these lines, and its cells by head."""

    def fetch(*lines):
        roster = previewed(client, monkeypatch, *lines)
        return sheet_of(client.get(url("held", roster)))

    return fetch


def bytes_of(response):
    return b"".join(response.streaming_content)


def sheet_of(response):
    return load_workbook(BytesIO(bytes_of(response))).active


def rows_of(sheet):
    head = [cell.value for cell in sheet[3]]
    return [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(min_row=4)]


def values(row):
    return {head: cell.value for head, cell in row.items()}


def test_it_holds_the_held_rows_only_each_reason_beside_its_cell(download):
    sheet = download(GOOD, BAD_ID, NAMELESS)
    assert [cell.value for cell in sheet[3]] == [
        "原行号",
        "姓名",
        "姓名：待处理原因",
        "性别",
        "出生年月",
        "身份证号",
        "证件号码：待处理原因",
        "工作单位",
        "职务",
        "荣誉称号",
        "联系电话",
    ]
    bad_id, nameless = rows_of(sheet)
    assert values(bad_id) == {
        "原行号": 3,
        "姓名": "林二",
        "姓名：待处理原因": None,
        "性别": "男",
        "出生年月": "1967-03",
        "身份证号": "11010519670310463X",
        "证件号码：待处理原因": "身份证号的校验码不对，请核对各位数字",
        "工作单位": "示范大学",
        "职务": None,
        "荣誉称号": "中国工程院院士",
        "联系电话": "13800138001",
    }
    assert (nameless["原行号"].value, nameless["姓名：待处理原因"].value) == (4, "姓名空缺")


def test_the_cells_in_question_are_marked_and_no_others(download):
    marked = [
        [head for head, cell in row.items() if cell.fill.fgColor.rgb == MARKED]
        for row in rows_of(download(BAD_ID, NAMELESS))
    ]
    assert marked == [["身份证号"], ["姓名"]]


def test_it_bears_the_notice_on_the_sheet_and_at_the_foot_of_every_page(download):
    sheet = download(BAD_ID)
    assert sheet["A1"].value == NOTICE
    assert sheet.oddFooter.center.text == NOTICE


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "http://example.org/"]
)
def test_texts_that_look_like_formulas_or_links_stay_texts(client, monkeypatch, text):
    quoted = text.replace('"', '""')
    data = f'姓名,工作单位,荣誉称号\n林三,示范大学,某未知奖\n林四,"{quoted}",某未知奖\n'
    roster = work(send(client, data.encode()), monkeypatch)
    client.post(url("columns", roster), {"column-0": "name", "column-1": "employer", "column-2": "honour"})
    roster = work(roster, monkeypatch)
    sheet = sheet_of(client.get(url("held", roster)))
    cell = rows_of(sheet)[1]["工作单位"]
    assert (cell.value, cell.data_type, cell.quotePrefix, cell.hyperlink) == (text, "s", True, None)


def test_a_field_without_a_column_gets_one(client, monkeypatch):
    """Two people alike in the register can only be told apart by an ID number that the roster lacks."""
    from tests.factories import make_expert

    for _ in range(2):
        make_expert("林五", birth="1966-05-01", employer="示范大学")
    roster = work(send(client, "姓名,出生年月,工作单位\n林五,1966-05,示范大学\n".encode()), monkeypatch)
    client.post(url("columns", roster), {"column-0": "name", "column-1": "birth", "column-2": "employer"})
    roster = work(roster, monkeypatch)
    sheet = sheet_of(client.get(url("held", roster)))
    assert [cell.value for cell in sheet[3]][-2:] == ["证件号码", "证件号码：待处理原因"]
    assert "请补上证件号码" in rows_of(sheet)[0]["证件号码：待处理原因"].value


def test_a_correction_that_did_not_help_is_in_the_cell(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    client.post(url("fix", roster, 2), {"name": "林二", "id_number": "110105196703104630"})
    work(roster, monkeypatch)
    (row,) = rows_of(sheet_of(client.get(url("held", roster))))
    assert row["身份证号"].value == "110105196703104630"


def test_the_workbook_can_be_mended_and_uploaded(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD, BAD_ID, UNKNOWN)
    book = load_workbook(BytesIO(bytes_of(client.get(url("held", roster)))))
    for row in rows_of(book.active):
        row["身份证号"].value = None
        row["荣誉称号"].value = "政府特殊津贴"
    mended = BytesIO()
    book.save(mended)
    again = work(send(client, mended.getvalue(), name="改好.xlsx"), monkeypatch)
    guessed = {
        again.layout["header_texts"][index]: key for index, key in again.layout["columns"].items() if key
    }
    assert guessed == {
        "姓名": "name",
        "性别": "gender",
        "出生年月": "birth",
        "身份证号": "id_number",
        "工作单位": "employer",
        "职务": "post",
        "荣誉称号": "honour",
        "联系电话": "phone",
    }
    client.post(
        url("columns", again), {f"column-{index}": key for index, key in again.layout["columns"].items()}
    )
    work(again, monkeypatch)
    assert [content(row).values["name"] for row in again.rows.all()] == ["林二", "林三"]
    assert (again.counts["create"], again.counts["held"]) == (2, 0)


def test_downloading_is_on_the_record_without_names(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    response = client.get(url("held", roster))
    assert bytes_of(response).startswith(b"PK")
    assert response["Cache-Control"] == "private, no-store"
    event = Event.objects.filter(verb="export").get()
    assert (event.kind, event.reference, event.counts) == ("roster", str(roster.uuid), {"held": 1})


def test_nothing_leaves_when_it_cannot_be_put_on_the_record(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)

    def fail(*args, **kwargs):
        raise RuntimeError("no audit")

    monkeypatch.setattr("exchange.views.record", fail)
    client.raise_request_exception = False
    response = client.get(url("held", roster))
    assert response.status_code >= 500
    assert not response.streaming


def test_without_held_rows_there_is_nothing_to_download(client, monkeypatch):
    roster = previewed(client, monkeypatch, GOOD)
    assert said(client.get(url("held", roster), follow=True)) == ["没有可以下载的待处理行。"]
    assert not Event.objects.filter(verb="export").exists()


def test_while_rows_are_checked_there_is_nothing_to_download(client, monkeypatch):
    roster = previewed(client, monkeypatch, BAD_ID)
    RosterImport.objects.update(job_state="running")
    assert said(client.get(url("held", roster), follow=True)) == ["没有可以下载的待处理行。"]
