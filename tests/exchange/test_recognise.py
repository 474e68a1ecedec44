"""Headers, columns, and the lines of a roster that are no rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.recognise import match_header, recognise
from exchange.synonyms import _NAMES, FIELD_LABELS, FIELDS_BY_HEADER

PLAIN = [
    "序号",
    "姓名",
    "性别",
    "出生年月",
    "身份证号",
    "工作单位",
    "职务",
    "职称",
    "荣誉称号",
    "联系电话",
    "备注",
]


def numbered(*rows):
    return [(number, list(cells)) for number, cells in enumerate(rows, 1)]


def fields(layout):
    return {key: index for index, key in layout.columns.items() if key}


def person(name="张三", **cells):
    row = ["1", name, "男", "198510", "", "单位", "", "", "", "", ""]
    for index, text in cells.items():
        row[int(index[1:])] = text
    return row


def test_plain_header():
    layout = recognise(numbered(PLAIN, person()))
    assert layout.header_rows == (1,)
    assert layout.first_row == 2
    assert fields(layout) == {
        **{"name": 1, "gender": 2, "birth": 3, "id_number": 4, "employer": 5, "post": 6, "title": 7},
        **{"honour": 8, "phone": 9, "remark": 10},
    }
    assert layout.header_texts[5] == "工作单位"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("性 别", "gender"),
        ("姓　名", "name"),
        ("出生\n年月", "birth"),
        ("出生年月（如198510）", "birth"),
        ("身份证号码*", "id_number"),
        ("身份证号/护照号", "id_number"),
        ("*姓名", "name"),
        ("1.姓名", "name"),
        ("职称（专业技术职务）", "title"),
        ("工作单位及职务", "employer"),
        ("入选人才工程及获奖情况", "honour"),
        ("荣誉称号（国家级）", "honour"),
        ("E-mail", "email"),
        ("是否在京工作", "works_in_beijing"),
        ("研究方向", "fields_of_work"),
        ("政治面貌", "political_affiliation"),
        ("曾用名", "former_names"),
        ("民族", ""),
        ("序号", ""),
        ("张三", None),
        ("", None),
        ("某区联系专家名册（2026年度）", None),
    ],
)
def test_column_names(text, key):
    assert match_header(text) == key


def test_the_table_of_names_is_sound():
    assert set(_NAMES) - {""} == set(FIELD_LABELS)
    for names in _NAMES.values():
        assert all(match_header(name) is not None for name in names.split())
    assert set(FIELDS_BY_HEADER.values()) == set(_NAMES)


def test_titles_above_are_no_header_and_no_rows():
    rows = numbered(
        ["某区联系专家名册（2026年度）"],
        ["填报单位：某区委组织部  填报日期：2026年3月1日"],
        [""],
        PLAIN,
        person("甲"),
        person("乙"),
    )
    layout = recognise(rows, [(1, 0, 1, 10)])
    assert layout.header_rows == (4,)
    assert [(number, raw["name"]) for number, raw in layout.records(rows)] == [(5, "甲"), (6, "乙")]


def test_two_lines_with_merges():
    upper = [
        "编号",
        "专家姓名",
        "性 别",
        "出生日期",
        "证件号码",
        "工作单位及职务",
        "",
        "",
        "入选人才工程及获奖情况",
        "联系方式",
        "",
    ]
    lower = [*upper[:5], "所在单位", "行政职务", "专业技术职务", "入选人才工程及获奖情况", "手机", "邮箱"]
    merges = [(2, 5, 2, 7), (2, 9, 2, 10), *((2, column, 3, column) for column in range(5))]
    layout = recognise(numbered(["名册"], upper, lower, person()), merges)
    assert layout.header_rows == (2, 3)
    assert fields(layout) == {
        **{"name": 1, "gender": 2, "birth": 3, "id_number": 4, "employer": 5, "post": 6, "title": 7},
        **{"honour": 8, "phone": 9, "email": 10},
    }
    assert layout.header_texts[6] == "工作单位及职务／行政职务"


def test_two_lines_without_merge_information():
    upper = ["序号", "姓名", "工作情况", "", "荣誉称号", ""]
    lower = ["", "", "单位", "职务", "国家级", "市级"]
    rows = numbered(upper, lower, ["1", "张三", "甲", "主任", "国贴", "海聚工程"])
    layout = recognise(rows, [(1, 2, 1, 3), (1, 4, 1, 5)])
    assert fields(layout)["employer"] == 2
    assert [index for index, key in layout.columns.items() if key == "honour"] == [4, 5]
    assert next(layout.records(rows))[1]["honour"] == "国贴\n海聚工程"


def test_unknown_columns_can_be_mapped_by_hand():
    rows = numbered(["姓名", "出生年月", "称谓"], ["张三", "198510", "主任"])
    layout = recognise(rows)
    assert layout.columns == {0: "name", 1: "birth", 2: None}
    layout.columns[2] = "post"
    assert list(layout.records(rows)) == [(2, {"name": "张三", "birth": "198510", "post": "主任"})]


def test_a_second_column_of_the_same_name_is_left_to_the_user():
    layout = recognise(numbered(["姓名", "工作单位", "单位名称"], ["张三", "甲", "乙"]))
    assert layout.columns == {0: "name", 1: "employer", 2: None}


def test_a_passport_column_beside_the_id_number():
    rows = numbered(
        ["姓名", "身份证号", "护照号"], ["张三", "110105198510104635", ""], ["John", "", "E12345678"]
    )
    layout = recognise(rows)
    assert [raw["id_number"] for _, raw in layout.records(rows)] == ["110105198510104635", "E12345678"]


def test_without_a_header_nothing_is_guessed():
    assert recognise(numbered(["请各单位于3月15日前报送。"])) is None
    assert recognise(numbered(["张三", "198510", "甲单位"], ["李四", "198511", "乙单位"])) is None
    assert recognise([]) is None


@pytest.mark.parametrize(
    "cells",
    [
        ["合计：120人"],
        ["合 计", "", "", "", "", "120"],
        ["", "总计", "120人"],
        ["共120人"],
        ["填表人：　　　审核人：　　　联系电话："],
        ["填表人：", "张三", "", "审核人：", "", "李四"],
        ["填报单位（盖章）：", "", "", "填报日期"],
        ["单位负责人：", "王五"],
        ["备注：请按要求填写"],
        ["说明：1.本表由单位填写", "说明：1.本表由单位填写", "说明：1.本表由单位填写"],
        ["注：带*为必填"],
        ["第1页"],
        ["一、自然科学类"],
        ["（二）两院院士", "", "3人"],
        ["121"],
        ["121", "", "", "", "", "", "", "", "", "", "待补"],
        ["", "", "　", " "],
        [],
        PLAIN,
    ],
)
def test_lines_that_are_no_rows(cells):
    rows = numbered(PLAIN, person("甲"), cells, person("乙"))
    assert [raw["name"] for _, raw in recognise(rows).records(rows)] == ["甲", "乙"]


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "", "男", "198510", "110105198510104635", "单位"],
        ["", "张三"],
        ["1", "合计明"[:2] + "", "男", "198510"],
        ["1", "共青"],
        ["1", "注册", "女", "", "", "单位"],
        person("备注"),
    ],
)
def test_lines_that_are_rows(cells):
    rows = numbered(PLAIN, cells)
    assert len(list(recognise(rows).records(rows))) == 1


def test_a_list_of_names_alone():
    rows = numbered(["姓名"], ["张三"], ["李四"], ["合计：2人"])
    assert [raw["name"] for _, raw in recognise(rows).records(rows)] == ["张三", "李四"]


@given(st.lists(st.lists(st.text(max_size=8) | st.sampled_from(PLAIN), max_size=8), max_size=12))
def test_any_cells_are_recognised_or_not(cells):
    rows = numbered(*cells)
    layout = recognise(rows, [(1, 0, 2, 3)])
    if layout is not None:
        assert all(raw for _, raw in layout.records(rows))
