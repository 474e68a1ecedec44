"""Whom a roster lacks and whom it should no longer have: by unit, by right, counted up to a limit."""

from datetime import date

import pytest
from django.urls import reverse

from experts import roster_worklists
from experts.enums import AwardState, Scope
from experts.models import Expert, RosterEntry
from tests.experts.pages import body, queries
from tests.factories import make_expert, propose, restrict, unit

pytestmark = pytest.mark.django_db
ADMIT, LEAVE = reverse("proposals:to_admit"), reverse("proposals:to_leave")
DAY = date(2026, 1, 10)


@pytest.fixture
def officer(client_of, officer_haidian):
    return client_of(officer_haidian)


@pytest.fixture
def list_them(officer_haidian):
    """Entries of the unit's roster, as an approved proposal leaves them."""

    def run(*experts, code="D04", scope=Scope.KEY, until=None):
        opened = propose(officer_haidian, unit_code=code)
        RosterEntry.objects.bulk_create(
            RosterEntry(
                expert=each, unit=unit(code), scope=scope, since=DAY, until=until, opened_by=opened,
                closed_by=opened if until else None,
            )
            for each in experts
        )  # fmt: skip

    return run


def names(response):
    return [getattr(row, "expert", row).name for row in response.context["page"].rows]


def key(name, code="D04", **facts):
    return make_expert(name, unit_code=code, awards=["STATE_ALLOWANCE"], **facts)


def test_key_experts_without_an_open_entry_of_their_unit_are_lacking(officer, list_them):
    key("阿缺")
    list_them(key("在册"))
    list_them(key("曾在"), until=date(2026, 2, 1))
    list_them(key("市册"), code="BJ")
    make_expert("普通")
    key("朝阳", "D03")
    key("下属", "D04-01")
    assert names(officer.get(ADMIT)) == ["阿缺", "市册", "下属", "曾在"]
    assert names(officer.get(ADMIT + "?own=yes")) == ["阿缺", "市册", "曾在"]
    assert names(officer.get(ADMIT + "?unit=D04-01")) == ["下属"]


def test_who_left_the_roster_by_a_decision_is_marked(officer, officer_haidian, list_them):
    key("阿缺")
    left = key("曾在")
    list_them(left, until=date(2026, 2, 1))
    RosterEntry.objects.update(closed_by=propose(officer_haidian, unit_code="D04", kind="exit"))
    page = officer.get(ADMIT)
    assert [row.left_on for row in page.context["page"].rows] == [None, date(2026, 2, 1)]
    assert body(page).count("退出过这份名单") == 1


def test_who_is_on_as_key_against_the_rule_should_be_looked_at(officer, list_them):
    rejected = key("被否")
    rejected.awards.update(state=AwardState.REJECTED)
    Expert.objects.filter(pk=rejected.pk).update(scope=Scope.GENERAL)
    list_them(rejected, key("仍符合"))
    list_them(make_expert("普遍在册"), scope=Scope.GENERAL)
    list_them(make_expert("已退出"), until=date(2026, 2, 1))
    list_them(make_expert("下属人", unit_code="D04-01"), code="D04-01")
    list_them(make_expert("朝阳人", unit_code="D03"), code="D03")
    assert names(officer.get(LEAVE)) == ["被否", "下属人"]
    assert names(officer.get(LEAVE + "?own=yes")) == ["被否"]


@pytest.mark.parametrize("page", [ADMIT, LEAVE])
@pytest.mark.parametrize("query", ["unit=D03", "unit=D99", "unit=%00"])
def test_a_unit_out_of_reach_answers_like_none(officer, page, query):
    assert officer.get(f"{page}?{query}").status_code == 404


def test_restricted_experts_are_listed_for_their_list_only(officer, client_of, cleared_city, list_them):
    hidden, on = key("金丝雀"), make_expert("金丝猴")
    list_them(on)
    for each in (hidden, on):
        restrict(each, cleared_city)
    cleared = client_of(cleared_city)
    assert (names(cleared.get(ADMIT)), names(cleared.get(LEAVE))) == (["金丝雀"], ["金丝猴"])
    assert (names(officer.get(ADMIT)), names(officer.get(LEAVE))) == ([], [])


def test_pages_follow_each_other_in_the_order_of_names(officer, list_them):
    list_them(*(make_expert(f"王{number:02}") for number in range(30)))
    for number in range(30):
        key(f"李{number:02}")
    for page, found in ((ADMIT, "李"), (LEAVE, "王")):
        first = officer.get(page)
        second = officer.get(page + first.context["next_url"])
        assert names(first) + names(second) == [f"{found}{number:02}" for number in range(30)]


def test_numbers_stop_at_the_limit(officer, monkeypatch):
    monkeypatch.setattr(roster_worklists, "COUNT_LIMIT", 2)
    for name in "甲乙丙":
        key(name)
    assert "超过 2 人" in body(officer.get(ADMIT))


def test_the_workbench_counts_ones_own_unit(officer, client_of, staff_city, list_them, leader_city):
    key("阿缺")
    key("下属", "D04-01")
    list_them(make_expert("不符"))
    page = body(officer.get("/"))
    assert ("纳入符合条件的专家" in page, "核对不再符合的专家" in page) == (True, True)
    counts = {line.title: line.due_text for line in officer.get("/").context["lines"]}
    assert (counts["纳入符合条件的专家"], counts["核对不再符合的专家"]) == ("1 人", "1 人")
    assert "纳入符合条件的专家" not in body(client_of(staff_city).get("/"))
    assert "纳入符合条件的专家" not in body(client_of(leader_city).get("/"))


def test_ticked_experts_lead_to_a_proposal(officer):
    expert = key("阿缺")
    page = body(officer.get(f"{reverse('proposals:create')}?kind=admit&expert={expert.uuid}"))
    assert ("阿缺" in page, 'value="D04" selected' in page) == (True, True)
    assert 'name="expert"' in body(officer.get(ADMIT))


@pytest.mark.parametrize(("page", "budget"), [(ADMIT, 7), (LEAVE, 6)])
def test_pages_take_the_same_statements_at_one_row_and_at_three(officer, list_them, page, budget):
    officer.get(page)

    def add(letter):
        key(f"缺{letter}")
        list_them(make_expert(f"否{letter}"))

    add("一")
    one = queries(officer, page)
    add("二")
    add("三")
    three = queries(officer, page)
    assert (len(one), len(three)) == (budget, budget), "\n".join(three)
