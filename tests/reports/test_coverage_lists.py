"""The list behind a number of coverage as a workbook: with cause and last contact, as its reader sees it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from core.sheets import NOTICE
from experts import personal_data
from experts.enums import Label
from experts.models import Expert
from reports.columns import COVERAGE_COLUMNS
from reports.models import Export
from tests.experts.pages import said
from tests.factories import enter, make_contact, make_expert, make_unit, pair, restrict
from tests.reports.making import ask, content, fetched, made, make, names, table, text_of, url

pytestmark = pytest.mark.django_db
today = timezone.localdate
DAY = timedelta(days=1)
PATH = "/exports/coverage/D04/"


@pytest.fixture
def by(officer_haidian):
    return officer_haidian


@pytest.fixture
def client(client_of, by):
    return client_of(by)


def listed(by, name, last=None, code="D04", **facts):
    """Key and on the roster for long, last called on so many days ago."""
    expert = make_expert(name, code, awards=["CAS"], **facts)
    enter(expert, code)
    if last is not None:
        make_contact(by, expert, today() - last * DAY, unit_code=code)
    return expert


def test_the_gaps_come_with_cause_and_last_contact(client, monkeypatch, by, leader_city):
    listed(by, "王从未", employer="示范大学")
    pair(listed(by, "李逾期", 120), leader_city)
    listed(by, "赵按期", 1)
    data = fetched(client, monkeypatch, path=PATH)
    rows = {row["姓名"]: row for row in table(data)}
    assert sorted(rows) == ["李逾期", "王从未"]
    assert [rows["王从未"][head] for head in ("工作单位", "联系范围", "最近的联系", "未联系原因")] == [
        "示范大学", "重点联系", "没有联系过", "没有联系领导"
    ]  # fmt: skip
    last = (today() - 120 * DAY).isoformat()
    assert (rows["李逾期"]["最近的联系"], rows["李逾期"]["联系方式"]) == (last, "联络员当面")
    assert rows["李逾期"]["名单单位"] == "海淀区委"
    text = text_of(data)
    assert ("联系覆盖名单（未联系）" in text, NOTICE in text) == (True, True)
    export = Export.objects.get()
    assert export.words == f"海淀区委（含所属单位）；{today()}；重点联系；未联系"
    assert Event.objects.get(verb="export", result="ok").reference == export.number


@pytest.mark.parametrize(("query", "found"), [
    ("state=covered", ["赵按期"]), ("cause=no_leader", ["王从未"]), ("cause=abroad", None),
    ("state=fresh", None), ("scope=general", None), ("day={then}", ["王从未"]),
])  # fmt: skip
def test_the_filters_of_the_page_hold(client, monkeypatch, by, query, found):
    query = query.format(then=today() - 60 * DAY)
    listed(by, "王从未")
    listed(by, "赵按期", 1)
    if found is None:
        export = make(ask(client, query, path=PATH), monkeypatch)
        assert (export.is_ready, export.job_error) == (False, "没有符合条件的记录，没有生成文件。")
    else:
        assert set(names(fetched(client, monkeypatch, query, path=PATH))) >= set(found)


def test_the_list_is_that_of_the_page_in_its_order(client, monkeypatch, by):
    below = make_unit("D04").code
    for name, code in (("钱二", below), ("王一", "D04"), ("安三", below)):
        listed(by, name, 200, code)
    page = client.get("/coverage/D04/")
    assert ("导出名单" in page.content.decode(), len(page.context["lines"])) == (True, 3)
    shown = [line.row.expert.name for line in page.context["lines"]]
    assert names(fetched(client, monkeypatch, path=PATH)) == shown == ["安三", "钱二", "王一"]


def test_nobody_listed_offers_no_export(client):
    page = client.get("/coverage/D04/").content.decode()
    assert ("导出名单" in page, "没有这样的专家" in page) == (False, True)


def test_two_viewers_get_what_each_of_them_sees(personas, client_of, monkeypatch):
    by = personas["officer_haidian"]
    listed(by, "甲一")
    sensitive = listed(by, "乙二")
    Expert.objects.filter(pk=sensitive.pk).update(label=Label.SENSITIVE)
    canary = restrict(listed(by, "金丝雀"), personas["cleared_city"])
    got = {
        name: set(names(fetched(client_of(personas[name]), monkeypatch, path=PATH, reason="核对")))
        for name in ("leader_city", "officer_haidian", "cleared_city")
    }
    assert got == {
        "leader_city": {"甲一"},
        "officer_haidian": {"甲一", "乙二"},
        "cleared_city": {"甲一", "乙二", "金丝雀"},
    }
    event = Event.objects.get(verb="export", kind="expert", reference=canary.record_number)
    assert event.username == "cleared_city"


def test_a_contact_after_it_was_made_keeps_the_file_and_hiding_destroys_it(client, monkeypatch, by):
    expert = listed(by, "甲一")
    export = made(client, monkeypatch, path=PATH)
    make_contact(by, expert, today())
    content(client.get(url("fetch", export)))
    restrict(expert)
    assert client.get(url("fetch", export)).status_code == 410


def test_it_holds_nothing_but_what_lists_may(client, monkeypatch, by):
    reads = {name for column in COVERAGE_COLUMNS for name in column.reads}
    assert reads <= personal_data.EXPORTED
    listed(by, "甲一", email="secret@demo.example", office_phone="010-00001111")
    text = text_of(fetched(client, monkeypatch, path=PATH))
    assert not any(hidden in text for hidden in ("secret@", "010-0000"))


@pytest.mark.parametrize(("query", "words"), [
    ("day=2999-01-01", "到今天之间的日期"), ("state=covered&cause=abroad", "只有“未联系”的名单才有原因"),
])  # fmt: skip
def test_nonsense_is_told_on_the_page(client, query, words):
    page = client.post(PATH, {"query": query, "reason": "核对"}, follow=True)
    assert (words in said(page)[0], Export.objects.exists()) == (True, False)


def test_other_units_are_missing(client):
    assert client.post("/exports/coverage/D03/", {"reason": "核对"}).status_code == 404


def test_a_batch_costs_the_same_for_one_and_for_three(client, monkeypatch, by):
    counts = []
    for more in (["甲一"], ["乙二", "丙三"]):
        for name in more:
            listed(by, name, 200)
        export = ask(client, path=PATH)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            make(export, monkeypatch)
        counts.append(len(captured))
    assert counts[0] == counts[1], counts
