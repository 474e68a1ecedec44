"""The list's filters: each alone, together, as chips, and only over what the user may know of."""

from datetime import date, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from experts.enums import AwardState, Category, Label
from experts.filters import ExpertFilter, chips, saved_query
from experts.freshness import ConfirmationLimits
from experts.models import Expert
from experts.models.expert import years_before
from tests.factories import hold, make_award, make_expert, make_unit, restrict

pytestmark = pytest.mark.django_db
today = timezone.localdate
DAY = timedelta(days=1)


def filtered(user, query):
    limits = ConfirmationLimits.today()
    return ExpertFilter(QueryDict(query), Expert.objects.visible_to(user), user=user, limits=limits)


def names(user, query):
    chosen = filtered(user, query)
    assert chosen.form.is_valid(), chosen.form.errors
    return sorted(chosen.qs.values_list("name", flat=True))


def errors(user, query):
    return filtered(user, query).form.errors.get_json_data()


def labels_of(user, query):
    params = QueryDict(query)
    return [(chip.label, chip.url) for chip in chips(filtered(user, query), params)]


def test_nothing_chosen_leaves_everyone(staff_city):
    make_expert("甲")
    make_expert("乙", unit_code="D03")
    assert names(staff_city, "") == names(staff_city, "scope=&unit=&q=&age=") == ["乙", "甲"]


def test_by_scope(staff_city):
    make_expert("重点", awards=["CAS"])
    make_expert("普遍")
    assert (names(staff_city, "scope=key"), names(staff_city, "scope=general")) == (["重点"], ["普遍"])


def test_by_honour_held_in_any_state(staff_city):
    make_expert("院士", awards=["CAS", "STATE_ALLOWANCE"])
    make_expert("津贴", awards=["STATE_ALLOWANCE"])
    waiting = make_expert("待核")
    make_award(waiting, "MUNICIPAL_AWARD", text="示范奖", state=AwardState.PENDING)
    assert names(staff_city, "honour=STATE_ALLOWANCE") == ["津贴", "院士"]
    assert names(staff_city, "honour=MUNICIPAL_AWARD") == ["待核"]
    assert names(staff_city, "honour=BJ_RURAL") == []


def test_by_discipline(staff_city):
    make_expert("计算机", discipline_id="520")
    make_expert("数学", discipline_id="110")
    make_expert("未填")
    assert names(staff_city, "discipline=520") == ["计算机"]


def test_by_category_and_by_none(staff_city):
    make_expert("创业", category=Category.ENTREPRENEUR)
    make_expert("未定")
    assert names(staff_city, "category=entrepreneur") == ["创业"]
    assert names(staff_city, "category=none") == ["未定"]


def test_by_unit_takes_its_whole_subtree(staff_city):
    below = make_unit(parent="D04-01")
    make_expert("区", unit_code="D04")
    make_expert("局", unit_code="D04-01")
    make_expert("院", unit_code=below.code)
    make_expert("邻", unit_code="D03")
    make_expert("市", unit_code="BJ")
    assert names(staff_city, "unit=D04") == ["区", "局", "院"]
    assert names(staff_city, "unit=D04-01") == ["局", "院"]
    assert names(staff_city, f"unit={below.code}") == ["院"]
    assert names(staff_city, "unit=BJ") == ["区", "局", "市", "邻", "院"]


def test_a_unit_out_of_reach_is_no_choice(officer_haidian):
    shared = make_expert("共享", unit_code="D03")
    hold(shared, "D04")
    assert names(officer_haidian, "") == ["共享"]
    for code in ("D03", "BJ", "NOWHERE"):
        assert list(errors(officer_haidian, f"unit={code}")) == ["unit"]


@pytest.mark.parametrize(("years", "later", "band"), [
    (36, DAY, "-35"),
    (36, 0 * DAY, "36-45"),
    (46, DAY, "36-45"),
    (46, 0 * DAY, "46-55"),
    (56, DAY, "46-55"),
    (56, 0 * DAY, "56-65"),
    (66, DAY, "56-65"),
    (66, 0 * DAY, "66-"),
    (106, 0 * DAY, "66-"),
])  # fmt: skip
def test_ages_change_on_the_birthday(staff_city, years, later, band):
    expert = make_expert("甲", birth=years_before(today(), years) + later)
    bands = ["-35", "36-45", "46-55", "56-65", "66-"]
    assert [each for each in bands if names(staff_city, f"age={each}")] == [band]
    low, _, high = band.partition("-")
    assert int(low or 0) <= expert.age <= int(high or 150)


