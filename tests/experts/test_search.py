"""Finding people as they are typed: name, part, pinyin, initials, former name, employer, record number."""

import pytest

from experts.models import Expert
from experts.search import LONGEST_QUERY, matching
from tests.factories import hold, make_expert, restrict

pytestmark = pytest.mark.django_db

# surname, how it is read as a surname, how the same character is read elsewhere
POLYPHONES = [
    ("单", "shan", "dan"),
    ("曾", "zeng", "ceng"),
    ("解", "xie", "jie"),
    ("仇", "qiu", "chou"),
    ("区", "ou", "qu"),
    ("朴", "piao", "pu"),
    ("查", "zha", "cha"),
    ("盖", "ge", "gai"),
    ("翟", "zhai", "di"),
    ("覃", "qin", "tan"),
]


@pytest.fixture
def found(staff_city):
    """Names that the city's officer finds for a text, in the order of the list."""

    def look(text, user=staff_city):
        rows = matching(Expert.objects.visible_to(user), text, user)
        return list(rows.order_by("sort_key").values_list("name", flat=True))

    return look


@pytest.fixture
def zhang():
    make_expert("李四")
    return make_expert("张伟国", employer="北京示范大学附属医院")


@pytest.mark.parametrize("text", [
    "张伟国", "张伟", "伟国", "张", "国", "zhangweiguo", "zhang wei guo", "zhangwei", "zhang", "weiguo",
    "zwg", "ZWG", "ＺＷＧ", "zw", "ZhangWeiGuo", "Zhang Weiguo", "张 伟 国", " 张伟国 ", "张　伟国",
    "張偉國", "張", "zhāng wěi guó", "zhang'wei'guo",
])  # fmt: skip
def test_a_person_is_found_by_name_part_pinyin_and_initials(zhang, found, text):
    assert found(text) == ["张伟国"]


@pytest.mark.parametrize("text", [
    "张国", "王", "zhangguo", "wgz", "zhan", "张伟国强",
    "", "   ", "，。！", "\0", "%", "_", "e:示范", "'; DROP TABLE",
])  # fmt: skip
def test_what_does_not_fit_finds_nobody(zhang, found, text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["示范大学", "北京示范大学附属医院", "附属医院", "北京 医院", "示范"])
def test_a_person_is_found_by_part_of_the_employer(zhang, found, text):
    assert found(text) == ["张伟国"]


def test_a_person_is_found_by_record_number_in_any_case_and_width(zhang, found):
    number = zhang.record_number
    wide = "".join(chr(ord(char) + 0xFEE0) for char in number)
    assert [found(text) for text in (number, number.lower(), f" {number} ", wide)] == [["张伟国"]] * 4
    assert found(number[:-1]) == []


@pytest.mark.parametrize(("surname", "right", "wrong"), POLYPHONES)
def test_a_surname_is_found_by_its_own_reading(found, surname, right, wrong):
    make_expert(f"{surname}明远")
    letter = right[0]
    assert found(f"{right}mingyuan") == [f"{surname}明远"]
    assert found(f"{letter}my") == [f"{surname}明远"]
    assert found(surname) == [f"{surname}明远"]
    assert found(f"{wrong}mingyuan") == []


def test_the_same_character_reads_otherwise_in_a_given_name(found):
    make_expert("王单")
    assert (found("wangdan"), found("wangshan")) == (["王单"], [])


def test_compound_surnames_and_foreign_names(found):
    make_expert("欧阳娜")
    make_expert("让·埃格赞普尔", former_names=["Jean Exemple"])
    make_expert("John Smith")
    assert found("ouyangna") == ["欧阳娜"]
    assert found("oyn") == ["欧阳娜"]
    assert found("埃格赞普尔") == ["让·埃格赞普尔"]
    assert found("让埃格赞普尔") == ["让·埃格赞普尔"]
    assert found("exemple") == ["让·埃格赞普尔"]
    assert found("smith") == ["John Smith"]
    assert found("JS") == ["John Smith"]


def test_a_person_is_found_by_former_names(found):
    make_expert("王小明", former_names=["陈大同", "單志剛"])
    assert (
        found("陈大同")
        == found("cdt")
        == found("單志剛")
        == found("单志刚")
        == found("shanzhigang")
        == ["王小明"]
    )


def test_all_words_must_fit(found):
    make_expert("张伟国")
    make_expert("张小红")
    assert found("张 小红") == ["张小红"]
    assert found("zhang") == ["张伟国", "张小红"]


def test_only_visible_people_are_found_by_anything(found, officer_chaoyang, cleared_city, staff_city):
    shown, shared, hidden, listed = (
        make_expert("张一", unit_code="D03", employer="示范大学"),
        make_expert("张二", unit_code="D04", employer="示范大学"),
        make_expert("张三", unit_code="D04", employer="示范大学"),
        restrict(make_expert("张四", unit_code="D03", employer="示范大学"), cleared_city, staff_city),
    )
    hold(shared, "D03")
    for text in ("张", "zhang", "示范大学"):
        assert sorted(found(text, officer_chaoyang)) == ["张一", "张二"]
        assert sorted(found(text, cleared_city)) == ["张一", "张三", "张二", "张四"]
    assert (
        found(hidden.record_number, officer_chaoyang) == found(listed.record_number, officer_chaoyang) == []
    )
    assert found(shown.record_number, officer_chaoyang) == ["张一"]


@pytest.mark.parametrize("name", ["sysadmin", "secadmin", "auditor", "no_role"])
def test_those_without_the_right_find_nobody(request, zhang, found, name):
    assert found("张伟国", request.getfixturevalue(name)) == []


def test_a_very_long_text_is_bounded(zhang, found, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        assert found("张伟国" + " x" * 5_000) == []
    assert found("北京示范大学附属医院" * 20) == []
    assert found("张伟国" + " " * 10_000) == ["张伟国"]
    assert LONGEST_QUERY == 120


def test_renaming_makes_the_old_name_unfindable(zhang, found, staff_city):
    from experts.actions.register import update_expert

    update_expert(by=staff_city, expert=zhang, version=1, facts={"name": "赵伟国", "employer": "另一家"})
    assert (found("张伟国"), found("示范大学"), found("赵伟国")) == ([], [], ["赵伟国"])
