"""The list of experts by how urgent the next contact is: filter, column, and both locks on them."""

from datetime import date, timedelta

import pytest

from activities.coverage import standing
from activities.expert_list import LATE, LATER, NEAR, by_urgency, speaking
from experts.models import Expert
from tests.activities.steps import today
from tests.experts.pages import LIST, body, queries
from tests.factories import enter, hold, make_contact, make_expert, make_unit, make_user, restrict

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


def listed(by, name, last=None, code="D04", scope="key", **facts):
    """On the roster for long, last called on so many days ago."""
    expert = make_expert(name, awards=["CAS"], category="other", **facts)
    enter(expert, code, scope=scope)
    if last is not None:
        make_contact(by, expert, today() - last * DAY)
    return expert


def due_in(by, name, days):
    """Due in so many days: the contact that sets the clock is a quarter of a year ago, to the day."""
    expert = listed(by, name, 1, birth=date(1970, 1, 1))
    expert.coverage.update(due_on=today() + days * DAY)
    return expert


def names(client, query):
    return [row.name for row in client.get(LIST + query).context["page"].rows]


@pytest.mark.parametrize(("days", "choice"), [
    (-1, LATE), (0, NEAR), (14, NEAR), (15, LATER), (-400, LATE), (400, LATER)
])  # fmt: skip
def test_each_day_is_of_one_sort(by, days, choice):
    due_in(by, "王小明", days)
    assert [each for each in (LATE, NEAR, LATER) if by_urgency(by, each).exists()] == [choice]


def test_the_list_is_filtered_and_says_how_late(client_of, by):
    client = client_of(by)
    due_in(by, "林逾期", -21)
    due_in(by, "王快到", 3)
    due_in(by, "赵还早", 40)
    make_expert("未列入", category="other")
    assert names(client, "?contact=late") == ["林逾期"]
    assert names(client, "?contact=soon") == ["王快到"]
    assert names(client, "?contact=later") == ["赵还早"]
    assert sorted(names(client, "")) == sorted(["林逾期", "王快到", "赵还早", "未列入"])
    page = body(client.get(LIST))
    assert ("超期 21 天" in page, "不在名单上" in page, "下次应联系" in page) == (True, True, True)
    assert "超期未联系" in body(client.get(f"{LIST}?contact=late"))
    assert names(client, "?contact=nonsense") == []


@pytest.mark.parametrize("query", ["&sort=-age", "&sort=updated", "&q=林", "&q=lin", "&scope=key&unit=D04"])
def test_it_goes_together_with_order_text_and_other_filters(client_of, by, query):
    client = client_of(by)
    due_in(by, "林逾期", -21)
    due_in(by, "林还早", 40)
    assert names(client, f"?contact=late{query}") == ["林逾期"]


def test_pages_lead_on_and_back_in_the_order_of_names(client_of, by):
    for number in range(30):
        due_in(by, f"王{chr(ord('一') + number)}", -1)
    client = client_of(by)
    first = client.get(f"{LIST}?contact=late")
    assert (len(first.context["page"].rows), first.context["total"]) == (25, 30)
    second = client.get(LIST + first.context["next_url"])
    assert len(second.context["page"].rows) == 5
    shown = {row.pk for page in (first, second) for row in page.context["page"].rows}
    assert len(shown) == 30
    assert "共 30 人" in body(client.get(f"{LIST}?contact=late&count=exact")) or first.context["exact"]


def test_of_several_rosters_the_one_that_speaks_on_the_page_counts(by, staff_city):
    """Whatever the rosters say, the filter agrees with what the page of the expert tells."""
    below = make_unit("D04").code
    experts = []
    for number, scopes in enumerate([("key", "general"), ("general", "key"), ("key", "key")]):
        expert = listed(by, f"两处{number}", 120, scope=scopes[0])
        hold(expert, below)
        enter(expert, below, scope=scopes[1])
        experts.append(expert)
    experts.append(listed(by, "一处", 120))
    for user in (by, staff_city):
        told = {key: found.due_on for key, found in standing(user, experts).items()}
        rows = list(speaking(user))
        assert {row.expert_id: row.due_on for row in rows} == told
        assert len(rows) == len(told) == 4


def test_neither_the_dead_nor_who_left_are_due(by):
    dead = due_in(by, "已故", -5)
    Expert.objects.filter(pk=dead.pk).update(died_on=today())
    enter(make_expert("已退出", category="other"), scope="general", until=today() - DAY)
    assert list(by_urgency(by, LATE)) == []


def test_hidden_experts_are_in_no_answer(client_of, by, cleared_city, as_app, sql):
    hidden = due_in(by, "金丝雀", -5)
    client = client_of(by)
    assert names(client, "?contact=late") == ["金丝雀"]
    restrict(hidden, cleared_city, make_user())
    assert client.get(f"{LIST}?contact=late").context["total"] == 0
    assert "金丝雀" not in body(client.get(f"{LIST}?contact=late"))
    assert names(client_of(cleared_city), "?contact=late") == ["金丝雀"]


def test_sensitive_experts_are_only_for_the_cleared(by, officer_chaoyang):
    listed(by, "敏感", 120, unit_code="D03", code="D03", label=1)
    listed(by, "朝阳", 120, unit_code="D03", code="D03")
    assert [row.expert.name for row in by_urgency(officer_chaoyang, LATE)] == ["朝阳"]
    assert list(by_urgency(by, LATE)) == []


def test_the_list_asks_the_same_at_one_and_at_three(client_of, by):
    client = client_of(by)
    due_in(by, "林一", -1)
    client.get(LIST)
    one = queries(client, f"{LIST}?contact=late")
    due_in(by, "林二", -1)
    due_in(by, "林三", -1)
    three = queries(client, f"{LIST}?contact=late")
    assert (len(one), len(three)) == (9, 9), "\n".join(three)
