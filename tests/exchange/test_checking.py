"""Cleaning rows, honours in a cell, reasons to hold, the same person twice."""

import csv
import datetime
import io
import itertools
import random
import time
import tracemalloc

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.id_numbers import check_digit
from exchange.checking import HonourCatalogue, HonourEntry, check_row, check_rows
from exchange.reading import read_roster
from exchange.recognise import HEAD_ROWS, recognise
from tests.exchange.summary import shipped_catalogue, summarise

TODAY = datetime.date(2026, 11, 23)
CATALOGUE = shipped_catalogue()


def id_number(born="19851010", order=463, region="110105"):
    body = f"{region}{born}{order:03}"
    return body + check_digit(body)


def row(name="张三", birth="1985.10", employer="甲单位", **more):
    return {
        key: text
        for key, text in {"name": name, "birth": birth, "employer": employer, **more}.items()
        if text
    }


def summary(*rows):
    return summarise(check_rows(enumerate(rows, 2), CATALOGUE, TODAY))


def held(*rows):
    return [(item["row"], item["column"]) for item in summary(*rows)["rejected"]]


def reasons(*rows):
    return [item["reason"] for item in summary(*rows)["rejected"]]


def people(*rows):
    return [(item["row"], item["name"], item["honours"]) for item in summary(*rows)["people"]]


def duplicates(*rows):
    return [(item["row"], item["of_row"]) for item in summary(*rows)["duplicates"]]


# Honours in a cell


def every_name():
    for entry in CATALOGUE.entries.values():
        for name in (entry.name, *entry.aliases):
            yield entry.code, name


@pytest.mark.parametrize(("code", "name"), list(every_name()))
def test_every_name_and_alias_is_known_in_every_dress(code, name):
    straight = name.replace("“", '"').replace("”", '"')
    for dress in (
        name,
        straight,
        name.replace("“", "").replace("”", ""),
        name.replace("“", "＂").replace("”", "＂"),
        name.replace("“", "「").replace("”", "」"),
        name.replace("（", "(").replace("）", ")"),
        name.replace("、", "，"),
        name.replace("、", "/"),
        f"《{name}》",
        f"  {name}；",
        f"1.{name}",
        f"{name}称号",
    ):
        assert CATALOGUE.match(dress) == ((code,), ()), dress


@given(
    st.lists(st.sampled_from(list(every_name())), min_size=1, max_size=6),
    st.sampled_from(
        [
            "、",
            "；",
            ";",
            ",",
            "，",
            "/",
            "\n",
            " ",
            "　",
            "；\n",
            "、 ",
            "|",
            "\r\n",
            "和",
            "及",
            "以及",
            " · ",
        ]
    ),
)
def test_honours_survive_any_separator(chosen, separator):
    text = separator.join(name for _, name in chosen)
    assert CATALOGUE.match(text) == (tuple(sorted({code for code, _ in chosen})), ())


