"""Reading files: what is refused, what the cells become, what the parsing process may use."""

import datetime
import io
import itertools
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.reading import RosterRefused, read_roster, refusals, sniff, sniffing
from exchange.reading.child import _open
from exchange.reading.delimited import delimiter_of

HEADER = ["序号", "姓名", "出生年月", "工作单位"]
ROSTERS = Path(__file__).parent.parent / "rosters"


def save(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def workbook(tmp_path, rows, name="a.xlsx", change=None):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if change:
        change(book, sheet)
    path = tmp_path / name
    book.save(path)
    return path


def rows_of(path, name=None):
    with read_roster(path, name or path.name) as sheet:
        return list(sheet.rows)


def repacked(path, edit):
    """The same archive with parts added or replaced by `edit(name, data) -> data or None`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = edit(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
        for name, data in (edit("", b"") or {}).items():
            new.writestr(name, data)
    path.write_bytes(packed.getvalue())
    return path


def refusal(path, name=None):
    with pytest.raises(RosterRefused) as caught:
        rows_of(path, name)
    return str(caught.value)


# What the cells become


def test_cells_become_text_with_their_row_numbers(tmp_path):
    path = workbook(
        tmp_path,
        [
            HEADER,
            [],
            [1, " 张　三 ", datetime.date(1985, 10, 1), "单位\n一"],
            [2.5, 198510, datetime.datetime(1985, 10, 1, 12, 30), True],
        ],
    )
    assert rows_of(path) == [
        (1, HEADER),
        (3, ["1", " 张　三 ", "1985-10-01", "单位\n一"]),
        (4, ["2.5", "198510", "1985-10-01 12:30:00", "TRUE"]),
    ]


def test_rows_and_columns_before_the_table_count(tmp_path):
    def shift(book, sheet):
        sheet["C4"], sheet["D4"], sheet["C5"], sheet["D6"] = "姓名", "单位", "张三", "甲"

    assert rows_of(workbook(tmp_path, [], change=shift)) == [
        (4, ["", "", "姓名", "单位"]),
        (5, ["", "", "张三", ""]),
        (6, ["", "", "", "甲"]),
    ]


def test_chinese_date_formats_are_dates(tmp_path):
    def formats(book, sheet):
        for column, form in enumerate(
            ['yyyy"年"m"月"', '[$-804]yyyy"年"m"月"d"日";@', "yyyy/m", "[DBNum1]yyyy年m月"], 1
        ):
            sheet.cell(1, column, datetime.date(1985, 10, 1)).number_format = form

    assert rows_of(workbook(tmp_path, [], change=formats)) == [(1, ["1985-10-01"] * 4)]


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["1", "=1+1", "@SUM(A1)", "-2+3"])
    book.close()
    assert rows_of(path)[1] == (2, ["1", "=1+1", "@SUM(A1)", "-2+3"])


def test_formulas_give_their_stored_result_or_their_own_text(tmp_path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_formula(1, 1, '=CONCATENATE("张","三")', value="张三")
    sheet.write_formula(1, 2, "=1985*100+10", value=198510)
    book.close()
    assert rows_of(path)[1] == (2, ["", "张三", "198510", ""])

    path = workbook(tmp_path, [HEADER, ["1", '="张"&"<三>"', "=A1", "甲"], ["", "=B2"]], name="b.xlsx")
    assert rows_of(path)[1:] == [(2, ["1", '="张"&"<三>"', "=A1", "甲"]), (3, ["", "=B2"])]


def test_error_cells_are_not_empty(tmp_path):
    path = workbook(tmp_path, [HEADER, ["1", "#N/A", "#REF!", "甲"]])
    assert rows_of(path)[1] == (2, ["1", "#N/A", "#REF!", "甲"])


def test_long_numbers_keep_their_digits_or_show_that_they_lost_them(tmp_path):
    path = workbook(tmp_path, [HEADER, ["1", "x", "y", "z"]])
    cell = b'<c r="C2" t="inlineStr"><is><t>y</t></is></c>'
    other = b'<c r="D2" t="inlineStr"><is><t>z</t></is></c>'

    def numbers(name, data):
        if name != "xl/worksheets/sheet1.xml":
            return data
        assert cell in data
        exact = data.replace(cell, b'<c r="C2"><v>110105198510104635</v></c>')
        return exact.replace(other, b'<c r="D2"><v>1.1010519851010499E+17</v></c>')

    repacked(path, lambda name, data: numbers(name, data) if name else None)
    assert rows_of(path)[1] == (2, ["1", "x", "110105198510104635", "1.10105198510105E+17"])


def test_numbers_that_fit_are_whole(tmp_path):
    assert rows_of(workbook(tmp_path, [HEADER, [13800138000, 110105851010463, -3, 0.1]]))[1] == (
        2,
        ["13800138000", "110105851010463", "-3", "0.1"],
    )


def test_vertical_merges_hold_for_every_row(tmp_path):
    def merge(book, sheet):
        for area in ("D2:D4", "B5:C6", "A7:D7"):
            sheet.merge_cells(area)

    rows = [
        HEADER,
        ["1", "甲", "a", "单位"],
        ["2", "乙", "b"],
        ["3", "丙", "c"],
        ["4", "丁"],
        ["5"],
        ["合计"],
    ]
    assert rows_of(workbook(tmp_path, rows, change=merge)) == [
        (1, HEADER),
        (2, ["1", "甲", "a", "单位"]),
        (3, ["2", "乙", "b", "单位"]),
        (4, ["3", "丙", "c", "单位"]),
        (5, ["4", "丁", "", ""]),
        (6, ["5", "丁", "", ""]),
        (7, ["合计", "", "", ""]),
    ]


def test_merges_and_dates_of_old_workbooks(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for column, text in enumerate(HEADER):
        sheet.write(0, column, text)
    sheet.write_merge(1, 3, 3, 3, "单位")
    style = xlwt.easyxf(num_format_str='yyyy"年"m"月"')
    for row in (1, 2, 3):
        sheet.write(row, 0, row)
        sheet.write(row, 1, f"人{row}")
        sheet.write(row, 2, datetime.date(1985, 10, 1), style)
    book.save(str(tmp_path / "a.xls"))
    assert rows_of(tmp_path / "a.xls") == [
        (1, HEADER),
        *((row + 1, [str(row), f"人{row}", "1985-10-01", "单位"]) for row in (1, 2, 3)),
    ]


def test_the_sheet_that_looks_like_a_roster_is_chosen(tmp_path):
    def more(book, sheet):
        sheet.title = "填表说明"
        for number in range(100):
            sheet.append([f"说明{number}"])
        hidden = book.create_sheet("隐藏")
        hidden.sheet_state = "hidden"
        roster = book.create_sheet("花名册")
        for target in (hidden, roster):
            target.append([*HEADER, "性别", "身份证号"])
            target.append(["1", "张三", "198510", target.title])

    path = workbook(tmp_path, [["说明"]], change=more)
    with read_roster(path, path.name) as sheet:
        assert (sheet.kind, sheet.name, sheet.other_sheets) == ("xlsx", "花名册", ("填表说明",))
        assert [cells[3] for _, cells in sheet.rows] == ["工作单位", "花名册"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_every_encoding_and_delimiter(tmp_path, encoding, delimiter):
    text = "\r\n".join(
        [
            "某区名册" + delimiter * 3,
            delimiter.join(HEADER),
            "",
            delimiter.join(["1", "张　三", "198510", '"甲，乙；丙\n丁"']),
            delimiter.join(["2", "镕㭎𠮷", '="0110"', ""]),
        ]
    )
    path = save(tmp_path, "a.csv", text.encode(encoding))
    assert rows_of(path) == [
        (1, ["某区名册", "", "", ""]),
        (2, HEADER),
        (4, ["1", "张　三", "198510", "甲，乙；丙\n丁"]),
        (5, ["2", "镕㭎𠮷", "0110", ""]),
    ]


def test_delimiter_without_a_known_header_is_the_one_that_fits():
    assert delimiter_of("a;b;c\n1;2;3\n") == ";"
    assert delimiter_of("a\tb\n") == "\t"
    assert delimiter_of("甲\n") == ","


def test_reading_may_end_early_and_leaves_no_process(tmp_path):
    path = workbook(tmp_path, [HEADER, *([number, "甲", "198510", "乙"] for number in range(5000))])
    with read_roster(path, path.name) as sheet:
        assert len(list(itertools.islice(sheet.rows, 3))) == 3
    assert sheet._process.returncode is not None


# What is refused


def test_wrong_names_and_contents_are_refused(tmp_path):
    good = workbook(tmp_path, [HEADER])
    assert refusal(good, "名册.docx") == "只接受 .xlsx、.xls 和 .csv 文件"
    assert refusal(good, "名册") == "只接受 .xlsx、.xls 和 .csv 文件"
    assert refusal(good, "名册.xlsm") == sniffing.MACRO
    assert refusal(good, "名册.csv").startswith("扩展名是 .csv，内容却是 .xlsx 工作簿")
    assert refusal(good, "名册.xls").startswith("扩展名是 .xls，内容却是 .xlsx 工作簿")
    assert refusal(save(tmp_path, "b.xlsx", "姓名,单位".encode())).startswith("扩展名是 .xlsx，内容却是文本")
    assert refusal(save(tmp_path, "b.csv", b"%PDF-1.7 ...")).startswith("这是PDF 文件")
    assert refusal(save(tmp_path, "c.csv", b"\x89PNG\r\n\x1a\n")).startswith("这是图片")
    assert refusal(save(tmp_path, "d.xls", b"<html><table><tr><td>1</td></tr></table></html>")).startswith(
        "这是网页"
    )
    assert refusal(save(tmp_path, "e.csv", b"a,b\x00c")).startswith("文件不是文本")
    assert refusal(save(tmp_path, "f.csv", b"")) == "文件是空的"
    assert refusal(save(tmp_path, "g.csv", b"\n\n,,\n")) == "表格里没有内容"
    assert refusal(save(tmp_path, "h.csv", b"a,\xff\xff\xff")).startswith("看不出文件的文字编码")


def test_names_of_any_kind_are_harmless(tmp_path):
    path = workbook(tmp_path, [HEADER])
    assert rows_of(path, "-x\x00\ud800名册 2026.XLSX") == [(1, HEADER)]
    assert refusal(path, "\x00") == "只接受 .xlsx、.xls 和 .csv 文件"


def test_an_archive_of_very_many_parts_is_refused_before_its_directory_is_read(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(refusals.MAX_PARTS + 1):
            archive.writestr(str(number), b"")
    assert refusal(save(tmp_path, "a.xlsx", packed.getvalue())) == sniffing.BOMB


def test_other_archives_are_refused(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "x")
    assert refusal(save(tmp_path, "a.xlsx", packed.getvalue())).startswith("压缩包里不是 Excel 工作簿")

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types>wordprocessingml.document.main+xml</Types>")
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(save(tmp_path, "b.xlsx", packed.getvalue())).startswith("压缩包里不是 Excel 工作簿")


def test_macros_are_refused(tmp_path):
    def with_part(name, data):
        path = workbook(tmp_path, [HEADER])
        return repacked(path, lambda part, old: old if part else {name: data})

    assert refusal(with_part("xl/vbaProject.bin", b"x")) == sniffing.MACRO
    assert refusal(with_part("xl/macrosheets/sheet1.xml", b"<x/>")) == sniffing.MACRO

    path = workbook(tmp_path, [HEADER])
    types = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    repacked(
        path,
        lambda part, old: (
            old.replace(types, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml") if part else None
        ),
    )
    assert refusal(path) == sniffing.MACRO


def old_workbook(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("名册")
    for column, text in enumerate(HEADER):
        sheet.write(0, column, text)
    book.save(str(tmp_path / "a.xls"))
    return tmp_path / "a.xls"


def test_old_macros_and_passwords_are_refused(tmp_path):
    path = old_workbook(tmp_path)
    data = path.read_bytes()
    root = data.index("Root Entry".encode("utf-16-le"))
    free = next(at for at in range(root, len(data), 128) if data[at + 64 : at + 66] == b"\x00\x00")
    name = "_VBA_PROJECT_CUR".encode("utf-16-le")
    entry = name.ljust(64, b"\x00") + struct.pack("<HBB", len(name) + 2, 1, 1) + b"\xff" * 12 + b"\x00" * 48
    assert refusal(save(tmp_path, "b.xls", data[:free] + entry + data[free + 128 :])) == sniffing.MACRO

    encrypted = "EncryptedPackage".encode("utf-16-le")
    entry = (
        encrypted.ljust(64, b"\x00")
        + struct.pack("<HBB", len(encrypted) + 2, 2, 1)
        + b"\xff" * 12
        + b"\x00" * 48
    )
    assert refusal(save(tmp_path, "c.xls", data[:free] + entry + data[free + 128 :])) == sniffing.ENCRYPTED

    bof = data.index(b"\x09\x08\x10\x00")
    second = bof + 4 + 16
    length = struct.unpack_from("<H", data, second + 2)[0]
    locked = data[:second] + struct.pack("<HH", 0x002F, length) + data[second + 4 :]
    assert refusal(save(tmp_path, "d.xls", locked)) == sniffing.ENCRYPTED

    sheet = data.index(struct.pack("<H", 0x0085), bof)
    macro = data[: sheet + 9] + b"\x01" + data[sheet + 10 :]
    assert refusal(save(tmp_path, "e.xls", macro)) == sniffing.MACRO


def test_bombs_are_refused_by_what_they_declare_and_by_what_they_unpack_to(tmp_path):
    zeros = b"0" * (60 * 1024 * 1024)
    path = workbook(tmp_path, [HEADER])
    repacked(path, lambda part, old: old if part else {"xl/media/a.xml": zeros})
    assert path.stat().st_size < 1024 * 1024
    assert refusal(path) == sniffing.BOMB

    data = path.read_bytes()
    size = struct.pack("<I", len(zeros))
    assert data.count(size) >= 1
    lying = save(tmp_path, "b.xlsx", data.replace(size, struct.pack("<I", 1000)))
    assert refusal(lying) in (sniffing.BOMB, sniffing.DAMAGED)


def test_a_cell_far_away_is_refused_and_does_not_eat_memory(tmp_path):
    def far(book, sheet):
        sheet["XFD1048576"] = "x"

    assert refusal(workbook(tmp_path, [HEADER, ["1", "甲"]], change=far)) != ""

    def wide(book, sheet):
        sheet["XFD2"] = "x"

    assert "列" in refusal(workbook(tmp_path, [HEADER, ["1", "甲"]], change=wide))


def test_too_many_rows_are_refused(tmp_path):
    lines = b"".join(b"%d,a\n" % number for number in range(refusals.MAX_ROWS + 1))
    assert refusal(save(tmp_path, "a.csv", lines)) == "名册超过 200000 行，请拆分后再上传"


def test_xml_with_dtd_or_entities_is_refused(tmp_path):
    bomb = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'

    def with_dtd(part, old):
        if part == "xl/worksheets/sheet1.xml":
            return bomb + old
        return old if part else None

    assert "DTD" in refusal(repacked(workbook(tmp_path, [HEADER]), with_dtd))


@pytest.mark.parametrize("mark", ["绝密★", "机密★10年", "密级：秘密", "【机密】"])
def test_files_with_secrecy_markings_are_refused(tmp_path, mark):
    message = refusal(workbook(tmp_path, [[mark], HEADER, ["1", "张三"]]))
    assert "密级标志" in message
    assert "严禁存储、处理、传输国家秘密信息" in message
    assert "密级标志" in refusal(save(tmp_path, "a.csv", f"姓名,单位\n张三,{mark}\n".encode("gb18030")))


def test_markings_outside_the_chosen_cells_are_seen_too(tmp_path):
    def header_footer(book, sheet):
        sheet.oddHeader.left.text = "机密★10年"

    assert "密级标志" in refusal(workbook(tmp_path, [HEADER, ["1", "张三"]], change=header_footer))

    def other_sheet(book, sheet):
        book.create_sheet("附表").append(["绝密★启用前"])

    assert "密级标志" in refusal(workbook(tmp_path, [HEADER, ["1", "张三"]], change=other_sheet))


def test_text_about_secrecy_is_no_marking(tmp_path):
    assert (
        len(
            rows_of(workbook(tmp_path, [HEADER, ["1", "张三", "198510", "国家保密科技测评中心（商业秘密）"]]))
        )
        == 2
    )


@pytest.mark.parametrize("name", ["plain_7.xlsx", "xls_7.xls"])
def test_damaged_workbooks_are_refused(tmp_path, name):
    data = (ROSTERS / name).read_bytes()
    for cut in (600, len(data) // 2, len(data) - 700):
        path = save(tmp_path, name, data[:cut])
        try:
            rows = rows_of(path)
        except RosterRefused as refused:
            assert str(refused)  # noqa: PT017
        else:
            assert rows


@pytest.mark.parametrize("kind", ["xlsx", "xls", "csv"])
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=3000), start=st.sampled_from([b"", sniffing.ZIP_MAGIC, sniffing.compound.MAGIC])
)
def test_any_bytes_are_rows_or_a_refusal(tmp_path, kind, data, start):
    path = save(tmp_path, f"a.{kind}", start + data)
    try:
        assert sniff(path, path.name) == kind
        if kind == "csv":
            _, rows = _open(path, path.name)
            assert all(number > 0 and any(cells) for number, cells in rows)
    except RosterRefused as refused:
        assert str(refused)  # noqa: PT017


@pytest.mark.parametrize("name", ["plain_7.xlsx", "xls_7.xls", "gbk_7.csv"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=20))
def test_spoiled_files_are_rows_or_a_refusal(tmp_path, name, places):
    data = bytearray((ROSTERS / name).read_bytes())
    for place, value in places:
        data[int(place * len(data))] = value
    path = save(tmp_path, name, bytes(data))
    try:
        rows = rows_of(path)
    except RosterRefused as refused:
        assert str(refused)  # noqa: PT017
    else:
        assert all(isinstance(cell, str) for _, cells in rows for cell in cells)


def test_the_parsing_process_knows_no_secrets_and_is_limited(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "geheim")
    path = workbook(tmp_path, [HEADER, *([str(number), "甲", "198510", "乙"] for number in range(20_000))])
    with read_roster(path, path.name) as sheet:
        next(sheet.rows)
        process = Path(f"/proc/{sheet._process.pid}")
        environment = (process / "environ").read_bytes()
        limits = (process / "limits").read_text()
    assert b"geheim" not in environment
    assert any(
        line.startswith("Max address space") and str(refusals.MEMORY_BYTES) in line
        for line in limits.splitlines()
    )
    assert any(line.startswith("Max cpu time") and " 60 " in line for line in limits.splitlines())
