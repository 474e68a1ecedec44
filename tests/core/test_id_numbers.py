"""Numbers of identity documents."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dates import Birth
from core.id_numbers import IdNumberType, birth_of, check_digit, gender_of, identity_key, parse_id_number

TODAY = datetime.date(2026, 11, 23)


def number(region="110105", born="19851010", order="463"):
    body = region + born + order
    return body + check_digit(body)


@pytest.mark.parametrize(
    ("written", "kind", "normal"),
    [
        ("110105198510104635", IdNumberType.RESIDENT_18, "110105198510104635"),
        ("11010519800206055x", IdNumberType.RESIDENT_18, "11010519800206055X"),
        (" '110105 19800206 055Ｘ", IdNumberType.RESIDENT_18, "11010519800206055X"),
        ("１１０１０５１９８５１０１０４６３５", IdNumberType.RESIDENT_18, "110105198510104635"),
        ("身份证：110105198510104635", IdNumberType.RESIDENT_18, "110105198510104635"),
        ("110105851010463", IdNumberType.RESIDENT_15, "110105851010463"),
        ("E12345678", IdNumberType.PASSPORT, "E12345678"),
        ("EA1234567", IdNumberType.PASSPORT, "EA1234567"),
        ("护照 g12345678", IdNumberType.PASSPORT, "G12345678"),
        ("护照号码：123456789", IdNumberType.PASSPORT, "123456789"),
        ("H12345678", IdNumberType.HK_MACAO_PERMIT, "H12345678"),
        ("M1234567800", IdNumberType.HK_MACAO_PERMIT, "M1234567800"),
        ("01234567", IdNumberType.TAIWAN_PERMIT, "01234567"),
        ("0123456701(B)", IdNumberType.TAIWAN_PERMIT, "0123456701(B)"),
        ("USA110000123456", IdNumberType.FOREIGN_PERMANENT, "USA110000123456"),
    ],
)
def test_kinds(written, kind, normal):
    assert parse_id_number(written, today=TODAY) == (kind, normal)


def test_residence_permits_of_hong_kong_and_new_foreign_cards_are_checked_too():
    assert parse_id_number(number(region="810000"))[0] == IdNumberType.RESIDENT_18
    assert parse_id_number(number(region="911840"))[0] == IdNumberType.FOREIGN_PERMANENT


def test_hint_decides_between_kinds():
    assert parse_id_number("12345678", hint="护照")[0] == IdNumberType.PASSPORT
    assert parse_id_number("12345678", hint="台湾居民来往大陆通行证")[0] == IdNumberType.TAIWAN_PERMIT
    assert parse_id_number("H12345678", hint="护照")[0] == IdNumberType.PASSPORT


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("110105198510104636", "身份证号的校验码不对，请核对各位数字"),
        ("110105198502304635", "身份证号里的出生日期不存在"),
        ("110105203010104635", "身份证号里的出生日期不可能"),
        ("990105851010463", "身份证号开头的地区代码不存在"),
        ("11010519851010463", "身份证号应为18位，这里是17位"),
        ("1101051985101046351", "身份证号应为18位，这里是19位"),
        ("1.10105198510105E+17", "证件号码被表格软件转成了科学计数法，末几位已丢失，请按文本重填"),
        ("1.1010519851010500E+17", "证件号码被表格软件转成了科学计数法，末几位已丢失，请按文本重填"),
        ("13800138000", "不是能识别的证件号码"),
        ("见附件", "不是能识别的证件号码"),
        ("110105851310463", "身份证号里的出生日期不存在"),
    ],
)
def test_wrong_numbers_are_refused(written, reason):
    with pytest.raises(ValueError, match="^" + reason + "$"):
        parse_id_number(written, today=TODAY)


@given(
    st.dates(min_value=datetime.date(1900, 1, 1), max_value=TODAY),
    st.integers(min_value=0, max_value=999),
    st.integers(min_value=0, max_value=17),
    st.integers(min_value=1, max_value=9),
)
def test_any_wrong_digit_is_seen(born, order, place, step):
    good = number(born=born.strftime("%Y%m%d"), order=f"{order:03}")
    assert parse_id_number(good, today=TODAY) == (IdNumberType.RESIDENT_18, good)
    assert birth_of(good) == Birth(born.year, born.month, born.day)
    assert gender_of(good) == ("男" if order % 2 else "女")
    wrong = "10X98765432".index(good[place]) if place == 17 else int(good[place])
    spoiled = good[:place] + ("0123456789X"[(wrong + step) % (10 if place < 17 else 11)]) + good[place + 1 :]
    if spoiled != good:
        with pytest.raises(ValueError, match="身份证号"):
            parse_id_number(spoiled, today=TODAY)


@given(st.text())
def test_any_text_is_a_number_or_a_reason(text):
    try:
        kind, normal = parse_id_number(text, today=TODAY)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert kind in IdNumberType
        assert parse_id_number(normal, hint=kind.label, today=TODAY) == (kind, normal)


def test_the_old_and_the_new_form_are_one_number():
    assert identity_key("110105851010463") == number()
    assert identity_key(number()) == number()
    assert identity_key("E12345678") == "E12345678"
    assert birth_of("110105851010463") == Birth(1985, 10, 10)
    assert gender_of("110105851010463") == "男"


def test_other_documents_say_nothing_about_birth_and_gender():
    assert birth_of("E12345678") is None
    assert gender_of("") is None