@given(
    st.lists(st.sampled_from(list(every_name())), min_size=1, max_size=5),
    st.sampled_from(
        ["宇宙杰出贡献奖", "全国劳动模范", "某某区优秀人才", "中国科学院外籍院士", "青年千人计划"]
    ),
    st.integers(0, 5),
    st.sampled_from(["、", "；", "\n", ",", " "]),
)
def test_an_unknown_honour_is_seen_among_known_ones(chosen, unknown, place, separator):
    names = [name for _, name in chosen]
    names.insert(place, unknown)
    codes, texts = CATALOGUE.match(separator.join(names))
    assert codes == tuple(sorted({code for code, _ in chosen}))
    assert texts == (unknown,)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("2018年享受政府特殊津贴", [("STATE_ALLOWANCE", 2018)]),
        ("2018年享受国务院政府特殊津贴", [("STATE_ALLOWANCE", 2018)]),
        ("中国科学院院士（2015）", [("CAS", 2015)]),
        ("中国科学院院士(2015年当选)", [("CAS", 2015)]),
        ("2015年中国科学院院士；2018年海聚工程", [("CAS", 2015), ("HAIJU", 2018)]),
        ("中国科学院院士 2015年 海聚工程 2018年", [("CAS", 2015), ("HAIJU", 2018)]),
        ("中国科学院院士（2015）、海聚工程", [("CAS", 2015), ("HAIJU", None)]),
        ("2012.05 海聚工程；2013-06 高创计划", [("HAIJU", 2012), ("GAOCHUANG", 2013)]),
        ("海聚工程：2012", [("HAIJU", 2012)]),
        ("入选第三批国家“万人计划”", [("TEN_THOUSAND_TALENTS", None)]),
        ("北京市科学技术奖一等奖（2019年）", [("MUNICIPAL_AWARD", 2019)]),
        ("2001年度国家自然科学奖二等奖", [("MUNICIPAL_AWARD", 2001)]),
        ("①海聚工程②高创计划", [("HAIJU", None), ("GAOCHUANG", None)]),
        (
            "国家“万人计划”入选者和享受政府特殊津贴专家",
            [("TEN_THOUSAND_TALENTS", None), ("STATE_ALLOWANCE", None)],
        ),
        ("中国科学院院士中国工程院院士", [("CAS", None), ("CAE", None)]),
        ("北京市有突出贡献的科学、技\n术、管理人才", [("BJ_STM", None)]),
        ("获2018年度国家自然科学奖二等奖", [("MUNICIPAL_AWARD", 2018)]),
        (
            "1998年国家级有突出贡献的专家，2000年享受国务院政府特殊津贴，2015年当选为中国工程院院士",
            [("NATIONAL_OUTSTANDING", 1998), ("STATE_ALLOWANCE", 2000), ("CAE", 2015)],
        ),
        ("国贴(1998年),海聚工程(2010年)", [("STATE_ALLOWANCE", 1998), ("HAIJU", 2010)]),
        ("中国科学院　院士", [("CAS", None)]),
        ("两院院士（科学院）、两院院士(工程院)", [("CAS", None), ("CAE", None)]),
    ],
)
def test_years_and_wordings(text, claims):
    reading = CATALOGUE.read(text)
    assert [(claim.code, claim.year) for claim in reading.claims] == claims
    assert reading.unknown == ()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "中国科学院院士增选候选人",
            "青年千人计划",
            "外国科学院院士",
            "两院院士",
            "中国科学院院士（候选人）",
            "非中国科学院院士",
        ),
        *("海聚工程评审专家组", "=A1", "国贴吧", "院士"),
    ],
)
def test_what_only_resembles_an_honour_is_unknown(text):
    codes, unknown = CATALOGUE.match(text)
    assert codes == ()
    assert unknown == (text,)


@pytest.mark.parametrize("text", ["", " ", "无", "暂无", "/", "—", "-", "、", "无。", "0"])
def test_no_honour_at_all(text):
    assert CATALOGUE.match(text) == ((), ())


@given(st.text())
def test_any_text_is_read(text):
    codes, unknown = CATALOGUE.match(text)
    assert set(codes) <= set(CATALOGUE.entries)
    assert all(unknown)


def test_the_words_of_an_unknown_award_are_kept_as_written():
    assert CATALOGUE.match("海聚工程、全国“五一”劳动奖章（2010）")[1] == ("全国“五一”劳动奖章（2010）",)


@pytest.mark.parametrize(
    "text",
    [
        "中国科学院院士（" + "2015.1 " * 200 + "x",
        "中国科学院院士（" + " 1批" * 300 + "x",
        "海聚工程" + "-" * 1500 + "甲",
        "1." * 900 + "甲",
        "2015-2016-" * 150,
        "（" * 1999,
        "获" * 1999,
        "、" * 1999 + "甲",
        "海聚工程" * 400,
        "长" * 32_000,
    ],
)
def test_hostile_cells_take_no_time(text):
    started = time.process_time()
    CATALOGUE.match(text)
    check_row(row(name=text, birth=text, id_number=text, employer=text), CATALOGUE, TODAY)
    check_row(row(name="(族" + ",族" * 5000, birth="（" * 30_000, id_number="1 " * 15_000), CATALOGUE, TODAY)
    assert time.process_time() - started < 1


