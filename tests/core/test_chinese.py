"""Names, pinyin order and search tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chinese import (
    as_written,
    clean_name,
    clean_text,
    employer_query_tokens,
    employer_tokens,
    fold,
    initials,
    query_tokens,
    search_tokens,
    sort_key,
    syllables,
)
from core.dates import Birth, parse_month
from core.markings import find_marking

TODAY = Birth(2026, 11, 23).date()


def found(name, query, former=()):
    tokens = search_tokens(name, former)
    wanted = query_tokens(query)
    return bool(wanted) and all(token in tokens for token in wanted)


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("张　伟", "张伟"),
        ("  张 伟国 ", "张伟国"),
        ("张\n伟", "张伟"),
        ("\ufeff张\u200b伟", "张伟"),
        ("John  Smith", "John Smith"),
        ("Ｊｏｈｎ　Ｓｍｉｔｈ", "John Smith"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉．买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 · 买买提", "阿卜杜拉·买买提"),
        ("张三（女）", "张三"),
        ("张三(女、回族)", "张三"),
        ("张三（张山）", "张三(张山)"),
        ("⾼⼭", "高山"),
        ("張偉", "張偉"),
        ("　", ""),
    ],
)
def test_clean_name(written, clean):
    assert clean_name(written) == clean


@given(st.text())
def test_cleaning_twice_changes_nothing(text):
    assert clean_name(clean_name(text)) == clean_name(text)
    assert clean_text(clean_text(text)) == clean_text(text)


def test_prose_keeps_its_punctuation_and_paragraphs():
    typed = "  一、进展：顺利，（详见附件）……①  \r\n\r\n\r\n\n二、\u200b下一步\n"
    assert as_written(typed) == "一、进展：顺利，（详见附件）……①\n\n二、下一步"


@given(st.text())
def test_writing_twice_changes_nothing(text):
    assert as_written(as_written(text)) == as_written(text)


@given(st.text())
def test_any_text_has_a_key_and_tokens(text):
    assert len(sort_key(text)) == 200 or sort_key(text).endswith("|" + text)
    assert "" not in search_tokens(text)
    assert isinstance(query_tokens(text), list)
    assert all(token.startswith("e:") for token in employer_tokens(text))


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("单一行", "shan yi xing"),
        ("解桂", "xie gui"),
        ("仇英", "qiu ying"),
        ("曾娜", "zeng na"),
        ("區玉", "ou yu"),
        ("朴正", "piao zheng"),
        ("查良", "zha liang"),
        ("盖军", "ge jun"),
        ("翟文", "zhai wen"),
        ("覃梓", "qin zi"),
        ("尉迟恭", "yu chi gong"),
        ("万俟卨", "mo qi xie"),
        ("欧阳娜娜", "ou yang na na"),
        ("诸葛亮", "zhu ge liang"),
        ("长孙无忌", "zhang sun wu ji"),
        ("吕绿", "lv lv"),
        ("张单", "zhang dan"),
        ("單雄", "shan xiong"),
        ("John Smith", "john smith"),
        ("乐嘉", "yue jia"),
        ("任重", "ren chong"),
        ("区单", "ou dan"),
    ],
)
def test_reading_knows_surnames(name, reading):
    assert " ".join(syllables(name)) == reading


def test_order_is_that_of_pinyin():
    names = ["张伟国", "赵一", "张伟", "单一", "曾书", "John Smith", "章伟", "阿明", "吕三", "罗三", "張偉"]
    ordered = ["阿明", "John Smith", "罗三", "吕三", "单一", "曾书", "张伟", "張偉", "章伟", "张伟国", "赵一"]
    assert sorted(names, key=lambda name: sort_key(name).encode()) == ordered


@pytest.mark.parametrize(("name", "letters"), [("张伟国", "zwg"), ("欧阳娜", "oyn"), ("John Smith", "js")])
def test_initials(name, letters):
    assert initials(name) == letters


def test_tokens_of_a_common_name_are_few():
    assert search_tokens("张伟国") == {
        *("张", "伟", "国", "张伟", "伟国", "张伟国"),
        *("zhang", "wei", "guo", "zhangwei", "weiguo", "zhangweiguo"),
        *("zw", "wg", "zwg"),
    }


@pytest.mark.parametrize(
    "query",
    [
        *("张", "伟", "張", "張偉國", "张伟", "伟国", "张伟国", "张 伟 国", "张　伟国"),
        *("zhang", "ZHANG", "Zhāng Wěi", "zhangwei", "zhang weiguo", "zhang wei guo", "Ｚｈａｎｇ", "weiguo"),
        *("zw", "zwg", "ZWG", "wg", "张wei", "zhang'wei"),
    ],
)
def test_name_is_found(query):
    assert found("张伟国", query.replace("zhang'wei", "zhangwei"))
    assert found("張偉國", query.replace("zhang'wei", "zhangwei"))


@pytest.mark.parametrize("query", ["", " ", "国伟", "李", "dan", "zhan", "张国", "zg", "%", "_"])
def test_name_is_not_found(query):
    assert not found("张伟国", query)


def test_surname_is_found_by_its_own_reading():
    assert found("单文磊", "Shàn")
    assert found("曾书", "Zēng")
    assert found("吕绿", "lü")
    assert found("吕绿", "lv lv")
    assert not found("单文磊", "dan")


def test_long_names_fit_the_tables_and_are_still_found():
    name = "Wolfeschlegelsteinhausenbergerdorff " * 2 + "阿卜杜拉买买提" * 4
    assert len(sort_key(name)) <= 200
    assert max(len(token) for token in search_tokens(name)) <= 40
    assert found(name, "Wolfeschlegelsteinhausenbergerdorff")
    assert found("Wolfeschlegelsteinhausen Bergerdorff Welche", "WolfeschlegelsteinhausenBergerdorffWelche")


def test_foreign_and_former_names_are_found():
    assert found("John Smith", "smith")
    assert found("John Smith", "johnsmith")
    assert found("阿卜杜拉·买买提", "买买提")
    assert found("阿卜杜拉·买买提", "阿卜杜拉买买提")
    assert found("阿卜杜拉·买买提", "abudula")
    assert found("张伟国", "王小明", ["王小明"])
    assert not found("张伟国", "王小明")


@given(st.text(alphabet="张伟国建华李欧阳尉迟单曾吕 ·", min_size=1, max_size=6))
def test_every_name_is_found_by_itself_its_pinyin_and_its_initials(text):
    name = clean_name(text)
    if name:
        assert found(name, name)
        assert found(name, " ".join(syllables(name)))
        assert len(initials(name)) < 2 or found(name, initials(name))


def test_employer_tokens():
    tokens = employer_tokens("中国科学院（IBM 联合实验室）")
    assert "e:科学" in tokens
    assert "e:ibm" in tokens
    assert all(token in tokens for token in employer_query_tokens("科学院"))
    assert all(token in tokens for token in employer_query_tokens("ibm 联合"))
    assert not all(token in tokens for token in employer_query_tokens("工程院"))
    assert employer_query_tokens("中") == []


def test_fold_compares_forms():
    assert fold("ＡＢｃ張Ü") == "abc张v"


@pytest.mark.parametrize(
    "written",
    [
        *(
            "1985-10",
            "198510",
            "1985.10",
            "1985/10",
            "1985年10月",
            "1985年10月生",
            "１９８５．１０",
            " 1985 . 10 ",
        ),
        *(
            "1985 10",
            "一九八五年十月",
            "二〇〇〇年十月",
            "1985年10月出生",
            "198510.0",
            "1985。10",
            "1985、10",
        ),
    ],
)
def test_parse_month_to_the_month(written):
    year = 2000 if written.startswith("二") else 1985
    assert parse_month(written, today=TODAY) == Birth(year, 10)


@pytest.mark.parametrize(
    "written",
    [
        *(
            "1985-10-01",
            "19851001",
            "1985.10.1",
            "1985/10/01",
            "1985年10月1日",
            "31321",
            "31321.0",
            "1985-10-01 00:00:00",
        ),
        *("1985-10-01T00:00:00", "一九八五年十月一日", "1985年10月1日生", Birth(1985, 10, 1).date(), 31321),
    ],
)
def test_parse_month_to_the_day(written):
    assert parse_month(written, today=TODAY) == Birth(1985, 10, 1)
    assert str(parse_month(written, today=TODAY)) == "1985-10"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1962.13", "“1962.13”的月份不存在"),
        ("196213", "“196213”的月份不存在"),
        ("1962-00", "“1962-00”的月份不存在"),
        ("1985-02-30", "“1985-02-30”的日期不存在"),
        ("2026-12", "“2026-12”晚于今天"),
        ("2027.1", "“2027.1”晚于今天"),
        ("1899.12", "“1899.12”早于1900年"),
        ("1985", "“1985”只有年份，请补上月份"),
        ("85.10", "“85.10”的年份须写四位"),
        ("不详", "“不详”不是能识别的出生年月"),
        ("#N/A", "“#N/A”不是能识别的出生年月"),
        ("", "“”不是能识别的出生年月"),
    ],
)
def test_impossible_births_are_refused(written, reason):
    with pytest.raises(ValueError, match="^" + reason.replace(".", r"\.") + "$"):
        parse_month(written, today=TODAY)


@given(st.text())
def test_any_text_is_a_birth_or_a_reason(text):
    try:
        birth = parse_month(text, today=TODAY)
    except ValueError as error:
        assert "“" in str(error)  # noqa: PT017
    else:
        assert 1900 <= birth.year <= 2026


@given(st.dates(min_value=Birth(1900, 1).date(), max_value=TODAY), st.sampled_from(["-", ".", "/", "年"]))
def test_dates_survive_their_forms(day, mark):
    month = "月" if mark == "年" else mark
    assert parse_month(f"{day.year}{mark}{day.month}{month}{day.day}", today=TODAY).date() == day
    assert parse_month(day.strftime("%Y%m%d"), today=TODAY).date() == day
    assert parse_month(day, today=TODAY).date() == day


@pytest.mark.parametrize(
    "text",
    [
        *(
            "机密１０年",
            "绝密★启用前",
            "机密★10年",
            "秘密 ★ 1年",
            "密级：秘密",
            "密级:机密",
            "密 级：绝 密",
            "【机密】",
            "机密",
            "（秘密）",
        ),
        *("某某名册\n绝密\n", "秘密·5年", "机密 20 年", "秘密文件"),
    ],
)
def test_secrecy_markings_are_seen(text):
    assert find_marking(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "保密工作处",
            "密云区",
            "商业秘密保护专家",
            "从事机密机械研究",
            "",
            "秘书长",
            "精密仪器",
            "国家秘密科学技术研究所",
        ),
        "本系统为非涉密信息系统，严禁存储、处理、传输国家秘密信息。",
    ],
)
def test_other_text_bears_no_marking(text):
    assert find_marking(text) is None