def test_someone_without_a_birth_is_in_no_age_band(staff_city):
    make_expert("甲")
    assert [names(staff_city, f"age={band}") for band in ("-35", "66-")] == [[], []]


def test_by_freshness_two_years_to_the_day(staff_city):
    limit = years_before(today(), 2)
    make_expert("今天", confirmed_on=today())
    make_expert("期满", confirmed_on=limit)
    make_expert("过期", confirmed_on=limit - DAY)
    make_expert("从未", confirmed_on=None)
    assert names(staff_city, "freshness=fresh") == ["今天", "期满"]
    assert names(staff_city, "freshness=stale") == ["从未", "过期"]


def test_by_award_that_waits_for_verification(staff_city):
    make_expert("院士", awards=["CAS"])
    for name, state in (("待核", AwardState.PENDING), ("不认", AwardState.REJECTED)):
        make_award(make_expert(name), "MUNICIPAL_AWARD", text="示范奖", state=state)
    assert names(staff_city, "pending=yes") == ["待核"]


def test_by_label_only_as_far_as_the_clearance(staff_city, officer_chaoyang, cleared_city):
    make_expert("内部", unit_code="D03")
    make_expert("敏感", unit_code="D03", label=Label.SENSITIVE)
    restrict(make_expert("知悉", unit_code="D03"), cleared_city, officer_chaoyang)
    assert names(staff_city, "label=1") == ["敏感"]
    assert names(staff_city, "label=0") == ["内部"]
    assert names(cleared_city, "") == ["内部", "敏感", "知悉"]
    for user, value in ((officer_chaoyang, "1"), (officer_chaoyang, "2"), (cleared_city, "2")):
        assert list(errors(user, f"label={value}")) == ["label"]


def test_filters_narrow_each_other(staff_city):
    make_expert("张一", unit_code="D04", awards=["CAS"], category=Category.OTHER, birth=date(1960, 1, 1))
    make_expert("张二", unit_code="D04", awards=["CAS"], category=Category.OTHER, birth=date(1990, 1, 1))
    make_expert("张三", unit_code="D04", birth=date(1960, 1, 1), category=Category.OTHER)
    make_expert("张四", unit_code="D03", awards=["CAS"], category=Category.OTHER, birth=date(1960, 1, 1))
    make_expert("李五", unit_code="D04", awards=["CAS"], category=Category.OTHER, birth=date(1960, 1, 1))
    query = "q=zhang&scope=key&unit=D04&category=other&age=66-&honour=CAS&label=0&freshness=fresh"
    assert names(staff_city, query) == ["张一"]


def test_a_row_comes_once_however_many_honours_match(staff_city):
    expert = make_expert("甲", awards=["CAS"])
    for text in ("示范奖一", "示范奖二"):
        make_award(expert, "MUNICIPAL_AWARD", text=text, state=AwardState.PENDING)
    assert names(staff_city, "honour=MUNICIPAL_AWARD&pending=yes") == ["甲"]


def test_chips_say_what_is_filtered_and_take_it_off(staff_city):
    query = "q=张&scope=key&honour=CAS&unit=D04&category=none&label=0&age=66-&sort=age&after=abc"
    found = dict(labels_of(staff_city, query))
    assert list(found) == ["张", "重点联系", "中国科学院院士", "未定类别", "海淀区委", "66 岁以上", "内部"]
    assert found["重点联系"] == "?q=%E5%BC%A0&honour=CAS&unit=D04&category=none&label=0&age=66-&sort=age"
    assert labels_of(staff_city, "") == labels_of(staff_city, "scope=&sort=age") == []


@pytest.mark.parametrize("query", [
    "scope=secret", "honour=NOPE", "discipline=999", "category=x", "age=1-2", "age=-1", "label=9", "label=x",
    "freshness=x", "pending=no", "unit=%00", "q=%00", "honour=%00", "scope=" + "k" * 10_000,
])  # fmt: skip
def test_a_value_that_is_no_choice_is_said_beside_its_field(staff_city, query):
    make_expert("甲")
    assert list(errors(staff_city, query)) == [query.partition("=")[0]]


def test_what_is_kept_under_a_name_is_the_filter_without_the_page():
    assert (
        saved_query(QueryDict("scope=key&after=x&before=y&letter=w&sort=age&q=")) == "scope=key&sort=age&q="
    )