def test_catalogue_of_other_honours():
    other = HonourCatalogue([HonourEntry("A", "甲奖"), HonourEntry("AB", "甲奖、乙奖特别奖", ("特别奖",))])
    assert other.match("甲奖、乙奖特别奖") == (("AB",), ())
    assert other.match("甲奖、特别奖") == (("A", "AB"), ())
    assert HonourCatalogue([]).match("甲奖") == ((), ("甲奖",))


# One row


def test_a_row_is_cleaned():
    checked = check_row(
        row(
            name=" 张　三 ",
            birth="1985年10月10日",
            employer=" 中国　科学院 IBM  Lab ",
            id_number=id_number().lower(),
            gender="男",
            email=" A@B.cn ",
            phone="010-1234567、13800138000",
            honour="2018年国贴",
            works_in_beijing="否",
            frontline="√",
            post="无",
        ),
        CATALOGUE,
        TODAY,
    )
    assert checked.problems == []
    assert checked.notices == []
    assert checked.values == {
        "name": "张三",
        "birth": "1985-10-10",
        "employer": "中国科学院IBM Lab",
        "id_number": id_number(),
        "id_type": "resident18",
        "gender": "男",
        "email": "a@b.cn",
        "phone": "010-1234567；13800138000",
        "works_in_beijing": "no",
        "frontline": "yes",
    }
    assert [(claim.code, claim.year) for claim in checked.honours] == [("STATE_ALLOWANCE", 2018)]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        (row(name=""), "name", "姓名空缺"),
        (row(name="　"), "name", "姓名空缺"),
        (row(name="无"), "name", "姓名空缺"),
        (row(name="=B2"), "name", "“=B2”不像姓名"),
        (row(name="#N/A"), "name", "“#N/A”不像姓名"),
        (row(name="张三、李四"), "name", "像是几个人的姓名，请一人一行"),
        (row(name="张三\n李四"), "name", "像是几个人的姓名，请一人一行"),
        (row(name="123"), "name", "“123”不像姓名"),
        (row(birth="1962.13"), "birth", "“1962.13”的月份不存在"),
        (row(birth="1962.13", id_number=id_number()), "birth", "“1962.13”的月份不存在"),
        (row(birth="2027-01"), "birth", "“2027-01”晚于今天"),
        (row(employer="长" * 121), "employer", "工作单位超过 120 字"),
        (row(id_number=id_number()[:17] + "6"), "id_number", "身份证号的校验码不对，请核对各位数字"),
        (row(honour="国贴、宇宙奖"), "honour", "荣誉目录里没有“宇宙奖”"),
        (row(honour="=A1"), "honour", "单元格的公式没有结果"),
    ],
)
def test_a_row_is_held_with_its_reason(cells, column, reason):
    problems = check_row(cells, CATALOGUE, TODAY).problems
    assert [(problem.column, problem.value, problem.reason) for problem in problems] == [
        (column, cells.get(column, ""), reason)
    ]


def test_every_fault_of_a_row_is_named():
    assert held(row(name="", birth="1962.13", id_number="1", honour="x")) == [
        (2, "name"),
        (2, "id_number"),
        (2, "birth"),
        (2, "honour"),
    ]


def test_a_missing_birth_comes_from_the_id_number_or_stays_open():
    assert check_row(row(birth="", id_number=id_number()), CATALOGUE, TODAY).values["birth"] == "1985-10-10"
    without = check_row(row(birth=""), CATALOGUE, TODAY)
    assert "birth" not in without.values
    assert without.problems == []


def test_a_number_that_may_be_october_or_january():
    assert held(row(birth="1985.1")) == [(2, "birth")]
    october = row(birth="1985.1", id_number=id_number("19851010"))
    january = row(birth="1985.1", id_number=id_number("19850110"))
    assert [person["birth"] for person in summary(october, january)["people"]] == ["1985-10", "1985-01"]


def test_disagreement_with_the_id_number_is_noted_but_not_held():
    checked = check_row(row(birth="1986.10", gender="女", id_number=id_number()), CATALOGUE, TODAY)
    assert checked.problems == []
    assert [notice.column for notice in checked.notices] == ["birth", "gender"]
    assert checked.values["birth"] == "1986-10"


