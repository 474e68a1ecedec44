"""The card 我的联系情况 of the workbench and the lists behind its numbers."""

from datetime import date, timedelta

import pytest

from activities.own_quarter import quarter_of
from tests.activities.steps import today
from tests.experts.pages import body, queries
from tests.factories import enter, hold, make_contact, make_expert, make_unit, make_user, pair, restrict

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MINE = "/pairings/mine/"
FEBRUARY = date(2026, 2, 10)


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


def own(by, name, last=None, scope="key", code="D04", **facts):
    """An expert of the user's, on the roster for long, last called on that day."""
    awards = ["CAS"] if scope == "key" else []
    expert = make_expert(name, awards=awards, category="other", **facts)
    enter(expert, code, scope=scope)
    pair(expert, by, "officer", unit_code=code)
    if last:
        make_contact(by, expert, last)
    return expert


def names(response):
    return {row.expert.name for row, _ in response.context["rows"]}


def test_the_quarter_parts_own_experts_by_when_they_are_due(by):
    met = own(by, "已联系", FEBRUARY)
    soon = own(by, "季末到期", date(2025, 12, 20))
    late = own(by, "已逾期", date(2025, 11, 1))
    later = own(by, "不用联系", date(2025, 12, 30), scope="general")
    ahead = own(by, "提前联系", FEBRUARY, scope="general")
    found = quarter_of(by, FEBRUARY + DAY)
    assert found.everybody == {each.pk for each in (met, soon, late, later, ahead)}
    assert (found.met, found.late) == ({met.pk, ahead.pk}, {late.pk})
    assert found.left == {soon.pk, late.pk}
    assert found.due == found.met | found.left


def test_the_day_on_which_it_is_due_is_not_late(by):
    expert = own(by, "今天到期", date(2025, 11, 10))
    assert (quarter_of(by, FEBRUARY).left, quarter_of(by, FEBRUARY).late) == ({expert.pk}, set())
    assert quarter_of(by, FEBRUARY + DAY).late == {expert.pk}


def test_who_is_on_two_of_ones_rosters_counts_once_and_as_the_earlier(by):
    expert = own(by, "两处在册", date(2025, 11, 1))
    below = make_unit("D04").code
    hold(expert, below)
    enter(expert, below, scope="general")
    pair(expert, by, "officer", unit_code=below)
    found = quarter_of(by, FEBRUARY)
    assert (found.everybody, found.left, found.met) == ({expert.pk}, {expert.pk}, set())


def test_only_the_users_own_and_only_visible_ones_count(by, director_haidian, cleared_city, client_of):
    own(director_haidian, "别人的", FEBRUARY)
    hidden = own(by, "金丝雀", FEBRUARY)
    assert quarter_of(by, FEBRUARY).everybody == {hidden.pk}
    restrict(hidden, cleared_city, make_user())
    assert quarter_of(by, FEBRUARY).everybody == set()
    page = body(client_of(by).get("/"))
    assert ("我的联系情况" in page, "本单位联系情况" in page) == (False, True)


def test_each_number_of_the_card_opens_the_list_behind_it(by, client_of):
    client = client_of(by)
    own(by, "林逾期", today() - 120 * DAY)
    own(by, "王联系", today())
    own(by, "年年见", today() - 1 * DAY, scope="general")
    card = client.get("/").context["part"].context
    assert card["numbers"]["late"]["count"] == 1
    for name, number in card["numbers"].items():
        page = client.get(number["url"])
        assert len(names(page)) == number["count"], name
    assert names(client.get(f"{MINE}?quarter=late")) == {"林逾期"}
    assert names(client.get(f"{MINE}?quarter=nonsense")) == {"林逾期", "王联系", "年年见"}
    page = body(client.get("/"))
    assert 'href="/pairings/mine/?quarter=late">逾期 1 人</a>' in page


def test_who_has_nothing_due_is_told_so(by, client_of):
    own(by, "年年见", today() - 100 * DAY, scope="general")
    client = client_of(by)
    assert "本季度都没有到期" in body(client.get("/"))
    assert "没有这样的专家" in body(client.get(f"{MINE}?quarter=late"))


def test_who_has_no_experts_sees_how_the_unit_stands(client_of, staff_city, officer_haidian):
    own(officer_haidian, "林逾期", today() - 120 * DAY)
    own(officer_haidian, "王联系", today())
    page = body(client_of(staff_city).get("/"))
    assert ("本单位联系情况" in page, "50%" in page, 'href="/coverage/BJ/?state=gap"' in page) == (True,) * 3


def test_the_card_of_a_unit_with_nobody(client_of, staff_city):
    assert "还没有应联系的重点联系专家" in body(client_of(staff_city).get("/"))


def test_nobody_without_a_role_gets_a_card(client_of):
    page = body(client_of(make_user()).get("/"))
    assert "联系情况" not in page


def test_the_list_asks_the_same_at_one_and_at_three(by, client_of):
    client = client_of(by)
    own(by, "林一", today())
    client.get(MINE)
    one = queries(client, f"{MINE}?quarter=due")
    own(by, "林二", today())
    own(by, "林三", today())
    three = queries(client, f"{MINE}?quarter=due")
    assert (len(one), len(three)) == (7, 7), "\n".join(three)
