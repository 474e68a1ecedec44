"""The pages of coverage and the dashboard: what they show, to whom, in how many statements."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activities import coverage_page
from activities.models import Pairing
from experts.models import Expert
from tests.access.test_routes import TOKEN
from tests.experts.pages import queries
from tests.factories import assign, enter, make_contact, make_expert, make_user, pair, restrict, unit

pytestmark = pytest.mark.django_db
today = timezone.localdate
PAGES = ["/coverage/D04/", "/coverage/D04/?state=expected", "/coverage/D04/?state=unled", "/dashboard/"]


def populate(by, number):
    """So many key experts with a contact this month, so many without, on the roster of D04-01."""
    for n in range(number):
        enter(make_expert(f"王{n}", "D04-01"), "D04-01", since=today() - timedelta(days=300))
        met = make_expert(f"李{n}", "D04-01")
        enter(met, "D04-01", since=today() - timedelta(days=300))
        make_contact(by, met, unit_code="D04-01")


def test_coverage_says_the_rate_the_gaps_and_their_causes(client_of, officer_haidian):
    populate(officer_haidian, 2)
    html = client_of(officer_haidian).get(reverse("coverage:unit", args=["D04"])).content.decode()
    assert "50%" in html
    assert "应联系 4 人" in html
    assert "没有联系领导" in html
    assert "王0" in html
    assert "李0" not in html


def test_the_own_unit_is_asked_what_the_url_asks(client_of, officer_haidian):
    response = client_of(officer_haidian).get(reverse("coverage:own"), {"scope": "general", "state": "gap"})
    unit_url = reverse("coverage:unit", args=[officer_haidian.unit.code])
    assert response.url == f"{unit_url}?scope=general&state=gap"


def test_the_lists_behind_the_other_numbers(client_of, officer_haidian):
    populate(officer_haidian, 1)
    enter(make_expert("赵一"), "D04", since=today())
    client = client_of(officer_haidian)
    covered = client.get(reverse("coverage:unit", args=["D04"]), {"state": "covered"}).content.decode()
    assert "李0" in covered
    assert f"{today().isoformat()} 联络员当面" in covered
    fresh = client.get(reverse("coverage:unit", args=["D04"]), {"state": "fresh"}).content.decode()
    assert "赵一" in fresh
    assert "李0" not in fresh


def test_the_list_of_those_expected_says_how_it_stands(client_of, officer_haidian):
    populate(officer_haidian, 1)
    page = client_of(officer_haidian).get(reverse("coverage:unit", args=["D04"]), {"state": "expected"})
    assert [(line.row.expert.name, line.state) for line in page.context["lines"]] == [
        ("李0", "已联系"), ("王0", "未联系")
    ]  # fmt: skip
    assert "/coverage/D04/?day=" in page.content.decode()


def test_experts_without_a_leader_are_told_with_how_long(client_of, officer_haidian, leader_city):
    populate(officer_haidian, 1)
    client, ask = client_of(officer_haidian), {"state": "unled"}
    pairing = pair(
        Expert.objects.get(name="王0"), leader_city, unit_code="D04-01", since=today() - timedelta(days=9)
    )
    enter(make_expert("赵一"), "D04", scope="general")
    shown = client.get(reverse("coverage:unit", args=["D04"]), ask).context
    assert [(tile["label"], tile["value"]) for tile in shown["tiles"]][-1] == ("未指定联系领导", 1)
    assert [line.row.expert.name for line in shown["lines"]] == ["李0"]
    ended = {"until": today() - timedelta(days=2), "closed_by": officer_haidian, "end": "ended"}
    Pairing.objects.filter(pk=pairing.pk).update(**ended)
    pair(Expert.objects.get(name="李0"), leader_city, unit_code="D04-01", since=today() - timedelta(days=300))
    line = next(each for each in client.get(reverse("dashboard:home")).context["attention"]
                if each.matter == "重点联系专家未指定联系领导")  # fmt: skip
    assert (line.number, line.earliest) == (1, "已空缺 2 天")
    assert client.get(line.url).context["lines"][0].row.expert.name == "王0"


def test_a_unit_without_units_below_needs_attention_itself(client_of, officer_haidian):
    populate(officer_haidian, 1)
    shown = client_of(officer_haidian).get(reverse("dashboard:home"), {"unit": "D04-01"}).context
    assert {(line.unit.code, line.number) for line in shown["attention"]} == {("D04-01", 1), ("D04-01", 2)}


@pytest.mark.parametrize("walked_from", [0, 5_000_000])
def test_a_list_is_the_same_walked_and_gathered(client_of, officer_haidian, monkeypatch, walked_from):
    monkeypatch.setattr(coverage_page, "WALKED_FROM", walked_from)
    populate(officer_haidian, 2)
    unlisted = make_expert("孙一", awards=["CAE"])
    ask, client = reverse("coverage:unit", args=["D04"]), client_of(officer_haidian)
    for query, names in (
        ({}, [unlisted.name, "王0", "王1"]),
        ({"state": "gap", "cause": "not_on_roster"}, [unlisted.name]),
        ({"state": "gap", "cause": "no_leader"}, ["王0", "王1"]),
        ({"state": "covered"}, ["李0", "李1"]),
        ({"state": "fresh"}, []),
        ({"state": "expected"}, ["李0", "李1", unlisted.name, "王0", "王1"]),
        ({"state": "unled"}, ["李0", "李1", "王0", "王1"]),
    ):
        page = client.get(ask, query).context["page"]
        assert [row.expert.name for row in page.rows] == names


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"day": "2999-01-01"}, "到今天之间的日期"),
        ({"day": "昨天"}, "日期"),
        ({"state": "covered", "cause": "abroad"}, "只有“未联系”的名单才有原因"),
        ({"cause": "x"}, "x"),
        ({"state": "expected", "cause": "abroad"}, "只有“未联系”的名单才有原因"),
        ({"state": "unled", "scope": "general"}, "联系领导只为重点联系的专家指定"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field(client_of, officer_haidian, query, words):
    response = client_of(officer_haidian).get(reverse("coverage:unit", args=["D04"]), query)
    assert response.status_code == 422
    assert words in response.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"span": "chosen"}, "自选日期须填起止两天"),
        ({"span": "chosen", "first": "2026-03-01", "last": "2026-02-01"}, "起始日期不能晚于结束日期"),
        ({"span": "chosen", "first": "1999-01-01", "last": "2026-02-01"}, "2014 年 5 月 6 日"),
        ({"unit": "D03"}, "没有这个单位"),
        ({"unit": "\0"}, "空字符"),
        ({"span": "x"}, "没有这种时段"),
    ],
)
def test_what_the_dashboard_cannot_show_is_said_beside_the_field(client_of, officer_haidian, query, words):
    response = client_of(officer_haidian).get(reverse("dashboard:home"), query)
    assert response.status_code == 422
    assert words in response.content.decode()


def test_the_dashboard_adds_up_and_leads_to_the_lists(client_of, officer_haidian):
    populate(officer_haidian, 2)
    page = client_of(officer_haidian).get(reverse("dashboard:home"))
    html = page.content.decode()
    assert page.context["tiles"][0].hint.startswith("2 / 4 人，还差 2 人")
    assert "重点联系专家逾期未联系" in html
    assert f"/coverage/D04/?day={today().isoformat()}" in html
    assert "共联系 2 人次" in html


def test_a_leader_sees_the_own_portfolio(client_of):
    user = make_user(unit=unit("D04"))
    assign(user, Role.LEADER, unit("D04"))
    mine, other = make_expert("王一"), make_expert("王二")
    for expert in (mine, other):
        enter(expert, since=today() - timedelta(days=300))
    pair(mine, user)
    page = client_of(user).get(reverse("dashboard:home"), {"of": "mine"})
    assert page.context["tiles"][1].hint.startswith("0 / 1 人，还差 1 人")
    assert [line.row.expert for line in page.context["experts"]] == [mine]
    assert "还没有联系过" in page.content.decode()
    assert client_of(user).get(reverse("dashboard:home"), {"of": "mine", "show": "x"}).status_code == 422


@pytest.mark.parametrize("path", PAGES)
def test_numbers_neither_include_nor_hint_at_restricted_experts(client_of, personas, path):
    populate(personas["officer_haidian"], 1)

    def shown(who):
        html = TOKEN.sub("", client_of(personas[who]).get(path).content.decode())
        return html.split("<main")[1].split("</main>")[0]

    before = shown("officer_haidian")
    hidden = make_expert("金丝雀", "D04-01")
    enter(hidden, "D04-01", since=today() - timedelta(days=300))
    restrict(hidden, personas["cleared_city"])
    make_contact(personas["cleared_city"], hidden, unit_code="D04-01")
    assert shown("officer_haidian") == before
    seen = shown("cleared_city")
    assert "应联系 3 人" in seen or "/ 3 人" in seen


@pytest.mark.parametrize(("path", "budget"), [*zip(PAGES, [16, 15, 15, 15], strict=True)])
@pytest.mark.parametrize("number", [1, 3])
def test_queries(client_of, officer_haidian, path, budget, number):
    populate(officer_haidian, number)
    client = client_of(officer_haidian)
    client.get(path)
    statements = queries(client, path)
    assert len(statements) == budget, "\n".join(statements)