def test_years_in_a_column_of_their_own():
    one = check_row(row(honour="国贴", honour_year="2018年6月"), CATALOGUE, TODAY)
    two = check_row(row(honour="国贴、海聚工程", honour_year="2018\n2019"), CATALOGUE, TODAY)
    odd = check_row(row(honour="国贴、海聚工程", honour_year="2018"), CATALOGUE, TODAY)
    assert [claim.year for claim in one.honours] == [2018]
    assert [claim.year for claim in two.honours] == [2018, 2019]
    assert [claim.year for claim in odd.honours] == [None, None]


def test_a_foreigner_s_passport_is_told_by_its_label():
    foreign = row(name="John Smith", id_number="护照 G1234567X", nationality="美国", honour="中国科学院院士")
    assert check_row(foreign, CATALOGUE, TODAY).values["id_type"] == "passport"


@pytest.mark.parametrize(
    ("nationality", "number", "kind"),
    [
        ("美国", "12345678", "passport"),
        ("美国", "1234567", "passport"),
        ("德国", "C01X00T47", "passport"),
        ("美国", "H12345678", "passport"),
        ("美国", "USA110000123456", "foreign_pr"),
        ("中国台湾", "12345678", "taiwan"),
        ("中国", "H12345678", "hk_macao"),
        ("", "12345678", "taiwan"),
    ],
)
def test_kind_of_document_goes_by_nationality(nationality, number, kind):
    checked = check_row(row(id_number=number, nationality=nationality), CATALOGUE, TODAY)
    assert checked.problems == []
    assert (checked.values["id_type"], checked.values["id_number"]) == (kind, number)


def test_a_wrong_chinese_number_of_a_foreigner_is_no_passport():
    assert held(row(id_number=id_number()[:17] + "6", nationality="美国")) == [(2, "id_number")]
    assert held(row(id_number="1234567", nationality="中国")) == [(2, "id_number")]


# The same person twice


def test_the_same_id_number_is_one_person():
    first = row(id_number=id_number(), honour="国贴")
    second = row(name="张　三", birth="1985-10-10", id_number=id_number(), honour="海聚工程")
    assert people(first, second) == [(2, "张三", ["HAIJU", "STATE_ALLOWANCE"])]
    assert duplicates(first, second, second) == [(3, 2), (4, 2)]
    assert held(first, second) == []


def test_the_old_form_of_an_id_number_is_the_same_number():
    assert duplicates(row(id_number=id_number()), row(id_number="110105851010463")) == [(3, 2)]


def test_without_id_number_name_birth_and_employer_decide():
    one, other = row(), row(birth="1985年10月", employer="甲 单位")
    assert duplicates(one, other) == [(3, 2)]
    assert duplicates(one, row(employer="乙单位")) == []
    assert duplicates(one, row(birth="1985.11")) == []
    assert duplicates(one, row(employer=""), row(employer="")) == []
    assert duplicates(row(birth=""), row(birth="")) == []


def test_one_side_without_id_number_is_enough():
    known, unknown = row(id_number=id_number()), row()
    assert duplicates(known, unknown) == [(3, 2)]
    assert duplicates(unknown, known) == [(3, 2)]
    joined = summarise(check_rows([(2, unknown), (3, known)], CATALOGUE, TODAY))
    assert len(joined["people"]) == 1


def test_two_valid_id_numbers_never_merge():
    first, second = row(id_number=id_number(order=463)), row(id_number=id_number(order=465))
    passport = row(id_number="E12345678")
    assert duplicates(first, second, passport) == []
    assert len(people(first, second, passport)) == 3
    assert duplicates(row(), first, second) == [(3, 2)]
    assert len(people(row(), first, second)) == 2


def test_a_row_that_may_be_either_of_two_people_is_held():
    first, second = row(id_number=id_number(order=463)), row(id_number=id_number(order=465))
    assert held(first, second, row()) == [(4, "id_number")]
    assert reasons(first, second, row()) == ["与第 2、3 行都同名、同出生年月、同单位，请补上证件号码"]


