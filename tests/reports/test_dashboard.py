"""Meetings and training on the dashboard, each number beside its list; the dashboard as a workbook."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from activities.models import Gathering, Nomination, TrainingClass
from reports.dashboard.gatherings import counted
from reports.dashboard.periods import Period, Span
from reports.models import Export
from tests.experts.pages import body, queries, said
from tests.factories import (
    enter,
    make_class,
    make_contact,
    make_expert,
    make_gathering,
    make_nomination,
    make_plan,
    make_resolution,
    make_user,
    restrict,
    unit,
)
from tests.reports.making import ask, fetched, lines, make, url

pytestmark = pytest.mark.django_db
MEETINGS = {"召开例会": "rows", "议定事项超期": "rows"}
TRAINING = {"开办研修班次": "page", "专家参训": "page"}
OWN = ["我联系的专家", "重点联系专家覆盖率", "逾期未联系"]
PAGE, EXPORT = "/dashboard/", "/exports/dashboard/"
today = timezone.localdate


def days(number):
    return today() - timedelta(days=number)


def of_late():
    return Period(Span.CHOSEN, days(99), today())


def hold(by, on, code="D04"):
    return make_gathering(by, code, on=on, state="done")


def train(by, approver, on, *names, code="D04"):
    """A class that began that day, with people who came."""
    plan = make_plan(by, code, year=2000 + TrainingClass.objects.count() + 20, approver=approver)
    course = make_class(plan, starts_on=on, ends_on=on, nominate_by=on, days=1)
    for name in names:
        there = {"registered_at": timezone.now(), "registered_by": by}
        make_nomination(by, course, make_expert(name, code), code, state="confirmed", **there)
    return course


@pytest.fixture
def history(officer_haidian, staff_city):
    """In Haidian, in the last hundred days and in those before: and what counts for nobody."""
    for on in (days(5), days(20), days(120)):
        hold(officer_haidian, on)
    make_gathering(officer_haidian, on=days(6), state="cancelled", reason="另行安排")
    make_gathering(officer_haidian, on=days(6), kind="symposium", state="done")
    hold(staff_city, days(7), "D03")
    gathering = Gathering.objects.order_by("pk").first()
    make_resolution(gathering, "超期", unit=unit("D04"), due_on=days(3))
    make_resolution(gathering, "未到", unit=unit("D04"), due_on=today())
    done = {"done_at": timezone.now() - timedelta(days=50), "done_by": officer_haidian, "outcome": "已办"}
    make_resolution(gathering, "先前超期", unit=unit("D04"), due_on=days(130), **done)
    train(officer_haidian, staff_city, days(10), "林甲", "林乙")
    train(officer_haidian, staff_city, days(110), "林丙")
    TrainingClass.objects.filter(pk=train(officer_haidian, staff_city, days(11)).pk).update(state="cancelled")
    train(officer_haidian, staff_city, today() + timedelta(days=3))


def test_numbers_of_the_period_and_of_the_one_before(history, officer_haidian, staff_city, officer_chaoyang):
    found = counted(officer_haidian, unit("D04"), of_late())
    assert found == {
        "meetings": {"now": 2, "then": 1, "people": 2},
        "late": {"now": 1, "then": 1, "people": 1},
        "classes": {"now": 1, "then": 1, "people": 1},
        "trained": {"now": 2, "then": 1, "people": 2},
    }
    assert counted(staff_city, unit("BJ"), of_late())["meetings"]["now"] == 3
    assert counted(officer_chaoyang, unit("D03"), of_late())["trained"]["now"] == 0


def test_every_number_opens_the_list_behind_it(history, client_of, officer_haidian):
    client = client_of(officer_haidian)
    asked = {"span": "chosen", "first": of_late().first.isoformat(), "last": today().isoformat()}
    answer = client.get(PAGE, asked)
    page, found = body(answer), {}
    for label, rows in [*MEETINGS.items(), *TRAINING.items()]:
        address = unescape(re.search(rf'href="([^"]+)">{label}<', page)[1])
        listed = client.get(address)
        assert listed.status_code == 200
        shown = listed.context[rows]
        found[label] = len(getattr(shown, "rows", shown))
    assert found == {"召开例会": 2, "议定事项超期": 1, "开办研修班次": 1, "专家参训": 2}
    hints = {tile.label: tile.hint for tile in answer.context["more_tiles"]}
    assert hints["召开例会"] == "较前一段 +1 次"
    assert hints["专家参训"] == "共 2 人；较前一段 +1 人次"


def test_an_overdue_resolution_of_a_past_day_is_listed_as_of_that_day(history, client_of, officer_haidian):
    client = client_of(officer_haidian)
    listed = client.get(reverse("gatherings:resolutions"), {"state": "overdue", "day": days(100).isoformat()})
    assert [row[0].text for row in listed.context["rows"]] == ["先前超期"]
    assert f"截至 {days(100)}" in body(listed)


def test_who_took_part_is_listed_by_name_unit_and_day(history, client_of, officer_haidian, officer_chaoyang):
    client, people = client_of(officer_haidian), reverse("training:people")

    def names(**asked):
        return [each.expert.name for each in client.get(people, asked).context["page"].rows]

    assert names() == ["林丙", "林乙", "林甲"]
    assert names(q="林乙") == ["林乙"]
    assert names(until=days(100).isoformat()) == ["林丙"]
    assert names(unit="D04-01") == []
    assert names(unit="\0", since="x", q="\0") == []
    assert "还没有专家参训" in body(client_of(officer_chaoyang).get(people))
    client.get(people)
    before = len(queries(client, people))
    assert before == 5


def test_a_restricted_expert_is_counted_and_listed_for_those_on_the_list_only(
    history, client_of, officer_haidian, cleared_city
):
    client, people = client_of(officer_haidian), reverse("training:people")
    restrict(Nomination.objects.get(expert__name="林甲").expert, cleared_city, make_user())
    assert counted(officer_haidian, unit("D04"), of_late())["trained"] == {"now": 1, "then": 1, "people": 1}
    assert "林甲" not in body(client.get(people))
    assert counted(cleared_city, unit("D04"), of_late())["trained"] == {"now": 2, "then": 1, "people": 2}
    assert "林甲" in body(client_of(cleared_city).get(people))


# The workbook


def populate(by):
    for name in ("王甲", "王乙"):
        enter(make_expert(name, "D04-01"), "D04-01", since=days(300))
    met = make_expert("李甲", "D04-01")
    enter(met, "D04-01", since=days(300))
    make_contact(by, met, unit_code="D04-01")


def test_the_tables_leave_as_a_workbook(history, client_of, officer_haidian, monkeypatch):
    populate(officer_haidian)
    client = client_of(officer_haidian)
    found = lines(fetched(client, monkeypatch, "span=year", path=EXPORT))
    text = "\n".join(" ".join(str(cell) for cell in line) for line in found)
    assert "联系工作总览" in text
    assert "海淀区委（含所属单位）" in text
    assert f"{today().year} 年 1 月 1 日" in text
    rows = {line[2]: line[3] for line in found if line[1] == "指标"}
    assert list(rows) == ["重点联系专家覆盖率", "逾期未联系", "新列入名单", *MEETINGS, *TRAINING]
    assert rows["重点联系专家覆盖率"] == "33.3%"
    tables = {line[1] for line in found if len(line) > 1}
    assert tables >= {"各单位重点联系覆盖率", "每月联系人次", "需要关注"}
    assert "王甲" not in text


def test_the_own_portfolio_leaves_too(client_of, officer_haidian, monkeypatch):
    found = lines(fetched(client_of(officer_haidian), monkeypatch, "of=mine", path=EXPORT))
    assert [line[2] for line in found if line[1] == "指标"] == OWN


@pytest.mark.parametrize("query", ["unit=D03", "span=x", "span=chosen&first=2026-01-01"])
def test_what_the_page_cannot_show_cannot_be_exported(client_of, officer_haidian, query):
    answer = client_of(officer_haidian).post(EXPORT, {"query": query, "reason": "例会"})
    assert answer.url == f"{PAGE}?{query}"
    assert Export.objects.count() == 0


def test_no_reason_no_export(client_of, officer_haidian):
    answer = client_of(officer_haidian).post(EXPORT, {"query": "", "reason": ""}, follow=True)
    assert "请写明导出事由" in said(answer)[0]


def test_whoever_has_left_the_list_of_a_counted_expert_fetches_nothing(client_of, cleared_city, monkeypatch):
    hidden = make_expert("金丝雀", "D04")
    restrict(hidden, cleared_city, make_user())
    client = client_of(cleared_city)
    export = make(ask(client, "unit=D04", path=EXPORT), monkeypatch)
    assert export.is_ready, export.job_error
    hidden.need_to_know.all().delete()
    assert client.get(url("fetch", export)).status_code == 410
