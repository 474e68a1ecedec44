"""Holidays from a table: .xlsx and .csv in the ways people type them."""

import io
from datetime import date

import pytest
from openpyxl import Workbook

from core.holiday_table import MOST_BYTES, Line, Unreadable, changes_of, read_table
from core.models import Holiday

NEW_YEAR = Line(date(2027, 1, 1), "元旦", False)
HEAD = ["日期", "名称", "调休上班"]
WORKED = Line(date(2027, 2, 14), "春节", True)


def workbook(*rows):
    book, data = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        "日期,名称,类型\n2027-01-01,元旦,放假\n2027-02-14,春节,上班\n".encode(),
        "日期,名称,类型\n2027/1/1,元旦,放假\n2027年2月14日,春节,调休上班\n".encode("gb18030"),
        "\ufeff2027-01-01\t元旦\t否\n\n2027-02-14\t春节\t是\n".encode(),
        workbook(HEAD, [date(2027, 1, 1), "元旦", ""], [date(2027, 2, 14), "春节", "是"]),
        workbook(["20270101", "元旦", 0], ["2027-02-14", "春节", 1]),
    ],
    ids=["csv", "gbk", "tabs without a head", "xlsx with dates", "xlsx with texts"],
)  # fmt: skip
def test_days_are_read_however_they_are_typed(data):
    table = read_table(data)
    assert (table.lines, table.problems) == ([NEW_YEAR, WORKED], [])


def test_lines_that_cannot_be_read_are_named():
    lines = [
        "日期,名称,类型",
        "2027-02-30,元旦,放假",
        "2027-01-02,,放假",
        "2027-01-03,元旦,也许",
        "2027-01-04,元旦,放假",
        "2027-01-04,元旦,放假",
    ]
    table = read_table("\n".join(lines).encode())
    assert [line.day for line in table.lines] == [date(2027, 1, 4)]
    assert [number for number, _ in table.problems] == [2, 3, 4, 6]
    assert "不是日期" in table.problems[0][1]
    assert "名称" in table.problems[1][1]
    assert "放假" in table.problems[2][1]
    assert "两次" in table.problems[3][1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"\x00\x01\x02",
        b"PK\x03\x04 broken",
        b"x" * (MOST_BYTES + 1),
        b"\xff\xfe\xfa",
        "日期,名称,类型\n".encode(),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(data):
    with pytest.raises(Unreadable, match=r"\w"):
        read_table(data)


@pytest.mark.django_db
def test_changes_say_what_is_new_what_differs_and_what_stays():
    Holiday.objects.create(day=NEW_YEAR.day, name="元旦")
    Holiday.objects.create(day=WORKED.day, name="春节")
    added = Line(date(2027, 1, 4), "临时放假", False)
    assert [change.kind for change in changes_of([WORKED, added, NEW_YEAR])] == ["无变化", "新增", "修改"]