def test_the_same_id_number_under_another_name_is_held():
    first, other = row(id_number=id_number()), row(name="李四", id_number=id_number())
    assert held(first, other) == [(3, "id_number")]
    assert reasons(first, other) == ["与第 2 行的证件号码相同，姓名却不同"]
    assert duplicates(first, row(name="張三", id_number=id_number())) == [(3, 2)]
    assert duplicates(first, row(name="李四", former_names="张三", id_number=id_number())) == [(3, 2)]
    assert duplicates(row(former_names="李四", id_number=id_number()), other) == [(3, 2)]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("birth", "1985.10", "1985.11"),
        ("employer", "甲单位", "乙单位"),
        ("post", "主任", "副主任"),
        ("title", "教授", "研究员"),
        ("phone", "13800138000", "13800138001"),
        ("gender", "男", "女"),
        ("email", "a@b.cn", "c@b.cn"),
        ("works_in_beijing", "是", "否"),
    ],
)
def test_conflicting_values_are_held(key, one, other):
    first = row(id_number=id_number(), **{key: one} if key not in ("birth", "employer") else {})
    second = row(
        id_number=id_number(), honour="国贴", **{key: other} if key not in ("birth", "employer") else {}
    )
    if key in ("birth", "employer"):
        second[key] = other
    assert held(first, second) == [(3, key)]
    assert people(first, second) == [(2, "张三", [])]
    assert duplicates(first, second) == []


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("birth", "1985.10", "1985-10-10"),
        ("employer", "甲 单位（北京）", "甲单位(北京)"),
        ("phone", "138 0013 8000".replace(" ", ""), "1380013-8000"),
        ("honour", "国贴", "享受政府特殊津贴专家"),
        ("fields_of_work", "物理", "化学"),
        ("remark", "甲", "乙"),
        ("post", "主任", ""),
        ("post", "", "主任"),
    ],
)
def test_trivial_differences_are_no_conflict(key, one, other):
    first, second = row(id_number=id_number()), row(id_number=id_number())
    first[key], second[key] = one, other
    assert duplicates(first, second) == [(3, 2)]


def test_the_first_row_wins_and_its_gaps_are_filled():
    first = row(id_number=id_number(), employer="", post="主任")
    second = row(id_number=id_number(), employer="甲单位", phone="13800138000")
    third = row(id_number=id_number(), employer="丙单位")
    checked = list(check_rows(enumerate([first, second, third], 2), CATALOGUE, TODAY))
    assert checked[1].fills == {"employer": "甲单位", "phone": "13800138000"}
    assert [problem.column for problem in checked[2].problems] == ["employer"]
    assert summary(first, second)["people"][0]["employer"] == "甲单位"
    assert duplicates(first, second, row()) == [(3, 2), (4, 2)]


def test_held_rows_name_nobody():
    bad = row(id_number=id_number(), honour="宇宙奖")
    good = row(id_number=id_number())
    assert people(bad, good) == [(3, "张三", [])]
    assert duplicates(bad, good) == []
    assert held(good, bad) == [(3, "honour")]


# A whole file made at random, against a plain reckoning of the truth

NAMES = ["张伟", "单丽", "欧阳娜", "阿卜杜拉·买买提", "曾书", "仇英", "王小明", "John Smith"]
FORMS = [
    "{y}-{m:02}-{d:02}",
    "{y}{m:02}",
    "{y}.{m:02}",
    "{y}/{m:02}",
    "{y}年{m}月",
    "{y}年{m:02}月{d}日",
    "{y}{m:02}{d:02}",
]


