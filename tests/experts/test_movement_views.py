"""The list of who came onto rosters, left or was rescoped in a stretch of days."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experts.models import Expert
from tests.experts.pages import body, queries
from tests.factories import enlist, make_expert, unit

pytestmark = pytest.mark.django_db
today = timezone.localdate
PAGE = reverse("experts:movements", args=["D04"])


def names(client, **asked):
    return [entry.expert.name for entry, _ in client.get(PAGE, asked).context["rows"]]


@pytest.fixture
def client(client_of, officer_haidian):
    for name, code, days in (("林甲", "D04", 0), ("林乙", "D04-01", 40), ("林丙", "D03", 0)):
        enlist(officer_haidian, make_expert(name, code), code, since=today() - timedelta(days=days))
    left = make_expert("林丁", "D04")
    enlist(officer_haidian, left, since=today() - timedelta(days=400), until=today())
    return client_of(officer_haidian)


def test_each_kind_of_these_days_is_listed_with_its_reason(client):
    since = (today() - timedelta(days=40)).isoformat()
    assert names(client, since=since) == ["林甲", "林乙"]
    assert names(client, since=today().isoformat()) == ["林甲"]
    assert names(client, kind="left", since=since) == ["林丁"]
    assert names(client, kind="rescoped", since=since) == []
    page = client.get(PAGE, {"since": since})
    assert [(tab["label"], tab["count"]) for tab in page.context["tabs"]] == [
        ("新列入", 2),
        ("退出", 1),
        ("调整范围", 0),
    ]
    assert "纳入" in body(page)
    assert "这段时间没有这种变动" in body(client.get(PAGE, {"kind": "rescoped"}))


def test_whom_another_unit_keeps_by_now_is_counted_without_a_name(client):
    other = unit("D03")
    Expert.objects.filter(name="林丁").update(unit=other, unit_order=other.order)
    page = client.get(PAGE, {"kind": "left", "since": today().isoformat()})
    assert "另有 1 人次" in body(page)
    assert "林丁" not in body(page)
    assert "这段时间没有这种变动" not in body(page)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": "1999-01-01"}, "2014 年 5 月 6 日"),
        ({"until": "2999-01-01"}, "今天或以前"),
        ({"since": "昨天"}, "日期"),
        ({"since": "2026-03-01", "until": "2026-02-01"}, "起始日期不能晚于结束日期"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_field(client, asked, words):
    answer = client.get(PAGE, asked)
    assert answer.status_code == 422
    assert words in body(answer)


def test_an_unknown_kind_is_read_as_who_came(client):
    assert names(client, kind="\0x", after="x") == ["林甲"]


def test_queries_do_not_grow_with_the_rows(client, officer_haidian):
    client.get(PAGE)
    assert len(queries(client, PAGE)) == 11
    for number in range(3):
        enlist(officer_haidian, make_expert(f"林{number}", "D04"), since=today())
    assert len(queries(client, PAGE)) == 11