def random_roster(seed):
    """Rows as an office might write them, and what should become of them."""
    rng = random.Random(seed)
    names = list(every_name())
    persons, rows, truth = [], [], {"people": {}, "rejected": [], "duplicates": []}
    for number in range(60):
        again = bool(persons) and rng.random() < 0.2
        if again:
            person = rng.choice(persons)
        else:
            year, month, day = rng.randint(1938, 1999), rng.randint(1, 12), rng.randint(1, 28)
            person = {
                "birth": (year, month, day),
                "name": rng.choice(NAMES),
                "id": id_number(f"{year}{month:02}{day:02}", number),
                "employer": rng.choice(["甲单位", "乙大学", "丙研究院", ""]),
            }
        chosen = rng.sample(names, rng.randint(0, 3))
        year, month, day = person["birth"]
        cells = {
            "name": rng.choice(["{}", " {} ", "　{}"]).format(person["name"]),
            "birth": rng.choice(FORMS).format(y=year, m=month, d=day),
            "id_number": person["id"],
            "employer": person["employer"],
            "honour": rng.choice(["、", "；", "\n", ";", "，"]).join(name for _, name in chosen),
        }
        fault = rng.choice([None] * 12 + ["name", "birth", "id_number", "honour"])
        if fault == "name":
            cells["name"] = "  "
        elif fault == "birth":
            cells["birth"] = rng.choice(["1962.13", "2031-01", "19850230", "不明"])
        elif fault == "id_number":
            cells["id_number"] = (
                cells["id_number"][:16] + str((int(cells["id_number"][16]) + 1) % 10) + cells["id_number"][17]
            )
        elif fault == "honour":
            cells["honour"] = (cells["honour"] + "、宇宙杰出贡献奖").lstrip("、")
        rows.append(cells)
        if fault:
            truth["rejected"].append((number, fault))
            continue
        codes = {code for code, _ in chosen}
        if "row" in person:
            truth["duplicates"].append((number, person["row"]))
            truth["people"][person["row"]]["honours"] |= codes
        else:
            person["row"] = number
            persons.append(person)
            truth["people"][number] = {
                "name": person["name"],
                "birth": f"{year}-{month:02}",
                "honours": codes,
            }
    return rows, truth


KEYS = {
    "name": "姓  名",
    "birth": "出生日期",
    "id_number": "证件号码",
    "employer": "所在单位",
    "honour": "获奖情况",
}


def as_csv(rows, path, encoding):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["名册"])
    writer.writerow(list(KEYS.values()))
    writer.writerows([cells[key] for key in KEYS] for cells in rows)
    path.write_bytes(text.getvalue().encode(encoding))


def as_xlsx(rows, path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["名册"])
    sheet.merge_cells("A1:E1")
    sheet.append(list(KEYS.values()))
    for cells in rows:
        sheet.append([cells[key] or None for key in KEYS])
    start = None
    for number, cells in enumerate(rows, 3):  # equal employers one below the other become one merged cell
        following = rows[number - 2]["employer"] if number - 2 < len(rows) else None
        start = start or number
        if following != cells["employer"]:
            if cells["employer"] and number > start:
                sheet.merge_cells(start_row=start, end_row=number, start_column=4, end_column=4)
            start = None
    book.save(path)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["utf-8-sig", "utf-8", "gb18030", "xlsx"])
def test_random_rosters_give_their_truth(tmp_path, seed, kind):
    rows, truth = random_roster(seed)
    path = tmp_path / ("a.xlsx" if kind == "xlsx" else "a.csv")
    if kind == "xlsx":
        as_xlsx(rows, path)
    else:
        as_csv(rows, path, kind)
    with read_roster(path, path.name) as sheet:
        head = list(itertools.islice(sheet.rows, HEAD_ROWS))
        layout = recognise(head, sheet.merges)
        records = layout.records(itertools.chain(head, sheet.rows))
        result = summarise(check_rows(records, CATALOGUE, TODAY))
    assert result["rows"] == len(rows)
    assert [(item["row"] - 3, item["column"]) for item in result["rejected"]] == truth["rejected"]
    assert [(item["row"] - 3, item["of_row"] - 3) for item in result["duplicates"]] == truth["duplicates"]
    assert {
        item["row"] - 3: {"name": item["name"], "birth": item["birth"], "honours": set(item["honours"])}
        for item in result["people"]
    } == truth["people"]


def test_memory_grows_by_little_per_row():
    def many(count):
        for number in range(count):
            born = datetime.date(1940, 1, 1) + datetime.timedelta(days=number % 20_000)
            yield (
                number,
                row(
                    name=f"张{chr(0x4E00 + number % 2000)}",
                    birth=born.isoformat(),
                    id_number=id_number(born.strftime("%Y%m%d"), number // 20_000),
                    employer=f"第{number % 500}研究所" + "长" * 200,
                    remark="很长的备注" * 50,
                ),
            )

    tracemalloc.start()
    rows = check_rows(many(6_000), CATALOGUE, TODAY)
    for _ in itertools.islice(rows, 2_000):
        pass
    before, _ = tracemalloc.get_traced_memory()
    assert sum(1 for _ in rows) == 4_000
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 4_000 < 2_000
